// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Chunks into messages (RTMP 1.0, 5.3), of a peer that may send anything.

#pragma once

#include "rtmpegress/rtmp/message.h"

#include <array>
#include <functional>
#include <map>

namespace rostrum::rtmp {

/// Obeys Set Chunk Size and Abort itself. What it holds is bounded by kMaxStreams messages. Reentrant.
class ChunkReader {
  public:
    static constexpr size_t kMaxMessage = 64 << 10; // a server has no media for a publisher: commands are below 1 KiB
    static constexpr size_t kMaxStreams = 16;       // of chunks

    using OnMessage = std::function<void(MessageType, ByteView payload)>;

    /// Calls `on_message` for each message that these bytes complete, but those that it obeys itself. False when the
    /// peer broke the protocol; then no more may be given to it.
    bool feed(ByteView bytes, const OnMessage &on_message);

  private:
    struct Stream {
        uint8_t type = 0;
        size_t length = 0;
        bool extended = false; // the newest header had an extended timestamp
        bool known = false;
        Bytes payload; // of the message that is on its way
    };

    size_t header_size() const;
    bool begin_chunk();
    bool end_message(const OnMessage &on_message);
    bool obey(MessageType type, ByteView payload);

    size_t chunk_size_ = kDefaultChunkSize;
    std::map<uint32_t, Stream> streams_;

    std::array<uint8_t, 18> header_{}; // 3 of the basic header, 11 of the message header, 4 of the timestamp
    size_t header_bytes_ = 0;
    Stream *current_ = nullptr; // whose chunk it is, once its header is complete
    size_t chunk_left_ = 0;
};

} // namespace rostrum::rtmp
