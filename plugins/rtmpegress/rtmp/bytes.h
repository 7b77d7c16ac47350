// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Growing byte strings.

#pragma once

#include "wire/bytes.h"

#include <string_view>
#include <vector>

namespace rostrum::rtmp {

using Bytes = std::vector<uint8_t>;
using ByteView = std::span<const uint8_t>;

inline void append(Bytes &out, ByteView bytes) {
    out.insert(out.end(), bytes.begin(), bytes.end());
}
inline void append(Bytes &out, std::string_view text) {
    out.insert(out.end(), text.begin(), text.end());
}
inline void append_u16(Bytes &out, uint16_t value) {
    out.resize(out.size() + 2);
    peerwire::store_be16(&out[out.size() - 2], value);
}
inline void append_u24(Bytes &out, uint32_t value) {
    out.resize(out.size() + 3);
    peerwire::store_be24(&out[out.size() - 3], value);
}
inline void append_u32(Bytes &out, uint32_t value) {
    out.resize(out.size() + 4);
    peerwire::store_be32(&out[out.size() - 4], value);
}
inline void append_u64(Bytes &out, uint64_t value) {
    out.resize(out.size() + 8);
    peerwire::store_be64(&out[out.size() - 8], value);
}

} // namespace rostrum::rtmp
