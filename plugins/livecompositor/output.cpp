// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/output.h"

GST_DEBUG_CATEGORY_EXTERN(livecompositor_debug);
#define GST_CAT_DEFAULT livecompositor_debug

namespace livecompositor {

using peerwire::MutexLock;

Output::Output(GstPad *pad, Board &board, Producer &producer, std::string stream_id)
    : pad_(pad), board_(board), producer_(producer), stream_id_(std::move(stream_id)) {}

bool Output::start() {
    {
        MutexLock lock(mutex_);
        stopping_ = false;
        done_ = false;
    }
    announced_ = false;
    started_ = false;
    eos_ = false;
    producer_.restart();
    return gst_pad_start_task(
        pad_, [](gpointer self) { static_cast<Output *>(self)->run_once(); }, this, nullptr);
}

bool Output::stop() {
    {
        MutexLock lock(mutex_);
        stopping_ = true;
        if (wait_)
            gst_clock_id_unschedule(wait_);
        changed_.notify_all();
    }
    return gst_pad_stop_task(pad_);
}

void Output::play(GstClock *clock, GstClockTime base_time) {
    MutexLock lock(mutex_);
    gst_object_replace(reinterpret_cast<GstObject **>(&clock_), GST_OBJECT(clock));
    base_time_ = static_cast<TimeNs>(base_time);
    playing_ = true;
    changed_.notify_all();
}

void Output::pause() {
    MutexLock lock(mutex_);
    playing_ = false;
    if (wait_)
        gst_clock_id_unschedule(wait_);
    gst_object_replace(reinterpret_cast<GstObject **>(&clock_), nullptr);
}

void Output::send_eos() {
    eos_ = true;
    MutexLock lock(mutex_);
    if (wait_)
        gst_clock_id_unschedule(wait_);
    changed_.notify_all();
}

void Output::run_once() {
    if (!wait_for_play())
        return;
    if (eos_) {
        if (!announced_) {
            const Producer::Product first = producer_.produce();
            announce(first);
            gst_buffer_unref(first.buffer);
        }
        gst_pad_push_event(pad_, gst_event_new_eos());
        rest();
        return;
    }
    if (wait_until_due())
        push(producer_.produce());
}

bool Output::wait_for_play() {
    MutexLock lock(mutex_);
    while (!stopping_ && (done_ || (!playing_ && !eos_)))
        changed_.wait(mutex_);
    return !stopping_;
}

/// False when interrupted: the caller starts over.
bool Output::wait_until_due() {
    GstClockID id;
    {
        MutexLock lock(mutex_);
        if (!playing_ || stopping_ || eos_)
            return false;
        const TimeNs now = static_cast<TimeNs>(gst_clock_get_time(clock_)) - base_time_, delay = board_.delay_ns;
        if (!started_)
            producer_.skip_to(now);
        started_ = true;
        const TimeNs late = now - delay - producer_.next_time();
        if (late > producer_.max_lag()) {
            producer_.skip_to(now - delay);
            ++skipped_;
            GST_WARNING_OBJECT(pad_, "%" GST_STIME_FORMAT " late, going on at %" GST_STIME_FORMAT, GST_STIME_ARGS(late),
                               GST_STIME_ARGS(producer_.next_time()));
        }
        const TimeNs due = base_time_ + producer_.next_time() + delay;
        wait_ = id = gst_clock_new_single_shot_id(clock_, static_cast<GstClockTime>(std::max<TimeNs>(0, due)));
    }
    const GstClockReturn result = gst_clock_id_wait(id, nullptr);
    {
        MutexLock lock(mutex_);
        wait_ = nullptr;
    }
    gst_clock_id_unref(id);
    return result == GST_CLOCK_OK || result == GST_CLOCK_EARLY;
}

void Output::announce(const Producer::Product &product) {
    if (!announced_)
        gst_pad_push_event(pad_, gst_event_new_stream_start(stream_id_.c_str()));
    if (product.caps)
        gst_pad_push_event(pad_, gst_event_new_caps(product.caps));
    if (!announced_) {
        GstSegment segment;
        gst_segment_init(&segment, GST_FORMAT_TIME);
        gst_pad_push_event(pad_, gst_event_new_segment(&segment));
    }
    announced_ = true;
    gst_clear_caps(const_cast<GstCaps **>(&product.caps));
}

void Output::push(const Producer::Product &product) {
    announce(product);
    position_ = static_cast<TimeNs>(GST_BUFFER_PTS(product.buffer));
    if (pushed_++ == 0)
        GST_BUFFER_FLAG_SET(product.buffer, GST_BUFFER_FLAG_DISCONT);
    finish(gst_pad_push(pad_, product.buffer));
}

/// An output that ended or failed rests; the other one and the inputs go on. Downstream that is not there or is just
/// being exchanged (flushing) is no reason to stop.
void Output::finish(GstFlowReturn flow) {
    if (flow == GST_FLOW_OK || flow == GST_FLOW_NOT_LINKED || flow == GST_FLOW_FLUSHING)
        return;
    GST_DEBUG_OBJECT(pad_, "stops: %s", gst_flow_get_name(flow));
    if (flow == GST_FLOW_EOS) {
        gst_pad_push_event(pad_, gst_event_new_eos());
    } else {
        GstElement *element = GST_ELEMENT(gst_pad_get_parent(pad_));
        if (element)
            GST_ELEMENT_FLOW_ERROR(element, flow);
        gst_clear_object(&element);
    }
    rest();
}

void Output::rest() {
    MutexLock lock(mutex_);
    done_ = true;
}

} // namespace livecompositor
