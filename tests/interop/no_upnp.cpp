// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// In place of libgupnp-igd, for libnice: there are no gateways. The real one comes with libsoup 3, and Debian 12's
// whip-client, which is linked to libsoup 2, does not start beside it.

#include <glib-object.h>

G_BEGIN_DECLS

struct GUPnPSimpleIgd {
    GObject parent;
};
struct GUPnPSimpleIgdClass {
    GObjectClass parent_class;
};
GType gupnp_simple_igd_get_type();
G_DEFINE_TYPE(GUPnPSimpleIgd, gupnp_simple_igd, G_TYPE_OBJECT)

static void gupnp_simple_igd_init(GUPnPSimpleIgd *) {}

static void gupnp_simple_igd_class_init(GUPnPSimpleIgdClass *klass) {
    static const char *const kSignals[] = {"mapped-external-port", "error-mapping-port", "context-available"};
    for (const char *name : kSignals)
        g_signal_new(name, G_TYPE_FROM_CLASS(klass), G_SIGNAL_RUN_LAST, 0, nullptr, nullptr, nullptr, G_TYPE_NONE, 0);
}

GUPnPSimpleIgd *gupnp_simple_igd_thread_new() {
    return static_cast<GUPnPSimpleIgd *>(g_object_new(gupnp_simple_igd_get_type(), nullptr));
}
void gupnp_simple_igd_add_port(GUPnPSimpleIgd *) {}
void gupnp_simple_igd_remove_port_local(GUPnPSimpleIgd *) {}

G_END_DECLS
