// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The value of a `port-range` property: "MIN-MAX" of UDP ports, "" for any free port.

#pragma once

#include "common/text.h"
#include "wire/result.h"

#include <cstdint>
#include <string>

namespace rostrum {

struct PortRange {
    uint16_t min = 0, max = 0; // 0, 0 = any
};

/// 400 with the reason. Reentrant.
inline peerwire::Result<PortRange> parse_port_range(std::string_view text) {
    if (trim(text).empty())
        return PortRange{};
    std::string_view rest = text;
    const auto min = parse_number(trim(split_off(rest, '-')), 65535), max = parse_number(trim(rest), 65535);
    if (!min || !max || *min == 0 || *min > *max)
        return peerwire::Error{400, "port-range '" + std::string(text) + "' is not MIN-MAX, like 5000-5100"};
    return PortRange{static_cast<uint16_t>(*min), static_cast<uint16_t>(*max)};
}

} // namespace rostrum
