// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/job/mp4_boxes.h"

#include "tools/rostrum/job/job_error.h"

#include <algorithm>

namespace rostrum::job {

std::string_view BoxReader::take(size_t bytes) {
    if (bytes > bytes_.size())
        throw JobError("a box is shorter than it has to be");
    const std::string_view taken = bytes_.substr(0, bytes);
    bytes_.remove_prefix(bytes);
    return taken;
}

uint64_t BoxReader::number(size_t bytes) {
    uint64_t value = 0;
    for (const char byte : take(bytes))
        value = value << 8 | static_cast<unsigned char>(byte);
    return value;
}

std::vector<Box> boxes_in(std::string_view bytes) {
    std::vector<Box> boxes;
    while (bytes.size() >= 8) {
        BoxReader reader(bytes);
        uint64_t size = reader.u32(), header = 8;
        const uint32_t type = reader.u32();
        if (size == 1 && bytes.size() >= 16) {
            size = reader.u64();
            header = 16;
        } else if (size == 0) {
            size = bytes.size();
        }
        if (size < header || size > bytes.size())
            break;
        boxes.push_back({type, bytes.substr(header, size - header)});
        bytes.remove_prefix(size);
    }
    return boxes;
}

std::optional<std::string_view> find_box(std::string_view bytes, uint32_t type) {
    for (const Box &box : boxes_in(bytes))
        if (box.type == type)
            return box.payload;
    return std::nullopt;
}

std::string_view need_box(std::string_view bytes, uint32_t type) {
    if (const auto found = find_box(bytes, type))
        return *found;
    std::string name;
    for (int shift = 24; shift >= 0; shift -= 8)
        name += static_cast<char>(type >> shift & 0xff);
    throw JobError("the box '" + name + "' is missing");
}

std::vector<TopBox> top_boxes(const InputFile &file) {
    std::vector<TopBox> boxes;
    for (uint64_t at = 0; file.size() - at >= 8;) {
        char bytes[16];
        const size_t there = std::min<uint64_t>(sizeof bytes, file.size() - at);
        file.read(at, bytes, there);
        BoxReader reader({bytes, there});
        uint64_t size = reader.u32(), header = 8;
        const uint32_t type = reader.u32();
        if (size == 1 && there == sizeof bytes) {
            size = reader.u64();
            header = 16;
        } else if (size == 0) {
            size = file.size() - at;
        }
        if (type == 0 || size < header)
            break;
        size = std::min(size, file.size() - at);
        boxes.push_back({type, {at, size}, {at + header, size - std::min(size, header)}});
        at += size;
    }
    return boxes;
}

void BoxWriter::number(uint64_t value, size_t bytes) {
    for (size_t i = bytes; i-- > 0;)
        out_ += static_cast<char>(value >> (8 * i) & 0xff);
}

void BoxWriter::box(const char (&type)[5], const std::function<void()> &payload) {
    const size_t start = out_.size();
    u32(0);
    bytes({type, 4});
    payload();
    const size_t size = out_.size() - start;
    for (size_t i = 0; i < 4; ++i)
        out_[start + i] = static_cast<char>(size >> (24 - 8 * i) & 0xff);
}

void BoxWriter::full_box(const char (&type)[5], unsigned version, unsigned flags,
                         const std::function<void()> &payload) {
    box(type, [&] {
        u8(version);
        number(flags, 3);
        payload();
    });
}

} // namespace rostrum::job
