// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/auth/access.h"

#include <algorithm>

namespace rostrum {
namespace {

Verdict check_room(const Claims &claims, const std::string &room_id) {
    if (!claims.room_id.empty() && claims.room_id != room_id)
        return Refusal{403, code::kUnauthorizedRoomId, "this token is for another room"};
    return std::nullopt;
}

} // namespace

Verdict check_api(const Claims &claims) {
    if (claims.only_role("rtc"))
        return Refusal{403, code::kUnauthorizedRole, "a token with the role `rtc` alone can join but not call the API"};
    return std::nullopt;
}

Verdict check_read(const Claims &claims, const std::string &room_id) {
    if (auto refusal = check_api(claims))
        return refusal;
    return check_room(claims, room_id);
}

Verdict check_moderate(const Claims &claims, const std::string &room_id) {
    if (auto refusal = check_read(claims, room_id))
        return refusal;
    if (!claims.allow_mod)
        return Refusal{403, code::kUnauthorizedRequest, "this needs a token with the permission allow_mod"};
    return std::nullopt;
}

Verdict check_join(const Claims &claims, const RoomAccess &room, const std::string &participant_id, bool by_api) {
    if (!by_api && claims.only_role("crawler"))
        return Refusal{403, code::kUnauthorizedRole,
                       "a token with the role `crawler` alone can call the API but not join"};
    if (auto refusal = check_room(claims, room.room_id))
        return refusal;
    if (!claims.participant_id.empty() && claims.participant_id != participant_id)
        return Refusal{403, code::kUnauthorizedParticipantId, "this token is for another participant"};
    if (!claims.allow_join)
        return Refusal{403, code::kUnauthorizedRequest, "joining needs a token with the permission allow_join"};
    if (room.disabled)
        return Refusal{403, code::kRoomDisabled, "this room was deactivated"};
    const auto &allowed = room.allowed_participants;
    if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), participant_id) == allowed.end())
        return Refusal{403, code::kUnauthorizedParticipantId, "this participant is not on the room's list"};
    return std::nullopt;
}

Verdict check_mode(const Claims &claims, Mode needed) {
    if (claims.mode >= needed)
        return std::nullopt;
    return Refusal{403, code::kModeNotSupported,
                   std::string("this token's mode is ") + mode_name(claims.mode) + ", this needs " + mode_name(needed)};
}

Verdict check_peer(const Claims &claims, const std::string &room_id, const std::string &participant_id, bool by_url) {
    if (auto refusal = check_room(claims, room_id))
        return refusal;
    if (claims.allow_mod || claims.participant_id == participant_id)
        return std::nullopt;
    if (!claims.participant_id.empty())
        return Refusal{403, code::kUnauthorizedParticipantId, "this token is for another participant"};
    if (by_url)
        return std::nullopt;
    return Refusal{403, code::kUnauthorizedParticipantId,
                   "by its participant a resource is named with a token for that participant, or with the permission "
                   "allow_mod; else by its Location"};
}

} // namespace rostrum
