// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include <gst/gst.h>

#include <string>

namespace livecompositor {
struct ElementImpl;
}

G_BEGIN_DECLS

struct GstLiveCompositor {
    GstElement parent;
    livecompositor::ElementImpl *impl;
};

struct GstLiveCompositorClass {
    GstElementClass parent_class;
};

#define GST_TYPE_LIVE_COMPOSITOR (gst_live_compositor_get_type())
#define GST_LIVE_COMPOSITOR(obj) (G_TYPE_CHECK_INSTANCE_CAST((obj), GST_TYPE_LIVE_COMPOSITOR, GstLiveCompositor))
GType gst_live_compositor_get_type();
GST_ELEMENT_REGISTER_DECLARE(livecompositor)

G_END_DECLS

/// An input learned the latency of what is in front of it. Any thread, no lock held.
void gst_live_compositor_latency_changed(GstLiveCompositor *self);

/// Warns on the bus, or when the element enters READY if there is no bus yet.
void gst_live_compositor_complain(GstLiveCompositor *self, const std::string &text);
