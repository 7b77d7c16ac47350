// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The debug category "webhooksink". Secrets, keys, bodies and the path and query of a location stay out of it.

#pragma once

#include <gst/gst.h>

GST_DEBUG_CATEGORY_EXTERN(gst_webhook_sink_debug);
#define GST_CAT_DEFAULT gst_webhook_sink_debug
