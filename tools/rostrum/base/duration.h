// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace rostrum {

/// Seconds of "90s", "30m", "2h", "7d", or plain seconds.
std::optional<int64_t> parse_duration(const std::string &text);

} // namespace rostrum
