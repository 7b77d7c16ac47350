// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// ISO/IEC 14496-12: boxes, read with bounds and written with sizes.

#pragma once

#include "tools/rostrum/job/files.h"

#include <functional>
#include <optional>

namespace rostrum::job {

constexpr uint32_t fourcc(const char (&name)[5]) {
    return static_cast<uint32_t>(static_cast<unsigned char>(name[0])) << 24 |
           static_cast<uint32_t>(static_cast<unsigned char>(name[1])) << 16 |
           static_cast<uint32_t>(static_cast<unsigned char>(name[2])) << 8 |
           static_cast<uint32_t>(static_cast<unsigned char>(name[3]));
}

/// Big-endian numbers out of untrusted bytes; throws JobError at the end of them.
class BoxReader {
  public:
    explicit BoxReader(std::string_view bytes) : bytes_(bytes) {}
    uint64_t number(size_t bytes);
    uint8_t u8() { return static_cast<uint8_t>(number(1)); }
    uint16_t u16() { return static_cast<uint16_t>(number(2)); }
    uint32_t u32() { return static_cast<uint32_t>(number(4)); }
    uint64_t u64() { return number(8); }
    void skip(size_t bytes) { (void)take(bytes); }
    std::string_view take(size_t bytes);
    std::string_view rest() const { return bytes_; }
    size_t left() const { return bytes_.size(); }

  private:
    std::string_view bytes_;
};

struct Box {
    uint32_t type;
    std::string_view payload;
};

/// The boxes that `bytes` is made of; what does not fit ends the list.
std::vector<Box> boxes_in(std::string_view bytes);
std::optional<std::string_view> find_box(std::string_view bytes, uint32_t type);
/// As find_box, but throws JobError.
std::string_view need_box(std::string_view bytes, uint32_t type);

/// A box at the top of a file.
struct TopBox {
    uint32_t type;
    FileRange whole, payload; ///< cut off where the file ends
};
/// What does not look like a box any more ends the list.
std::vector<TopBox> top_boxes(const InputFile &file);

/// Appends big-endian numbers and boxes.
class BoxWriter {
  public:
    void number(uint64_t value, size_t bytes);
    void u8(uint64_t value) { number(value, 1); }
    void u16(uint64_t value) { number(value, 2); }
    void u32(uint64_t value) { number(value, 4); }
    void u64(uint64_t value) { number(value, 8); }
    void bytes(std::string_view bytes) { out_ += bytes; }
    void box(const char (&type)[5], const std::function<void()> &payload);
    void full_box(const char (&type)[5], unsigned version, unsigned flags, const std::function<void()> &payload);
    const std::string &str() const { return out_; }

  private:
    std::string out_;
};

} // namespace rostrum::job
