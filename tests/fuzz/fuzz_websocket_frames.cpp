// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The frames of a WebSocket client: how they come in pieces does not matter.

#include "tools/rostrum/api/message_meter.h"

#include <algorithm>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    constexpr uint64_t kLimit = 4096;
    const std::span<const uint8_t> all(data, size);
    const bool whole = rostrum::MessageMeter(kLimit).feed(all);
    rostrum::MessageMeter meter(kLimit);
    bool passes = true;
    for (size_t at = 0, step = 1; passes && at < size; at += step, step = step % 5 + 1)
        passes = meter.feed(all.subspan(at, std::min(step, size - at)));
    if (passes != whole)
        std::abort();
    return 0;
}
