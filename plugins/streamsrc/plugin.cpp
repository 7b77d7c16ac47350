// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "streamsrc/gststreamsrc.h"

static gboolean plugin_init(GstPlugin *plugin) {
    return GST_ELEMENT_REGISTER(streamsrc, plugin);
}

#define PACKAGE "rostrum"
GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, streamsrc, "A host's media in: WHIP server, WHEP client, URIs",
                  plugin_init, "0.1.0", "LGPL", "rostrum", "Rostrum")
