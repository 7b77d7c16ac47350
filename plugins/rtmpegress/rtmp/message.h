// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// RTMP messages, and the types of them that a publisher meets (RTMP 1.0, 5.4, 6.2 and 7.1).

#pragma once

#include "rtmpegress/rtmp/bytes.h"

namespace rostrum::rtmp {

enum class MessageType : uint8_t {
    SetChunkSize = 1,
    Abort = 2,
    Acknowledgement = 3,
    UserControl = 4,
    WindowAckSize = 5,
    SetPeerBandwidth = 6,
    Audio = 8,
    Video = 9,
    DataAmf0 = 18,
    CommandAmf3 = 17,
    CommandAmf0 = 20,
};

struct MessageHeader {
    MessageType type = MessageType::CommandAmf0;
    uint32_t stream_id = 0;    // of the message stream; 0 is the connection itself
    uint32_t timestamp_ms = 0; // modulo 2^32
};

constexpr size_t kDefaultChunkSize = 128; // RTMP 1.0, 5.4.1

} // namespace rostrum::rtmp
