// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// rtmpegress: one stream out to any number of RTMP servers.

#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_RTMP_EGRESS (gst_rtmp_egress_get_type())
G_DECLARE_FINAL_TYPE(GstRtmpEgress, gst_rtmp_egress, GST, RTMP_EGRESS, GstBin)

GST_ELEMENT_REGISTER_DECLARE(rtmpegress);

G_END_DECLS
