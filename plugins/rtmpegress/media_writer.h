// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The stream's frames as a publisher's messages: metadata, sequence headers where they change, frames.

#pragma once

#include "rtmpegress/feed.h"
#include "rtmpegress/frame_queue.h"
#include "rtmpegress/rtmp/publisher.h"

namespace rostrum {

/// One per connection. Reentrant.
class MediaWriter {
  public:
    /// Before the first frame.
    void begin(const StreamFormat &format, rtmp::Publisher &publisher, rtmp::Bytes &out);
    void write(const TimedFrame &timed, rtmp::Publisher &publisher, rtmp::Bytes &out);

  private:
    struct Track {
        GstPtr<GstCaps> caps;
        rtmp::Bytes codec_data; // that the server has
    };

    void announce(MediaKind kind, GstCaps *caps, uint32_t timestamp_ms, rtmp::Publisher &publisher, rtmp::Bytes &out);
    void write_metadata(rtmp::Publisher &publisher, rtmp::Bytes &out);

    std::array<Track, kMediaKinds> tracks_;
};

} // namespace rostrum
