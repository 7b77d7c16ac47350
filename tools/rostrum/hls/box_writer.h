// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// ISO base media boxes, written one into the other (ISO/IEC 14496-12 section 4.2). Reentrant.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace rostrum::hls {

/// Appends big-endian fields.
class BoxWriter {
  public:
    void u8(uint32_t value) { bytes_.push_back(static_cast<char>(value & 0xff)); }
    void u16(uint32_t value) {
        u8(value >> 8);
        u8(value);
    }
    void u32(uint32_t value) {
        u16(value >> 16);
        u16(value);
    }
    void u64(uint64_t value) {
        u32(static_cast<uint32_t>(value >> 32));
        u32(static_cast<uint32_t>(value));
    }
    void zeros(size_t count) { bytes_.append(count, '\0'); }
    void text(std::string_view text) { bytes_ += text; }

    size_t size() const { return bytes_.size(); }
    void patch_u32(size_t at, size_t value) {
        for (unsigned i = 0; i < 4; ++i)
            bytes_[at + i] = static_cast<char>(value >> (24 - 8 * i));
    }
    std::string take() { return std::move(bytes_); }

  private:
    std::string bytes_;
};

/// A box that ends with its scope.
class Box {
  public:
    Box(BoxWriter &out, const char *type) : out_(out), at_(out.size()) {
        out.u32(0);
        out.text(type);
    }
    /// A full box.
    Box(BoxWriter &out, const char *type, unsigned version, uint32_t flags) : Box(out, type) {
        out.u32(version << 24 | flags);
    }
    ~Box() { out_.patch_u32(at_, out_.size() - at_); }
    Box(const Box &) = delete;
    Box &operator=(const Box &) = delete;

  private:
    BoxWriter &out_;
    const size_t at_;
};

} // namespace rostrum::hls
