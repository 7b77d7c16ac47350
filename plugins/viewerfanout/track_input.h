// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What arrives on one sink pad, on its way into the feed.

#pragma once

#include "fanout/feed.h"
#include "fanout/track_writer.h"
#include "viewerfanout/pacer.h"
#include "viewerfanout/source_watch.h"

#include <gst/gst.h>

#include <atomic>
#include <string>

namespace rostrum {

/// Lives as long as the element, so that a pad which is requested again goes on where the last one ended.
class TrackInput {
  public:
    static constexpr unsigned kAudio = peerwire::kMaxLayers;

    /// `layer` is a video layer, or kAudio. `watch` outlives it.
    TrackInput(std::shared_ptr<peerwire::Feed> feed, SourceWatch &watch, unsigned layer);
    ~TrackInput() { gst_clear_caps(&caps_); }
    TrackInput(const TrackInput &) = delete;
    TrackInput &operator=(const TrackInput &) = delete;

    // The pad's streaming thread, under its stream lock.

    void begin_stream();
    void set_caps(const GstCaps *caps);
    void set_segment(const GstSegment &segment);
    /// Waits when upstream is not live. Stores what is well-formed; the rest is counted.
    GstFlowReturn take(GstPad *pad, GstElement *element, GstBuffer *buffer);
    void flush();
    /// EOS, or the pad is released.
    void end();
    /// What was taken ends with the last packet of a picture.
    bool is_whole() const { return whole_; }

    // Any thread.

    Pacer &pacer() { return pacer_; }
    unsigned layer() const { return layer_; }
    bool is_audio() const { return layer_ == kAudio; }
    const peerwire::WriterCounters &counters() const { return writer_.counters(); }
    peerwire::Codec codec() const { return codec_.load(std::memory_order_relaxed); }
    static std::string pad_name(unsigned layer) { return layer == kAudio ? "audio" : "video_" + std::to_string(layer); }
    std::string describe() const { return pad_name(layer_); }

  private:
    GstClockTime running_time(GstElement *element, GstBuffer *buffer) const;
    bool is_live(GstPad *pad);
    void write(std::span<const uint8_t> packet, GstClockTime pts);

    const std::shared_ptr<peerwire::Feed> feed_;
    SourceWatch &watch_;
    const unsigned layer_;
    Pacer pacer_;
    std::atomic<peerwire::Codec> codec_{peerwire::Codec::Unknown};

    // Streaming thread only.
    peerwire::TrackWriter writer_;
    GstSegment segment_;
    GstCaps *caps_ = nullptr; // owned; what the source was begun with
    bool new_stream_ = true;
    bool whole_ = false;
    enum class Live { Unknown, Yes, No } live_ = Live::Unknown;
};

} // namespace rostrum
