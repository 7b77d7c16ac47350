// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// One request pad's way into the feed: parse ! appsink.

#pragma once

#include "rtmpegress/feed.h"

#include <atomic>
#include <functional>

namespace rostrum {

/// Thread-bound to the application's thread (pad requests); its appsink calls come from the pad's streaming thread.
class Input {
  public:
    /// Adds its elements to `bin`. `restarted` is called after a flush.
    Input(GstBin *bin, MediaKind kind, Feed &feed, std::function<void()> restarted);
    ~Input(); // takes them out again
    Input(const Input &) = delete;
    Input &operator=(const Input &) = delete;

    /// The pad to expose; null when an element is missing. Transfer none.
    GstPad *target() const { return target_.get(); }
    bool has_ended() const;

  private:
    void watch(GstPad *sinkpad);
    GstPadProbeReturn on_event(GstPad *pad, GstEvent *event);
    void on_sample(GstSample *sample);

    GstBin *const bin_;
    const MediaKind kind_;
    Feed &feed_;
    const std::function<void()> restarted_;
    GstPtr<GstElement> parse_, sink_;
    GstPtr<GstPad> target_;
    std::atomic<bool> ended_ = false;
};

} // namespace rostrum
