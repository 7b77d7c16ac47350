// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#define PACKAGE "rostrum"
#include "rtmpegress/gstrtmpegress.h"

static gboolean plugin_init(GstPlugin *plugin) {
    return GST_ELEMENT_REGISTER(rtmpegress, plugin);
}

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, rtmpegress, "RTMP output to many servers", plugin_init,
                  ROSTRUM_VERSION, "LGPL", "rostrum", "Rostrum")
