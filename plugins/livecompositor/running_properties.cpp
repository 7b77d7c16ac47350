// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/element_impl.h"
#include "livecompositor/properties.h"

namespace livecompositor {

using peerwire::MutexLock;
using Self = GstLiveCompositor *;

namespace {

void set_latency(Self self, const GValue *value) {
    {
        MutexLock lock(self->impl->mutex);
        self->impl->latency_ms = g_value_get_uint(value);
    }
    gst_live_compositor_latency_changed(self);
}

void get_latency(Self self, GValue *value) {
    MutexLock lock(self->impl->mutex);
    g_value_set_uint(value, self->impl->latency_ms);
}

void get_active_speaker(Self self, GValue *value) {
    const auto speaker = self->impl->board->speaker();
    g_value_take_string(value, speaker ? g_strdup_printf("audio_%u", *speaker) : nullptr);
}

void get_tiles(Self self, GValue *value) {
    MutexLock lock(self->impl->mutex);
    g_value_take_boxed(value, describe(self->impl->tiles));
}

void get_stats(Self self, GValue *value) {
    const ElementImpl &impl = *self->impl;
    g_value_take_boxed(value, gst_structure_new("livecompositor-stats", "frames", G_TYPE_UINT64, impl.video.pushed(),
                                                "frame-skips", G_TYPE_UINT64, impl.video.skipped(), "audio-blocks",
                                                G_TYPE_UINT64, impl.audio.pushed(), "audio-skips", G_TYPE_UINT64,
                                                impl.audio.skipped(), "delay", G_TYPE_UINT64,
                                                static_cast<guint64>(impl.board->delay_ns.load()), nullptr));
}

} // namespace

std::vector<Property> running_properties() {
    return {
        {g_param_spec_uint(
             "freeze-timeout", "Freeze timeout",
             "ms after which a camera picture that does not change is blurred behind the avatar or initials "
             "(0 = never)",
             0, 3600'000, 1000, kLiveProperty),
         [](Self self, const GValue *value) {
             self->impl->board->change(
                 [value](Settings &s) { s.freeze_ms = static_cast<int>(g_value_get_uint(value)); });
         },
         [](Self self, GValue *value) { g_value_set_uint(value, static_cast<guint>(settings(self).freeze_ms)); }},
        {g_param_spec_uint("latency", "Latency",
                           "ms after its time at which a picture is made: so late may inputs be and still be in "
                           "sync. Grows by itself when an input reports more; shrinks in READY only",
                           0, kMaxLatencyMs, kDefaultLatencyMs, kLiveProperty),
         set_latency, get_latency},
        {g_param_spec_string("active-speaker", "Active speaker",
                             "Name of the audio pad that has the floor; null = nobody", nullptr, kReadableProperty),
         nullptr, get_active_speaker},
        {g_param_spec_boxed("tiles", "Tiles",
                            "livecompositor-tiles: array of {pad, width, height (px; 0x0 = hidden), fit, muted}",
                            GST_TYPE_STRUCTURE, kReadableProperty),
         nullptr, get_tiles},
        {g_param_spec_boxed("stats", "Statistics",
                            "livecompositor-stats: frames, frame-skips, audio-blocks, audio-skips (uint64), delay (ns)",
                            GST_TYPE_STRUCTURE, kReadableProperty),
         nullptr, get_stats},
    };
}

} // namespace livecompositor
