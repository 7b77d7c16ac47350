// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_VIEWER_FANOUT (gst_viewer_fanout_get_type())
G_DECLARE_FINAL_TYPE(GstViewerFanout, gst_viewer_fanout, GST, VIEWER_FANOUT, GstElement)

GST_ELEMENT_REGISTER_DECLARE(viewerfanout)

G_END_DECLS
