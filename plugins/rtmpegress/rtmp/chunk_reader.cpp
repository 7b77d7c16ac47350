// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "rtmpegress/rtmp/chunk_reader.h"

#include <algorithm>

namespace rostrum::rtmp {

using peerwire::load_be24;
using peerwire::load_be32;

namespace {

constexpr uint32_t kExtended = 0xffffff;
constexpr size_t kMessageHeader[] = {11, 7, 3, 0}; // by chunk type: RTMP 1.0, 5.3.1.2

size_t basic_size(uint8_t first) {
    const uint8_t id = first & 0x3f;
    return id == 0 ? 2 : id == 1 ? 3 : 1;
}

uint32_t chunk_stream_id(const uint8_t *header) {
    switch (basic_size(header[0])) {
    case 1:
        return header[0] & 0x3f;
    case 2:
        return 64u + header[1];
    default:
        return 64u + header[1] + 256u * header[2];
    }
}

} // namespace

/// How long the header is, as far as the bytes so far tell.
size_t ChunkReader::header_size() const {
    const size_t basic = basic_size(header_[0]);
    const int format = header_[0] >> 6;
    const size_t size = basic + kMessageHeader[format];
    if (header_bytes_ < size)
        return size;
    bool extended = false;
    if (format < 3) {
        extended = load_be24(&header_[basic]) == kExtended;
    } else if (const auto found = streams_.find(chunk_stream_id(header_.data())); found != streams_.end()) {
        extended = found->second.extended;
    }
    return size + (extended ? 4 : 0);
}

/// A complete header says whose chunk follows and how much of it.
bool ChunkReader::begin_chunk() {
    const uint32_t id = chunk_stream_id(header_.data());
    const int format = header_[0] >> 6;
    if (!streams_.contains(id) && streams_.size() >= kMaxStreams)
        return false;
    Stream &stream = streams_[id];
    const uint8_t *fields = &header_[basic_size(header_[0])];
    if (format < 3) {
        stream.extended = load_be24(fields) == kExtended;
        stream.payload.clear(); // a new header drops what was not complete
    }
    if (format < 2) {
        stream.length = load_be24(fields + 3);
        stream.type = fields[6];
        stream.known = true;
    }
    header_bytes_ = 0;
    if (!stream.known || stream.length > kMaxMessage)
        return false;
    current_ = &stream;
    chunk_left_ = std::min(chunk_size_, stream.length - stream.payload.size());
    return true;
}

bool ChunkReader::obey(MessageType type, ByteView payload) {
    if (payload.size() < 4)
        return false;
    const uint32_t value = load_be32(payload.data());
    if (type == MessageType::SetChunkSize) {
        chunk_size_ = value & 0x7fffffff;
        return chunk_size_ > 0;
    }
    if (const auto found = streams_.find(value); found != streams_.end())
        found->second.payload.clear();
    return true;
}

bool ChunkReader::end_message(const OnMessage &on_message) {
    const auto type = static_cast<MessageType>(current_->type);
    const Bytes payload = std::move(current_->payload);
    current_->payload.clear();
    current_ = nullptr;
    if (type == MessageType::SetChunkSize || type == MessageType::Abort)
        return obey(type, payload);
    on_message(type, payload);
    return true;
}

bool ChunkReader::feed(ByteView bytes, const OnMessage &on_message) {
    for (;;) {
        if (!current_) {
            if (bytes.empty())
                return true;
            header_[header_bytes_++] = bytes.front();
            bytes = bytes.subspan(1);
            if (header_bytes_ < header_size())
                continue;
            if (!begin_chunk())
                return false;
        }
        const size_t now = std::min(chunk_left_, bytes.size());
        append(current_->payload, bytes.first(now));
        bytes = bytes.subspan(now);
        chunk_left_ -= now;
        if (chunk_left_ > 0)
            return true;
        if (current_->payload.size() < current_->length)
            current_ = nullptr;
        else if (!end_message(on_message))
            return false;
    }
}

} // namespace rostrum::rtmp
