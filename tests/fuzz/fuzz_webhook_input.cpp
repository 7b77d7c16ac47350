// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What reaches webhooksink from outside: JSON in pieces, and a receiver's Retry-After.

#include "webhooks/retry_rule.h"
#include "webhooksink/body_joiner.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const std::string_view input(reinterpret_cast<const char *>(data), size);
    if (const auto wait = rostrum::parse_retry_after_ms(input.substr(0, 64), 784111740); wait && *wait < 0)
        abort();

    rostrum::JsonScan whole, pieces;
    whole.feed(input);
    for (size_t at = 0; at < size; at += 3)
        pieces.feed(input.substr(at, 3));
    if (whole.is_complete() != pieces.is_complete() || whole.type() != pieces.type())
        abort();

    rostrum::BodyJoiner joiner; // a file in blocks: no byte is lost, none made up
    std::string joined;
    for (size_t at = 0; at < size; at += 5) {
        const std::string_view block = input.substr(at, 5);
        const auto output = joiner.add(block, at, at + block.size());
        joined += (output.stale ? output.stale->bytes : "") + (output.body ? output.body->bytes : "");
    }
    if (const auto rest = joiner.flush())
        joined += rest->bytes;
    if (joined.size() > size)
        abort();
    return 0;
}
