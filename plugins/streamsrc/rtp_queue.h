// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "common/gst_ref.h"
#include "sync/mutex.h"
#include "wire/time.h"

#include <gst/gst.h>

#include <deque>
#include <optional>

namespace rostrum {

/// What waits to leave on one pad: a packet, a new format, or an event.
struct RtpItem {
    GstRef<GstBuffer> buffer;
    GstRef<GstCaps> caps;
    GstRef<GstEvent> event;
    peerwire::TimeNs capture = 0; ///< of the buffer, on CLOCK_MONOTONIC
    bool new_stream = false;      ///< with caps: another sender, so another stream-start
};

/// Between a thread that must never wait (it has a socket to serve) and a streaming thread that may be held up by what
/// is downstream. Bounded: the oldest packets go first, and are counted. Thread-safe.
class RtpQueue {
  public:
    static constexpr size_t kMaxBuffers = 2048; // a second of 20 Mbps

    /// Lets pop() wait; close() wakes it up and empties the queue.
    void open() EXCLUDES(mutex_);
    void close() EXCLUDES(mutex_);

    /// While not live, packets are dropped at once (and not counted).
    void set_live(bool live) EXCLUDES(mutex_);

    /// Takes over the reference. False when packets were lost: this one or older ones.
    bool push_buffer(GstBuffer *buffer, peerwire::TimeNs capture) EXCLUDES(mutex_);
    void push_caps(GstRef<GstCaps> caps, bool new_stream) EXCLUDES(mutex_);
    void push_event(GstRef<GstEvent> event) EXCLUDES(mutex_);
    /// Drops the packets that wait.
    void flush() EXCLUDES(mutex_);

    /// Waits for the next item; nothing when closed.
    std::optional<RtpItem> pop() EXCLUDES(mutex_);

    uint64_t dropped() const EXCLUDES(mutex_);

  private:
    void drop_oldest_locked() REQUIRES(mutex_);

    mutable peerwire::Mutex mutex_;
    peerwire::CondVar changed_;
    std::deque<RtpItem> items_ GUARDED_BY(mutex_);
    size_t buffers_ GUARDED_BY(mutex_) = 0;
    uint64_t dropped_ GUARDED_BY(mutex_) = 0;
    bool open_ GUARDED_BY(mutex_) = false;
    bool live_ GUARDED_BY(mutex_) = false;
    bool discont_ GUARDED_BY(mutex_) = false;
};

} // namespace rostrum
