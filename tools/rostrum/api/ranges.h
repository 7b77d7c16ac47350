// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace rostrum {

/// Bytes [first, last] of a file.
struct ByteRange {
    uint64_t first, last;
    uint64_t size() const { return last - first + 1; }
};

/// RFC 9110 section 14.2: `Range` for a file of `size` bytes. Nothing: the header is no range request that has to be
/// followed. Empty: none of it can be satisfied (416). Untrusted text. Reentrant.
std::optional<std::vector<ByteRange>> parse_ranges(const std::string &header, uint64_t size);

} // namespace rostrum
