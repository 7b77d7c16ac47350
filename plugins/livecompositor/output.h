// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "livecompositor/board.h"

#include <gst/gst.h>

#include <string>

namespace livecompositor {

/// Makes what an Output pushes. Thread-bound: the output's thread.
class Producer {
  public:
    struct Product {
        GstBuffer *buffer = nullptr; ///< transfer full, with PTS and duration
        GstCaps *caps = nullptr;     ///< transfer full; null when they are as before
    };
    virtual ~Producer() = default;
    virtual TimeNs next_time() const = 0;  ///< PTS of the product to come
    virtual void skip_to(TimeNs time) = 0; ///< afterwards next_time() >= time
    virtual TimeNs max_lag() const = 0;    ///< later than this, products are left out rather than made late
    virtual void restart() = 0;            ///< the pad starts anew: caps are due again
    virtual Product produce() = 0;
};

/// The task of one src pad: waits on the clock and pushes what the producer makes, whatever the inputs do.
///
/// Lock order: GStreamer's stream lock, then mutex_. mutex_ is never held while waiting on the clock, producing or
/// pushing. Thread-safe: start/stop from pad activation, set_playing from state changes.
class Output {
  public:
    Output(GstPad *pad, Board &board, Producer &producer, std::string stream_id);
    ~Output() { pause(); }
    Output(const Output &) = delete;
    Output &operator=(const Output &) = delete;

    bool start();
    bool stop();
    void play(GstClock *clock, GstClockTime base_time);
    void pause();
    void send_eos(); ///< before the next product; nothing more after it

    uint64_t pushed() const { return pushed_; }
    uint64_t skipped() const { return skipped_; }
    TimeNs position() const { return position_; }

  private:
    void run_once();
    bool wait_for_play();
    bool wait_until_due();
    void announce(const Producer::Product &product);
    void push(const Producer::Product &product);
    void finish(GstFlowReturn flow);
    void rest();

    GstPad *const pad_; // the element owns both
    Board &board_;
    Producer &producer_;
    const std::string stream_id_;

    // task only
    bool announced_ = false;
    bool started_ = false;
    std::atomic<uint64_t> pushed_{0};
    std::atomic<uint64_t> skipped_{0};
    std::atomic<TimeNs> position_{0};
    std::atomic<bool> eos_{false};

    peerwire::Mutex mutex_;
    peerwire::CondVar changed_;
    bool playing_ GUARDED_BY(mutex_) = false;
    bool stopping_ GUARDED_BY(mutex_) = true;
    bool done_ GUARDED_BY(mutex_) = false; ///< EOS or an error: until the next start
    GstClock *clock_ GUARDED_BY(mutex_) = nullptr;
    TimeNs base_time_ GUARDED_BY(mutex_) = 0;
    GstClockID wait_ GUARDED_BY(mutex_) = nullptr;
};

} // namespace livecompositor
