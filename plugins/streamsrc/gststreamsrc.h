// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS
#define GST_TYPE_STREAM_SRC (gst_stream_src_get_type())
G_DECLARE_FINAL_TYPE(GstStreamSrc, gst_stream_src, GST, STREAM_SRC, GstBin)
GST_ELEMENT_REGISTER_DECLARE(streamsrc)
G_END_DECLS
