// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "rtmpegress/rtmp/chunk_writer.h"

#include <algorithm>

namespace rostrum::rtmp {

namespace {

constexpr uint32_t kExtended = 0xffffff; // RTMP 1.0, 5.3.1.3: this value and all above stand in 32 bits of their own

enum Format : uint8_t { kFull = 0, kSameStream = 1, kContinuation = 3 };

uint8_t basic_header(Format format, ChunkStream stream) {
    return static_cast<uint8_t>(format << 6 | static_cast<uint8_t>(stream));
}

} // namespace

void ChunkWriter::write(ChunkStream stream, const MessageHeader &header, std::initializer_list<ByteView> parts,
                        Bytes &out) {
    size_t size = 0;
    for (const ByteView part : parts)
        size += part.size();

    Last &last = last_[static_cast<size_t>(stream)];
    const uint32_t delta = header.timestamp_ms - last.header.timestamp_ms;
    const bool full = !last.known || last.header.stream_id != header.stream_id || delta > INT32_MAX;
    last = {true, header};
    const uint32_t time = full ? header.timestamp_ms : delta;
    const bool extended = time >= kExtended;

    out.push_back(basic_header(full ? kFull : kSameStream, stream));
    append_u24(out, extended ? kExtended : time);
    append_u24(out, static_cast<uint32_t>(size));
    out.push_back(static_cast<uint8_t>(header.type));
    if (full) // little-endian, alone in the protocol
        for (int shift = 0; shift < 32; shift += 8)
            out.push_back(static_cast<uint8_t>(header.stream_id >> shift));
    if (extended)
        append_u32(out, time);

    size_t room = chunk_size_;
    for (ByteView part : parts) {
        while (!part.empty()) {
            if (room == 0) {
                out.push_back(basic_header(kContinuation, stream));
                if (extended) // not in the text of RTMP 1.0, but what all implementations do
                    append_u32(out, time);
                room = chunk_size_;
            }
            const size_t now = std::min(room, part.size());
            append(out, part.first(now));
            part = part.subspan(now);
            room -= now;
        }
    }
}

} // namespace rostrum::rtmp
