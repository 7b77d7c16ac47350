// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// webhooksink: JSON buffers, or the life of any other stream, as signed HTTP callbacks.

#pragma once

#include <gst/base/gstbasesink.h>

G_BEGIN_DECLS

#define GST_TYPE_WEBHOOK_SINK (gst_webhook_sink_get_type())
G_DECLARE_FINAL_TYPE(GstWebhookSink, gst_webhook_sink, GST, WEBHOOK_SINK, GstBaseSink)

GST_ELEMENT_REGISTER_DECLARE(webhooksink);

G_END_DECLS
