// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "wire/rtp.h"

#include "wire/bytes.h"

#include <algorithm>

namespace peerwire {

namespace {

/// One element of RFC 8285 §4.2 or §4.3, and where the next one starts.
struct Element {
    uint8_t id = 0;
    size_t data_at = 0;
    size_t size = 0;
    size_t next = 0;
};

/// The element at `at` or after the padding there; nothing at the end or when the rest is malformed.
std::optional<Element> next_element(std::span<const uint8_t> data, bool one_byte, size_t at) {
    while (at < data.size() && data[at] == 0)
        ++at; // padding
    if (at >= data.size())
        return std::nullopt;
    Element element;
    if (one_byte) {
        element.id = data[at] >> 4;
        if (element.id == 15) // reserved: stop (§4.2)
            return std::nullopt;
        element.size = (data[at] & 0x0fu) + 1;
        element.data_at = at + 1;
    } else {
        if (at + 2 > data.size())
            return std::nullopt;
        element.id = data[at];
        element.size = data[at + 1];
        element.data_at = at + 2;
    }
    element.next = element.data_at + element.size;
    if (element.next > data.size())
        return std::nullopt;
    return element;
}

bool fits_one_byte(const HeaderExtension &extension) {
    return extension.id <= 14 && !extension.data.empty() && extension.data.size() <= 16;
}

} // namespace

std::optional<RtpView> parse_rtp(std::span<const uint8_t> packet) {
    if (packet.size() < kRtpFixedHeaderSize || packet[0] >> 6 != 2)
        return std::nullopt;
    RtpView view;
    view.marker = packet[1] & 0x80;
    view.payload_type = packet[1] & 0x7f;
    view.sequence = load_be16(&packet[2]);
    view.timestamp = load_be32(&packet[4]);
    view.ssrc = load_be32(&packet[8]);
    size_t at = kRtpFixedHeaderSize + (packet[0] & 0x0fu) * 4;
    if (packet[0] & 0x10) {
        if (at + 4 > packet.size())
            return std::nullopt;
        view.extension_profile = load_be16(&packet[at]);
        const size_t size = load_be16(&packet[at + 2]) * size_t{4};
        at += 4;
        if (size > packet.size() || at > packet.size() - size)
            return std::nullopt;
        view.extension = packet.subspan(at, size);
        at += size;
    }
    if (at > packet.size())
        return std::nullopt;
    view.header_size = at;
    if (packet[0] & 0x20) {
        if (at == packet.size())
            return std::nullopt;
        view.padding = packet.back();
        if (view.padding == 0 || view.padding > packet.size() - at)
            return std::nullopt;
    }
    view.payload = packet.subspan(at, packet.size() - at - view.padding);
    return view;
}

std::span<const uint8_t> find_extension(const RtpView &packet, uint8_t id) {
    const bool one_byte = packet.extension_profile == kOneByteExtensionProfile;
    if (!one_byte && (packet.extension_profile & 0xfff0) != kTwoByteExtensionProfile)
        return {};
    for (auto element = next_element(packet.extension, one_byte, 0); element;
         element = next_element(packet.extension, one_byte, element->next)) {
        if (element->id == id && id != 0)
            return packet.extension.subspan(element->data_at, element->size);
    }
    return {};
}

std::span<uint8_t> find_extension(std::span<uint8_t> packet, uint8_t id) {
    const auto view = parse_rtp(packet);
    if (!view)
        return {};
    const auto found = find_extension(*view, id);
    if (found.empty())
        return {};
    return packet.subspan(static_cast<size_t>(found.data() - packet.data()), found.size());
}

size_t write_rtp_header(std::span<uint8_t> out, const RtpHeader &header, std::span<const HeaderExtension> extensions) {
    for (const auto &extension : extensions) {
        if (extension.id == 0 || extension.data.size() > 255)
            return 0;
    }
    ByteWriter writer(out);
    writer.u8(extensions.empty() ? 0x80 : 0x90);
    writer.u8(static_cast<uint8_t>((header.marker ? 0x80 : 0) | (header.payload_type & 0x7f)));
    writer.u16(header.sequence);
    writer.u32(header.timestamp);
    writer.u32(header.ssrc);
    if (extensions.empty())
        return writer.size();
    const bool one_byte = std::all_of(extensions.begin(), extensions.end(), fits_one_byte);
    writer.u16(one_byte ? kOneByteExtensionProfile : kTwoByteExtensionProfile);
    writer.u16(0); // length in words, known below
    for (const auto &extension : extensions) {
        if (one_byte) {
            writer.u8(static_cast<uint8_t>(extension.id << 4 | (extension.data.size() - 1)));
        } else {
            writer.u8(extension.id);
            writer.u8(static_cast<uint8_t>(extension.data.size()));
        }
        writer.bytes(extension.data);
    }
    writer.pad_to_word();
    writer.patch_u16(kRtpFixedHeaderSize + 2, static_cast<uint16_t>((writer.size() - kRtpFixedHeaderSize - 4) / 4));
    return writer.size();
}

void write_rtp_padding(std::span<uint8_t> packet, uint8_t size) {
    packet[0] |= 0x20;
    std::fill(packet.end() - size, packet.end() - 1, uint8_t{0});
    packet.back() = size;
}

} // namespace peerwire
