// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/element_impl.h"
#include "livecompositor/properties.h"

namespace livecompositor {

namespace {

gboolean set_layout(GstLiveCompositor *self, const gchar *layout, gint transition_ms, gint ease) {
    if (transition_ms < -1 || transition_ms > kMaxTransitionMs) {
        gst_live_compositor_complain(self, "set-layout: a transition of " + std::to_string(transition_ms) +
                                               " ms is out of range: choose 0 to " + std::to_string(kMaxTransitionMs) +
                                               ", or -1 for that of the property");
        return FALSE;
    }
    const int ms = transition_ms < 0 ? self->impl->board->settings().motion.ms : transition_ms;
    if (!change_layout(self, layout ? layout : "grid", Motion{ms, static_cast<Ease>(ease)}))
        return FALSE;
    g_object_notify(G_OBJECT(self), "layout");
    return TRUE;
}

} // namespace

void install_actions(GObjectClass *klass) {
    // set-layout (layout, transition in ms or -1, ease) → whether the layout was taken. Like setting the property, with
    // a transition of its own.
    g_signal_new_class_handler("set-layout", G_TYPE_FROM_CLASS(klass),
                               static_cast<GSignalFlags>(G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION), G_CALLBACK(set_layout),
                               nullptr, nullptr, nullptr, G_TYPE_BOOLEAN, 3, G_TYPE_STRING, G_TYPE_INT,
                               ease_get_type());
}

} // namespace livecompositor
