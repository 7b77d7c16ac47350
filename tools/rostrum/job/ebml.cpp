// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/job/ebml.h"

#include <algorithm>
#include <bit>

namespace rostrum::job {

std::optional<uint64_t> take_vint(std::string_view &bytes) {
    if (bytes.empty() || bytes[0] == 0)
        return std::nullopt;
    const auto first = static_cast<unsigned char>(bytes[0]);
    const auto length = static_cast<size_t>(std::countl_zero(first)) + 1;
    if (length > bytes.size())
        return std::nullopt;
    uint64_t value = first & (0xffu >> length);
    bool all_ones = value == (0xffu >> length);
    for (size_t i = 1; i < length; ++i) {
        const auto byte = static_cast<unsigned char>(bytes[i]);
        value = value << 8 | byte;
        all_ones = all_ones && byte == 0xff;
    }
    bytes.remove_prefix(length);
    return all_ones ? kUnknownSize : value;
}

std::optional<Element> read_element(const InputFile &file, uint64_t at, uint64_t limit) {
    char bytes[12]; // 4 of the id, 8 of the size
    if (at >= limit)
        return std::nullopt;
    const size_t there = std::min<uint64_t>(sizeof bytes, limit - at);
    file.read(at, bytes, there);
    const auto first = static_cast<unsigned char>(bytes[0]);
    const auto id_length = static_cast<size_t>(std::countl_zero(first)) + 1;
    if (first == 0 || id_length > 4 || id_length >= there)
        return std::nullopt;
    Element element;
    for (size_t i = 0; i < id_length; ++i)
        element.id = element.id << 8 | static_cast<unsigned char>(bytes[i]);
    std::string_view rest(bytes + id_length, there - id_length);
    const auto size = take_vint(rest);
    if (!size)
        return std::nullopt;
    element.start = at;
    element.data = at + (there - rest.size());
    element.size = *size;
    return element;
}

uint64_t read_unsigned(const InputFile &file, const Element &element, uint64_t fallback) {
    if (element.size > 8 || element.size == 0)
        return fallback;
    uint64_t value = 0;
    for (const char byte : file.read({element.data, element.size}))
        value = value << 8 | static_cast<unsigned char>(byte);
    return value;
}

void EbmlWriter::id(uint32_t id) {
    for (int shift = 24; shift >= 0; shift -= 8)
        if (id >> shift)
            out_ += static_cast<char>(id >> shift & 0xff);
}

void EbmlWriter::size(uint64_t size) {
    out_ += '\x01';
    for (int shift = 48; shift >= 0; shift -= 8)
        out_ += static_cast<char>(size >> shift & 0xff);
}

void EbmlWriter::element(uint32_t id_value, std::string_view payload) {
    id(id_value);
    size(payload.size());
    out_ += payload;
}

void EbmlWriter::unsigned_element(uint32_t id_value, uint64_t value) {
    std::string bytes;
    for (int shift = 56; shift >= 0; shift -= 8)
        bytes += static_cast<char>(value >> shift & 0xff);
    element(id_value, bytes);
}

void EbmlWriter::double_element(uint32_t id_value, double value) {
    unsigned_element(id_value, std::bit_cast<uint64_t>(value));
}

} // namespace rostrum::job
