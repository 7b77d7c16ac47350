// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "keyframe_switch.h"

#include "wire/keyframe.h"
#include "wire/rtp.h"

#include <gst/video/video.h>

#include <atomic>

namespace rostrum::session {

namespace {

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

} // namespace

void request_keyframe(GstPad *pad) {
    gst_pad_push_event(pad, gst_video_event_new_upstream_force_key_unit(GST_CLOCK_TIME_NONE, FALSE, 0));
}

/// What the streaming thread may still use when the switch has been given up.
struct KeyframeSwitch::Shared {
    GstPtr<GstElement> selector;
    GstPtr<GstPad> pad;
    std::function<void()> done; // main thread only
    Alive alive = std::make_shared<bool>(true);
    std::atomic<bool> over{false};

    void move() {
        if (over.exchange(true))
            return;
        g_object_set(selector.get(), "active-pad", pad.get(), nullptr);
        post_to_main(alive, [this] {
            const auto callback = done; // destroys the switch, and this with it
            callback();
        });
    }
};

KeyframeSwitch::KeyframeSwitch(GstElement *selector, GstPad *pad, std::function<void()> done)
    : shared_(std::make_shared<Shared>()) {
    shared_->selector = ref(selector);
    shared_->pad = ref(pad);
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
    if (!shared->over && starts_keyframe(info, format_of(pad)))
        shared->move();
    return GST_PAD_PROBE_OK;
}

bool KeyframeSwitch::tick() {
    waited_ms_ += kRequestMs;
    if (waited_ms_ >= kPatienceMs) {
        shared_->move();
        return false;
    }
    request_keyframe(shared_->pad.get());
    return true;
}

} // namespace rostrum::session
