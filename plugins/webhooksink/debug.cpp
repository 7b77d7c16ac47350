// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "webhooksink/debug.h"

GST_DEBUG_CATEGORY(gst_webhook_sink_debug);
