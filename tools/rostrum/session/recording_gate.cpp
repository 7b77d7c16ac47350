// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "recording_gate.h"

#include <algorithm>
#include <utility>

namespace rostrum::session {

namespace {

// A split waits for a keyframe that comes anyway (KeyframeCadence) before it asks for one.
constexpr int64_t kKeyframePatienceNs = 2'500'000'000;

// Another layer of a picture may begin a little before the last one has ended; times in a file only grow.
constexpr int64_t kLeastStepNs = 1'000'000;

/// Of the pad's own segment; what passes the gate has a plain one.
int64_t running_time(GstPad *pad, GstClockTime timestamp) {
    g_autoptr(GstEvent) event = gst_pad_get_sticky_event(pad, GST_EVENT_SEGMENT, 0);
    const GstSegment *segment = nullptr;
    if (event)
        gst_event_parse_segment(event, &segment);
    const GstClockTime time =
        segment ? gst_segment_to_running_time(segment, GST_FORMAT_TIME, timestamp) : GST_CLOCK_TIME_NONE;
    return GST_CLOCK_TIME_IS_VALID(time) ? static_cast<int64_t>(time) : Timeline::kNever;
}

/// Since 1970, of a running time. The two clocks are read again when the thread lost its core between them.
int64_t wall_clock_ms(GstPad *pad, int64_t time) {
    constexpr unsigned kAttempts = 10;
    constexpr gint64 kTogetherUs = 200;
    const auto element = adopt(gst_pad_get_parent_element(pad));
    gint64 wall_us = g_get_real_time(), shortest_us = G_MAXINT64;
    for (unsigned n = 0; element && n < kAttempts && shortest_us > kTogetherUs; ++n) {
        const gint64 before_us = g_get_real_time();
        const GstClockTime now = gst_element_get_current_running_time(element.get());
        const gint64 took_us = g_get_real_time() - before_us;
        if (!GST_CLOCK_TIME_IS_VALID(now) || took_us >= shortest_us)
            continue;
        shortest_us = took_us;
        wall_us = before_us + took_us / 2 - (static_cast<int64_t>(now) - time) / static_cast<int64_t>(GST_USECOND);
    }
    return wall_us / 1000;
}

bool same_field(const GstStructure *a, const GstStructure *b, const char *name) {
    const GValue *left = gst_structure_get_value(a, name), *right = gst_structure_get_value(b, name);
    return left && right ? gst_value_compare(left, right) == GST_VALUE_EQUAL : left == right;
}

/// What one file can hold without a change of its header. A VP8 or VP9 stream carries its size in its keyframes.
bool fit_one_file(GstCaps *a, GstCaps *b) {
    const GstStructure *left = gst_caps_get_structure(a, 0), *right = gst_caps_get_structure(b, 0);
    if (!gst_structure_has_name(left, gst_structure_get_name(right)))
        return false;
    if (!gst_structure_has_name(left, "video/x-h264"))
        return true;
    return same_field(left, right, "codec_data") && same_field(left, right, "width") &&
           same_field(left, right, "height");
}

class Gate {
  public:
    Gate(RecordingFlow::Stream stream, bool leads, std::shared_ptr<RecordingFlow> flow)
        : stream_(stream), leads_(leads), flow_(std::move(flow)) {}
    ~Gate() { gst_clear_caps(&caps_); }
    Gate(const Gate &) = delete;
    Gate &operator=(const Gate &) = delete;

    GstPadProbeReturn on_buffer(GstPad *pad, GstPadProbeInfo *info) {
        GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);
        int64_t time = running_time(pad, GST_BUFFER_PTS(buffer));
        if (time == Timeline::kNever)
            return GST_PAD_PROBE_DROP;
        time = newest_ = std::max(time, newest_ + kLeastStepNs);
        const auto place = leads_ ? lead(pad, buffer, time) : follow(buffer, time);
        if (!place || !enter(pad, place->part))
            return GST_PAD_PROBE_DROP;
        if (std::exchange(begins_, false))
            flow_->begun();
        // mp4mux forgets where the first sample of a fragmented stream begins. It takes it for the beginning of the
        // file: so let that one be there, and all others where they belong.
        GST_PAD_PROBE_INFO_DATA(info) = moved(buffer, std::exchange(fresh_, false) ? 0 : place->time);
        if (leads_)
            media_->end_ms = static_cast<uint64_t>(place->time + duration_of(buffer)) / GST_MSECOND;
        return GST_PAD_PROBE_OK;
    }

