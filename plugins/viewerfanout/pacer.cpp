// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "viewerfanout/pacer.h"

namespace rostrum {

using peerwire::MutexLock;

void Pacer::set_playing(bool playing) {
    MutexLock lock(mutex_);
    playing_ = playing;
    if (!playing && waiting_)
        gst_clock_id_unschedule(waiting_);
    changed_.notify_all();
}

void Pacer::set_flushing(bool flushing) {
    MutexLock lock(mutex_);
    flushing_ = flushing;
    if (flushing && waiting_)
        gst_clock_id_unschedule(waiting_);
    changed_.notify_all();
}

GstFlowReturn Pacer::wait(GstElement *element, GstClockTime running_time) {
    while (true) {
        GstClockID id = nullptr;
        {
            MutexLock lock(mutex_);
            while (!playing_ && !flushing_)
                changed_.wait(mutex_);
            if (flushing_)
                return GST_FLOW_FLUSHING;
            g_autoptr(GstClock) clock = gst_element_get_clock(element);
            if (!clock)
                return GST_FLOW_OK;
            id = gst_clock_new_single_shot_id(clock, gst_element_get_base_time(element) + running_time);
            waiting_ = id;
        }
        const GstClockReturn result = gst_clock_id_wait(id, nullptr);
        {
            MutexLock lock(mutex_);
            waiting_ = nullptr;
        }
        gst_clock_id_unref(id);
        if (result != GST_CLOCK_UNSCHEDULED)
            return GST_FLOW_OK;
    }
}

} // namespace rostrum
