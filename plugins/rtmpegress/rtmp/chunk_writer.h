// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Messages into chunks (RTMP 1.0, 5.3).

#pragma once

#include "rtmpegress/rtmp/message.h"

#include <array>
#include <initializer_list>

namespace rostrum::rtmp {

/// Chunk stream ids, each with its own timestamps, so that those of one kind of media only grow. Below 64: one byte.
enum class ChunkStream : uint8_t { Control = 2, Command = 3, Audio = 4, Data = 5, Video = 6 };

/// Reentrant.
class ChunkWriter {
  public:
    /// From the next message on; the caller has told the peer.
    void set_chunk_size(size_t bytes) { chunk_size_ = bytes; }

    /// Appends one message, whose payload is the parts in order (below 16 MiB together), to `out`.
    void write(ChunkStream stream, const MessageHeader &header, std::initializer_list<ByteView> parts, Bytes &out);

  private:
    struct Last {
        bool known = false;
        MessageHeader header;
    };

    size_t chunk_size_ = kDefaultChunkSize;
    std::array<Last, 8> last_; // by chunk stream id
};

} // namespace rostrum::rtmp