    GstPadProbeReturn on_event(GstPad *pad, GstPadProbeInfo *info) {
        GstEvent *event = GST_PAD_PROBE_INFO_EVENT(info);
        switch (GST_EVENT_TYPE(event)) {
        case GST_EVENT_STREAM_START:
            return part_ >= 0 && std::exchange(started_, true) ? handled(event) : GST_PAD_PROBE_OK;
        case GST_EVENT_CAPS:
            return on_caps(event);
        case GST_EVENT_SEGMENT:
            GST_PAD_PROBE_INFO_DATA(info) = plain_segment();
            gst_event_unref(event);
            return GST_PAD_PROBE_OK;
        case GST_EVENT_EOS:
            return on_eos(pad) ? GST_PAD_PROBE_OK : handled(event);
        case GST_EVENT_TAG:
            return GST_PAD_PROBE_OK;
        default:
            return handled(event);
        }
    }

  private:
    static GstPadProbeReturn handled(GstEvent *event) {
        gst_event_unref(event);
        return GST_PAD_PROBE_HANDLED;
    }

    static GstEvent *plain_segment() {
        GstSegment plain;
        gst_segment_init(&plain, GST_FORMAT_TIME);
        return gst_event_new_segment(&plain);
    }

    static int64_t duration_of(GstBuffer *buffer) {
        return GST_BUFFER_DURATION_IS_VALID(buffer) ? static_cast<int64_t>(GST_BUFFER_DURATION(buffer)) : 0;
    }

    static GstBuffer *moved(GstBuffer *buffer, int64_t time) {
        const GstClockTime pts = GST_BUFFER_PTS(buffer), dts = GST_BUFFER_DTS(buffer);
        const auto at = static_cast<GstClockTime>(time);
        buffer = gst_buffer_make_writable(buffer);
        GST_BUFFER_PTS(buffer) = at;
        GST_BUFFER_DTS(buffer) = GST_CLOCK_TIME_IS_VALID(dts) && dts < pts ? at - std::min(pts - dts, at) : at;
        return buffer;
    }

    GstPadProbeReturn on_caps(GstEvent *event) {
        GstCaps *caps = nullptr;
        gst_event_parse_caps(event, &caps);
        if (part_ < 0)
            return GST_PAD_PROBE_OK; // kept by the pad
        if (!caps_) {
            caps_ = gst_caps_ref(caps);
            return GST_PAD_PROBE_OK;
        }
        other_caps_ = !fit_one_file(caps_, caps);
        return handled(event); // the next part is told again
    }

    /// Nothing: it is not recorded.
    std::optional<Timeline::Place> lead(GstPad *pad, GstBuffer *buffer, int64_t time) {
        const bool key = !GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT);
        Timeline::Place place;
        {
            peerwire::MutexLock lock(flow_->mutex);
            Timeline &timeline = flow_->timeline;
            if (flow_->closed || !flow_->open)
                return std::nullopt;
            if (flow_->rules.paused) {
                timeline.pause(time);
                flow_->waits_for_keyframe = false;
                return std::nullopt;
            }
            const bool begins = !timeline.recording();
            if (!key && (begins || other_caps_)) {
                flow_->waits_for_keyframe = true;
                return std::nullopt;
            }
            const bool due = !begins && split_due(flow_->rules, timeline.lead(time).time, time);
            flow_->waits_for_keyframe = !key && due && time - due_since_ >= kKeyframePatienceNs;
            begins_ = !timeline.has_begun();
            if (!begins_ && (other_caps_ || (key && due)))
                timeline.cut(time);
            else
                timeline.begin(time);
            place = timeline.lead(time);
            flow_->changed.notify_all();
        }
        if (!is_in(place.part)) {
            part_begins_at_ = time;
            flow_->want_part(place.part);
        }
        return place;
    }

    /// The part has come to `reached_ns`.
    bool split_due(const RecordingRules &rules, int64_t reached_ns, int64_t time) {
        const auto reached_ms = static_cast<uint64_t>(reached_ns) / GST_MSECOND;
        const bool due = (rules.split_ms && reached_ms >= rules.split_ms) ||
                         (rules.split_bytes && media_ && media_->bytes >= rules.split_bytes);
        if (!due || due_since_ == Timeline::kNever)
            due_since_ = due ? time : Timeline::kNever;
        return due;
    }

    /// Waits until it is known where the sound belongs.
    std::optional<Timeline::Place> follow(GstBuffer *buffer, int64_t time) {
        peerwire::MutexLock lock(flow_->mutex);
        while (!flow_->closed) {
            const Timeline::Verdict verdict = flow_->timeline.follow(time, duration_of(buffer));
            if (verdict.fate == Timeline::Fate::Goes)
                return verdict.place;
            if (verdict.fate == Timeline::Fate::Drops || flow_->finishing)
                return std::nullopt;
            flow_->changed.wait(flow_->mutex);
        }
        return std::nullopt;
    }

