// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "common/gst_ref.h"
#include "streamsrc/gstrtpfeed.h"
#include "sync/mutex.h"

#include <gst/gst.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace rostrum {

/// The sometimes pads of streamsrc: one feed (and, with latency, one jitter buffer) behind each. A pad appears when its
/// first packet does and stays until the element is READY again, whoever sends. Thread-safe; never holds its lock while
/// a pad is added, linked or pushed.
class Outputs final : private RtpFeedOwner {
  public:
    using KeyframeRequest = std::function<bool(const std::string &name)>;
    Outputs(GstBin *bin, KeyframeRequest request) : bin_(bin), request_keyframe_(std::move(request)) {}

    /// The feed called `name` ("video_0"), made on first use. `latency_ms` > 0 orders its packets.
    GstRef<GstRtpFeed> feed(const std::string &name, unsigned latency_ms) EXCLUDES(mutex_);

    /// no-more-pads is emitted when all of these are exposed, or by give_up_waiting().
    void expect(const std::vector<std::string> &names) EXCLUDES(mutex_);
    void give_up_waiting() EXCLUDES(mutex_);

    /// A downstream event (EOS, flush, tags …) for all feeds.
    void send_event(GstEvent *event) EXCLUDES(mutex_);

    /// The element goes to READY: whoever waits to expose a pad gives up.
    void begin_close() EXCLUDES(mutex_);
    /// All pads and feeds leave. The feeds are not streaming any more.
    void finish_close() EXCLUDES(mutex_);

    std::vector<GstRef<GstRtpFeed>> feeds() const EXCLUDES(mutex_);

  private:
    struct Output {
        GstRef<GstRtpFeed> feed;
        GstRef<GstElement> jitter_buffer; ///< behind the feed; null without latency
        GstRef<GstPad> pad;               ///< exposed
    };

    void on_feed_ready(const std::string &name) override EXCLUDES(mutex_);
    bool on_keyframe_request(const std::string &name) override { return request_keyframe_(name); }

    Output make_output(const std::string &name, unsigned latency_ms);
    void discard(const Output &output);
    GstRef<GstPad> make_pad(const std::string &name, const Output &output);
    void expose(const std::string &name, GstPad *pad);
    void follow_siblings(GstPad *pad);
    bool all_exposed_locked() const REQUIRES(mutex_);
    void check_complete() EXCLUDES(mutex_);

    GstBin *const bin_; ///< owns this
    const KeyframeRequest request_keyframe_;

    mutable peerwire::Mutex mutex_;
    peerwire::CondVar turn_free_;
    std::map<std::string, Output> outputs_ GUARDED_BY(mutex_);
    std::vector<std::string> expected_ GUARDED_BY(mutex_);
    bool complete_ GUARDED_BY(mutex_) = false; ///< no-more-pads was emitted for what is expected
    bool exposing_ GUARDED_BY(mutex_) = false; ///< one pad-added at a time
    bool closing_ GUARDED_BY(mutex_) = false;
};

} // namespace rostrum
