// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The debug category "rtmpegress". Never hand it an unmasked URL or text of a server that was not sanitized.

#pragma once

#include <gst/gst.h>

GST_DEBUG_CATEGORY_EXTERN(gst_rtmp_egress_debug);
#define GST_CAT_DEFAULT gst_rtmp_egress_debug