    bool is_in(unsigned part) const { return part_ == static_cast<int>(part); }

    /// Ends the stream in the part where it is.
    static void leave(GstPad *pad) {
        const auto former = adopt(gst_pad_get_peer(pad));
        if (!former)
            return;
        gst_pad_unlink(pad, former.get());
        gst_pad_send_event(former.get(), gst_event_new_eos());
    }

    /// Goes over to the part when it is another one; false when there will be none. Linked, the muxer is told of the
    /// stream before the buffer comes.
    bool enter(GstPad *pad, unsigned part) {
        if (is_in(part))
            return true;
        leave(pad);
        auto [to, media] = entrance(part);
        if (!to)
            return false;
        gst_clear_caps(&caps_);
        started_ = other_caps_ = false;
        fresh_ = true;
        part_ = static_cast<int>(part);
        media_ = media;
        if (leads_)
            describe(pad);
        return gst_pad_link(pad, to.get()) == GST_PAD_LINK_OK;
    }

    using Way = std::pair<GstPtr<GstPad>, std::shared_ptr<RecordingPart::Media>>;

    /// Waits for the part; null when there will be none.
    Way entrance(unsigned part) {
        peerwire::MutexLock lock(flow_->mutex);
        while (!flow_->closed && flow_->parts.size() <= part)
            flow_->changed.wait(flow_->mutex);
        if (flow_->closed)
            return {};
        const auto &entrance = flow_->parts[part];
        return {ref(entrance.pads[stream_].get()), entrance.media};
    }

    void describe(GstPad *pad) {
        media_->started_at_ms = wall_clock_ms(pad, part_begins_at_);
        g_autoptr(GstCaps) caps = gst_pad_get_current_caps(pad);
        int width = 0, height = 0;
        if (!caps || stream_ != RecordingFlow::kVideo)
            return;
        gst_structure_get(gst_caps_get_structure(caps, 0), "width", G_TYPE_INT, &width, "height", G_TYPE_INT, &height,
                          nullptr);
        media_->width = static_cast<unsigned>(width);
        media_->height = static_cast<unsigned>(height);
    }

    /// Only the one of the recording itself ends the file, in the newest part. True: it may pass.
    bool on_eos(GstPad *pad) {
        unsigned newest = 0;
        {
            peerwire::MutexLock lock(flow_->mutex);
            if (!flow_->finishing || flow_->closed)
                return false;
            newest = static_cast<unsigned>(flow_->parts.size()) - 1;
        }
        if (is_in(newest))
            return true;
        leave(pad);
        if (const auto to = entrance(newest).first)
            end_empty(pad, to.get());
        return false;
    }

    /// The muxer has to know the stream even when nothing of it comes.
    static void end_empty(GstPad *pad, GstPad *to) {
        for (const GstEventType type : {GST_EVENT_STREAM_START, GST_EVENT_CAPS})
            if (GstEvent *event = gst_pad_get_sticky_event(pad, type, 0))
                gst_pad_send_event(to, event);
        gst_pad_send_event(to, plain_segment());
        gst_pad_send_event(to, gst_event_new_eos());
    }

    const RecordingFlow::Stream stream_;
    const bool leads_;
    const std::shared_ptr<RecordingFlow> flow_;

    // The pad's streaming thread.
    GstCaps *caps_ = nullptr; // of the present part
    bool other_caps_ = false; // they have become others since
    bool started_ = false;    // the muxer knows the stream
    bool fresh_ = false;      // nothing has gone into the part yet
    bool begins_ = false;     // the recording, with this buffer
    int part_ = -1;           // the pad is linked to; -1 = to none yet
    int64_t part_begins_at_ = 0;
    int64_t newest_ = Timeline::kNever;           // time that came here
    int64_t due_since_ = Timeline::kNever;        // a split
    std::shared_ptr<RecordingPart::Media> media_; // of part_
};

GstPadProbeReturn on_data(GstPad *pad, GstPadProbeInfo *info, gpointer gate) {
    return GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER ? static_cast<Gate *>(gate)->on_buffer(pad, info)
                                                                     : static_cast<Gate *>(gate)->on_event(pad, info);
}

} // namespace

void add_recording_gate(GstPad *pad, RecordingFlow::Stream stream, bool leads,
                        const std::shared_ptr<RecordingFlow> &flow) {
    gst_pad_add_probe(pad,
                      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
                      on_data, new Gate(stream, leads, flow), [](gpointer gate) { delete static_cast<Gate *>(gate); });
}

} // namespace rostrum::session
