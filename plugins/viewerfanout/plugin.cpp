// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "viewerfanout/gstviewerfanout.h"

#define PACKAGE "rostrum"

static gboolean plugin_init(GstPlugin *plugin) {
    return GST_ELEMENT_REGISTER(viewerfanout, plugin);
}

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, viewerfanout, "One feed of RTP to any number of WebRTC viewers",
                  plugin_init, ROSTRUM_VERSION, "LGPL", "rostrum", "https://github.com/rostrum/rostrum")
