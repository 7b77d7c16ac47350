// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Range headers: whatever is accepted lies inside of the file.

#include "tools/rostrum/api/ranges.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const std::string header(reinterpret_cast<const char *>(data), size);
    for (const uint64_t bytes : {uint64_t(0), uint64_t(1), uint64_t(1000), UINT64_MAX})
        if (const auto ranges = rostrum::parse_ranges(header, bytes))
            for (const auto &range : *ranges)
                if (range.first > range.last || range.last >= bytes)
                    std::abort();
    return 0;
}
