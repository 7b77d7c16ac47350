// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "recorder.h"

#include "keyframe_switch.h"

#include <atomic>
#include <utility>

namespace rostrum::session {

namespace {

constexpr unsigned kMaxParts = 1000;

GstClockTime running_time(GstPad *pad, GstClockTime timestamp) {
    g_autoptr(GstEvent) event = gst_pad_get_sticky_event(pad, GST_EVENT_SEGMENT, 0);
    const GstSegment *segment = nullptr;
    if (event)
        gst_event_parse_segment(event, &segment);
    return segment ? gst_segment_to_running_time(segment, GST_FORMAT_TIME, timestamp) : GST_CLOCK_TIME_NONE;
}

std::string part_name(const std::string &path, unsigned part) {
    if (part == 1)
        return path;
    const size_t stem = path.size() - std::string_view(".mp4").size();
    return path.substr(0, stem) + ".part" + std::to_string(part) + ".mp4";
}

} // namespace

std::string free_part(const std::string &path) {
    unsigned part = 1;
    while (part < kMaxParts && g_file_test(part_name(path, part).c_str(), G_FILE_TEST_EXISTS))
        ++part;
    return part_name(path, part);
}

std::vector<std::string> existing_parts(const std::string &path) {
    std::vector<std::string> parts;
    for (unsigned part = 1; part < kMaxParts; ++part) {
        std::string name = part_name(path, part);
        if (!g_file_test(name.c_str(), G_FILE_TEST_EXISTS))
            break;
        parts.push_back(std::move(name));
    }
    return parts;
}

/// What the probes share with the recorder, and may outlive it by one call. Times are running times in ns.
struct Recorder::Gates {
    GstPtr<GstPad> audio_out; // of the queue that holds the sound back until the picture begins
    Alive alive = std::make_shared<bool>(true);
    std::function<void()> started, finished; // main thread only

    std::atomic<GstClockTime> begin{GST_CLOCK_TIME_NONE};
    std::atomic<GstClockTime> end{0};
    std::atomic<gulong> hold{0};

    static std::shared_ptr<Gates> *keep(const std::shared_ptr<Gates> &gates) {
        return new std::shared_ptr<Gates>(gates);
    }
    static void drop(gpointer kept) { delete static_cast<std::shared_ptr<Gates> *>(kept); }
    static Gates &of(gpointer kept) { return **static_cast<std::shared_ptr<Gates> *>(kept); }

    void let_audio_go() {
        if (const gulong id = hold.exchange(0))
            gst_pad_remove_probe(audio_out.get(), id);
    }
};

Recorder::Recorder(RunningBranch &branch, std::string path, std::function<void()> started)
    : path_(std::move(path)), gates_(std::make_shared<Gates>()) {
    gates_->started = std::move(started);
    set_property(G_OBJECT(branch.element("file")), "location", path_);
    video_in_ = adopt(gst_element_get_static_pad(branch.element("video_queue"), "sink"));
    audio_in_ = adopt(gst_element_get_static_pad(branch.element("audio_queue"), "sink"));
    gates_->audio_out = adopt(gst_element_get_static_pad(branch.element("audio_queue"), "src"));
    const auto file_in = adopt(gst_element_get_static_pad(branch.element("file"), "sink"));

    gst_pad_add_probe(video_in_.get(), GST_PAD_PROBE_TYPE_BUFFER, video_gate, Gates::keep(gates_), Gates::drop);
    gst_pad_add_probe(gates_->audio_out.get(), GST_PAD_PROBE_TYPE_BUFFER, audio_gate, Gates::keep(gates_), Gates::drop);
    gates_->hold = gst_pad_add_probe(gates_->audio_out.get(),
                                     static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BLOCK | GST_PAD_PROBE_TYPE_BUFFER),
                                     hold_audio, Gates::keep(gates_), Gates::drop);
    gst_pad_add_probe(file_in.get(), GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, end_of_file, Gates::keep(gates_),
                      Gates::drop);
}

Recorder::~Recorder() {
    *gates_->alive = false;
    gates_->let_audio_go();
}

bool Recorder::has_started() const {
    return gates_->begin != GST_CLOCK_TIME_NONE;
}

uint64_t Recorder::duration_ms() const {
    return has_started() && gates_->end > gates_->begin ? (gates_->end - gates_->begin) / GST_MSECOND : 0;
}

void Recorder::request_start() {
    request_keyframe(video_in_.get());
    asking_.start(kAskMs, [this] {
        if (!has_started())
            request_keyframe(video_in_.get());
        return !has_started();
    });
}

GstPadProbeReturn Recorder::video_gate(GstPad *pad, GstPadProbeInfo *info, gpointer data) {
    Gates &gates = Gates::of(data);
    GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);
    const GstClockTime at = running_time(pad, GST_BUFFER_PTS(buffer));
    if (gates.begin == GST_CLOCK_TIME_NONE) {
        if (GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT) || at == GST_CLOCK_TIME_NONE)
            return GST_PAD_PROBE_DROP;
        gates.begin = at;
        gates.let_audio_go();
        post_to_main(gates.alive, [&gates] { gates.started(); });
    }
    if (at != GST_CLOCK_TIME_NONE)
        gates.end = at + (GST_BUFFER_DURATION_IS_VALID(buffer) ? GST_BUFFER_DURATION(buffer) : 0);
    return GST_PAD_PROBE_OK;
}

GstPadProbeReturn Recorder::hold_audio(GstPad *, GstPadProbeInfo *, gpointer data) {
    return Gates::of(data).begin == GST_CLOCK_TIME_NONE ? GST_PAD_PROBE_OK : GST_PAD_PROBE_REMOVE;
}

GstPadProbeReturn Recorder::audio_gate(GstPad *pad, GstPadProbeInfo *info, gpointer data) {
    const GstClockTime begin = Gates::of(data).begin;
    GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);
    const GstClockTime at = running_time(pad, GST_BUFFER_PTS(buffer));
    // The frame that the picture begins in is kept: at most one frame (21 ms) of sound comes before the picture.
    const GstClockTime length = GST_BUFFER_DURATION_IS_VALID(buffer) ? GST_BUFFER_DURATION(buffer) : 0;
    return at != GST_CLOCK_TIME_NONE && at + length > begin ? GST_PAD_PROBE_OK : GST_PAD_PROBE_DROP;
}

GstPadProbeReturn Recorder::end_of_file(GstPad *, GstPadProbeInfo *info, gpointer data) {
    Gates &gates = Gates::of(data);
    if (GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) == GST_EVENT_EOS)
        post_to_main(gates.alive, [&gates] {
            if (const auto finished = std::exchange(gates.finished, nullptr))
                finished();
        });
    return GST_PAD_PROBE_OK;
}

void Recorder::finish(std::function<void()> done) {
    asking_.stop();
    gates_->finished = std::move(done);
    deadline_.start(has_started() ? kDrainMs : 1, [this] {
        if (const auto finished = std::exchange(gates_->finished, nullptr))
            finished();
        return false;
    });
    if (!has_started())
        return;
    gst_pad_send_event(video_in_.get(), gst_event_new_eos());
    gst_pad_send_event(audio_in_.get(), gst_event_new_eos());
}

} // namespace rostrum::session
