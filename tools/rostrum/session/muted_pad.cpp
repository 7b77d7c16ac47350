// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "muted_pad.h"

#include <gst/video/video.h>

namespace rostrum::session {

namespace {

GstPadProbeReturn drop(GstPad *, GstPadProbeInfo *, gpointer) {
    return GST_PAD_PROBE_DROP;
}

} // namespace

void set_muted(GstPad *pad, bool muted) {
    static const GQuark kProbe = g_quark_from_static_string("rostrum-mute");
    const gulong probe = GPOINTER_TO_SIZE(g_object_get_qdata(G_OBJECT(pad), kProbe));
    if (muted == (probe != 0))
        return;
    if (muted) {
        constexpr auto kData = static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST);
        const gulong added = gst_pad_add_probe(pad, kData, drop, nullptr, nullptr);
        return g_object_set_qdata(G_OBJECT(pad), kProbe, GSIZE_TO_POINTER(added));
    }
    gst_pad_remove_probe(pad, probe);
    g_object_set_qdata(G_OBJECT(pad), kProbe, nullptr);
    gst_pad_send_event(pad, gst_video_event_new_upstream_force_key_unit(GST_CLOCK_TIME_NONE, TRUE, 0));
}

} // namespace rostrum::session
