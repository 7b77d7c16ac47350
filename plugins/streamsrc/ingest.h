// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "wire/result.h"

#include <gst/gst.h>

#include <string>

namespace rostrum {

using peerwire::Error;
using peerwire::Result;

/// The properties of streamsrc, as they were when it left READY.
struct StreamSourceSettings {
    std::string listen;
    std::string uri;
    std::string public_address = "127.0.0.1";
    std::string port_range;
    bool ice_tcp = false;
    unsigned latency_ms = 0;
    std::string prefer_codec = "h264";
    unsigned start_bitrate_kbps = 2500; // Chromium begins at 300 kbps else, and needs half a minute to look good
};

/// The streamsrc-state message.
struct SourceState {
    std::string state;  ///< connecting, connected, stalled, resumed, disconnected
    std::string reason; ///< a stable word or a sentence; may be empty
    std::string kind;   ///< of what is stalled or resumed: video or audio
};

/// The streamsrc-picture message.
struct PictureState {
    std::string pad;
    unsigned width = 0, height = 0; ///< 0 until a keyframe told them
    bool flowing = true;            ///< false: nothing came for a while

    bool operator==(const PictureState &) const = default;
};

/// What an ingest tells the element. Any thread.
class IngestListener {
  public:
    virtual ~IngestListener() = default;
    virtual void on_state(const SourceState &state) = 0;
    virtual void on_picture(const PictureState &picture) = 0;
    /// Nothing more will come, ever: the end of a file.
    virtual void on_end() = 0;
    /// What cannot be helped by trying again; `detail` is for a maintainer.
    virtual void on_failure(const std::string &text, const std::string &detail) = 0;
};

/// Where the packets come from, between PAUSED and READY. The destructor stops it: afterwards no feed is fed and the
/// listener is not called. Thread-safe.
class Ingest {
  public:
    virtual ~Ingest() = default;
    /// False when nothing that could make a keyframe feeds this pad.
    virtual bool request_keyframe(const std::string &pad) = 0;
    virtual void fill_stats(GstStructure *stats) const = 0;
};

} // namespace rostrum
