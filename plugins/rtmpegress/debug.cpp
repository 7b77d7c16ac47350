// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "rtmpegress/debug.h"

GST_DEBUG_CATEGORY(gst_rtmp_egress_debug);
