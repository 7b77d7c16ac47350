// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#define PACKAGE "rostrum"
#include "webhooksink/gstwebhooksink.h"

static gboolean plugin_init(GstPlugin *plugin) {
    return GST_ELEMENT_REGISTER(webhooksink, plugin);
}

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, webhooksink, "Signed HTTP callbacks", plugin_init,
                  ROSTRUM_VERSION, "LGPL", "rostrum", "Rostrum")
