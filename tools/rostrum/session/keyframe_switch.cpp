// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "keyframe_switch.h"

#include "wire/keyframe.h"
#include "wire/rtp.h"

#include <gst/video/video.h>

#include <atomic>
#include <utility>

namespace rostrum::session {

namespace {

constexpr guint64 kCatchUpNs = 50'000'000; // so far behind a new source may take over: one picture is missed at most

bool starts_keyframe(GstBuffer *buffer, peerwire::PayloadFormat format) {
    GstMapInfo map;
    if (!gst_buffer_map(buffer, &map, GST_MAP_READ))
        return false;
    const auto packet = peerwire::parse_rtp({map.data, map.size});
    const bool result = packet && peerwire::starts_keyframe(format, packet->payload);
    gst_buffer_unmap(buffer, &map);
    return result;
}

bool starts_keyframe(GstPadProbeInfo *info, peerwire::PayloadFormat format) {
    if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER)
        return starts_keyframe(GST_PAD_PROBE_INFO_BUFFER(info), format);
    GstBufferList *list = GST_PAD_PROBE_INFO_BUFFER_LIST(info);
    for (guint i = 0; i < gst_buffer_list_length(list); ++i)
        if (starts_keyframe(gst_buffer_list_get(list, i), format))
            return true;
    return false;
}

peerwire::PayloadFormat format_of(GstPad *pad) {
    g_autoptr(GstCaps) caps = gst_pad_get_current_caps(pad);
    const char *name = caps ? gst_structure_get_string(gst_caps_get_structure(caps, 0), "encoding-name") : nullptr;
    return name ? peerwire::payload_format(name) : peerwire::PayloadFormat::Other;
}

/// Pictures that are decoded already: any of them will do.
bool is_raw(GstPad *pad) {
    g_autoptr(GstCaps) caps = pad ? gst_pad_get_current_caps(pad) : nullptr;
    return caps && gst_structure_has_name(gst_caps_get_structure(caps, 0), "video/x-raw");
}

/// 0 when the picture has no time.
guint64 running_time(GstPad *pad, GstBuffer *picture) {
    g_autoptr(GstEvent) event = gst_pad_get_sticky_event(pad, GST_EVENT_SEGMENT, 0);
    const GstSegment *segment = nullptr;
    if (!event)
        return 0;
    gst_event_parse_segment(event, &segment);
    const guint64 time = gst_segment_to_running_time(segment, GST_FORMAT_TIME, GST_BUFFER_PTS(picture));
    return GST_CLOCK_TIME_IS_VALID(time) ? time : 0;
}

/// Of what passed the selector last; 0 when nothing did.
guint64 last_time(GstPad *selector_pad) {
    guint64 time = GST_CLOCK_TIME_NONE;
    if (selector_pad)
        g_object_get(selector_pad, "running-time", &time, nullptr);
    return GST_CLOCK_TIME_IS_VALID(time) ? time : 0;
}

} // namespace

void request_keyframe(GstPad *pad) {
    gst_pad_push_event(pad, gst_video_event_new_upstream_force_key_unit(GST_CLOCK_TIME_NONE, FALSE, 0));
}

/// What the streaming thread may still use when the switch has been given up.
struct KeyframeSwitch::Shared {
    GstPtr<GstElement> selector;
    GstPtr<GstPad> former; // what is shown until then
    GstPtr<GstPad> pad;
    std::function<void()> done; // main thread only
    Alive alive = std::make_shared<bool>(true);
    std::atomic<bool> over{false};
    bool moved = false; // streaming thread only
    guint64 shown_until = 0;

    void move() { g_object_set(selector.get(), "active-pad", pad.get(), nullptr); }

    void finish() {
        if (over.exchange(true))
            return;
        post_to_main(alive, [this] {
            const auto callback = done; // destroys the switch, and this with it
            callback();
        });
    }

    void on_packets(GstPadProbeInfo *info) {
        if (!starts_keyframe(info, format_of(pad.get())))
            return;
        move();
        finish();
    }

    /// The time of the picture goes forward: what was shown already is not shown again from here.
    bool passes(GstBuffer *picture) {
        const guint64 time = running_time(pad.get(), picture);
        if (!moved && time + kCatchUpNs < last_time(former.get()))
            return true; // the selector drops it
        if (!std::exchange(moved, true)) {
            move();
            shown_until = last_time(former.get());
        }
        if (time <= shown_until)
            return false;
        finish();
        return true;
    }
};

KeyframeSwitch::KeyframeSwitch(GstElement *selector, GstPad *pad, std::function<void()> done)
    : shared_(std::make_shared<Shared>()) {
    shared_->selector = ref(selector);
    shared_->pad = ref(pad);
    GstPad *former = nullptr;
    g_object_get(selector, "active-pad", &former, nullptr);
    shared_->former = adopt(former);
    shared_->done = std::move(done);
    const auto type = static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST);
    probe_ = gst_pad_add_probe(pad, type, probe, new std::shared_ptr<Shared>(shared_),
                               [](gpointer data) { delete static_cast<std::shared_ptr<Shared> *>(data); });
    request_keyframe(pad);
    timer_.start(kRequestMs, [this] { return tick(); });
}

KeyframeSwitch::~KeyframeSwitch() {
    *shared_->alive = false;
    shared_->over = true;
    gst_pad_remove_probe(shared_->pad.get(), probe_);
}

GstPad *KeyframeSwitch::pad() const {
    return shared_->pad.get();
}

GstPadProbeReturn KeyframeSwitch::probe(GstPad *pad, GstPadProbeInfo *info, gpointer data) {
    const auto &shared = *static_cast<std::shared_ptr<Shared> *>(data);
    if (shared->over)
        return GST_PAD_PROBE_OK;
    if (!is_raw(pad))
        shared->on_packets(info);
    else if (!shared->passes(GST_PAD_PROBE_INFO_BUFFER(info)))
        return GST_PAD_PROBE_DROP;
    return GST_PAD_PROBE_OK;
}

bool KeyframeSwitch::tick() {
    waited_ms_ += kRequestMs;
    if (waited_ms_ >= kPatienceMs && !is_raw(shared_->former.get())) {
        shared_->move();
        shared_->finish();
        return false;
    }
    request_keyframe(shared_->pad.get());
    return true;
}

} // namespace rostrum::session
