// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What a server's refusal means for the next attempt.

#pragma once

#include <string_view>

namespace rostrum::rtmp {

/// `code` and `description` as an RTMP server gives them (NetConnection.Connect.Rejected, NetStream.Publish.BadName,
/// …). True when another attempt would get the same answer. Codes mean different things to different servers, so the
/// description decides where it speaks clearly. Reentrant.
bool is_permanent(std::string_view code, std::string_view description);

} // namespace rostrum::rtmp
