// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include <optional>
#include <string_view>

namespace rostrum {

/// So many at once, and so many a second in the long run; 0 a second: no limit.
struct Budget {
    unsigned per_second = 0;
    unsigned burst = 1;
};

/// "500,10000" (a second, at once), or "0".
std::optional<Budget> parse_budget(std::string_view text);

} // namespace rostrum
