// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What a verified token allows. Each check gives the refusal, or nothing when it is allowed.

#pragma once

#include "tools/rostrum/auth/token.h"

namespace rostrum {

/// The parts of a room that decide who may enter.
struct RoomAccess {
    std::string room_id;
    bool disabled = false;
    std::vector<std::string> allowed_participants; ///< empty: everyone
};

using Verdict = std::optional<Refusal>;

/// REST at all: not with a token that is only for joining.
Verdict check_api(const Claims &claims);
/// Reading what belongs to a room.
Verdict check_read(const Claims &claims, const std::string &room_id);
/// Starting and stopping outputs, removing participants, ending, deactivating.
Verdict check_moderate(const Claims &claims, const std::string &room_id);
/// Entering a room with events, WHIP or WHEP. `by_api`: through a call of the REST API (/v2/whip, /v2/whep), for which
/// VideoSDK's SDK mints tokens of the role `crawler`.
Verdict check_join(const Claims &claims, const RoomAccess &room, const std::string &participant_id,
                   bool by_api = false);
/// Publishing (SendAndRecv) or watching (RecvOnly) with what the token's mode allows.
Verdict check_mode(const Claims &claims, Mode needed);
/// Ending or changing a peer of `participant_id`: its own token or a moderator's. `by_url`: by the URL that only its
/// owner was told; then a token that names nobody does as well.
Verdict check_peer(const Claims &claims, const std::string &room_id, const std::string &participant_id, bool by_url);

} // namespace rostrum
