// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/element_impl.h"
#include "livecompositor/properties.h"

namespace livecompositor {

using peerwire::MutexLock;
using Self = GstLiveCompositor *;

namespace {

GType priority_get_type() {
    static const GEnumValue kValues[] = {
        {static_cast<gint>(Priority::Speaker), "The active speaker, even if somebody else is pinned", "speaker"},
        {static_cast<gint>(Priority::Pin), "Who is pinned, even if somebody else speaks", "pin"},
        {0, nullptr, nullptr}};
    static const GType type = g_enum_register_static("GstLiveCompositorPriority", kValues);
    return type;
}

void set_layout(Self self, const GValue *value) {
    const gchar *text = g_value_get_string(value);
    change_layout(self, text ? text : "grid", std::nullopt);
}

void get_layout(Self self, GValue *value) {
    MutexLock lock(self->impl->mutex);
    g_value_set_string(value, self->impl->layout_text.c_str());
}

void set_side(Self self, const char *name, int pixels, int Size::*side) {
    const std::string error = check_side(name, pixels);
    if (error.empty())
        self->impl->board->change([=](Settings &s) { s.size.*side = pixels; });
    else
        gst_live_compositor_complain(self, error);
}

void set_framerate(Self self, const GValue *value) {
    const int n = gst_value_get_fraction_numerator(value), d = gst_value_get_fraction_denominator(value);
    const std::string error = check_framerate(n, d);
    if (!error.empty()) {
        gst_live_compositor_complain(self, error);
        return;
    }
    self->impl->board->change([=](Settings &s) {
        s.fps_n = n;
        s.fps_d = d;
    });
}

void set_grid_size(Self self, const GValue *value) {
    const int n = g_value_get_int(value);
    self->impl->board->change([n](Settings &s) { s.layout.grid_size = n == 0 ? kMaxTiles : n; });
}

} // namespace

bool change_layout(Self self, const char *text, const std::optional<Motion> &motion) {
    ElementImpl &impl = *self->impl;
    LayoutChoice choice = parse_layout_property(text);
    if (!choice.error.empty()) {
        gst_live_compositor_complain(self, choice.error);
        return false;
    }
    {
        MutexLock lock(impl.mutex);
        impl.layout_text = text;
    }
    impl.board->change([&](Settings &s) {
        s.layout.kind = choice.kind;
        s.layout.custom = std::move(choice.custom);
        if (motion) {
            s.switch_motion = *motion;
            ++s.switches;
        }
    });
    return true;
}

std::vector<Property> layout_properties() {
    return {
        {g_param_spec_string(
             "layout", "Layout",
             "grid, sidebar, spotlight, pip, screen or a JSON description that starts with '{'. Changes whole, "
             "at a frame boundary",
             "grid", kLiveProperty),
         set_layout, get_layout},
        {g_param_spec_enum("priority", "Priority", "Who has the main area of sidebar, spotlight and pip",
                           priority_get_type(), static_cast<gint>(Priority::Speaker), kLiveProperty),
         [](Self self, const GValue *value) {
             self->impl->board->change(
                 [value](Settings &s) { s.layout.priority = static_cast<Priority>(g_value_get_enum(value)); });
         },
         [](Self self, GValue *value) { g_value_set_enum(value, static_cast<gint>(settings(self).layout.priority)); }},
        {g_param_spec_int("grid-size", "Grid size", "At most so many tiles (0 = 25); the active speaker always has one",
                          0, kMaxTiles, kMaxTiles, kLiveProperty),
         set_grid_size, [](Self self, GValue *value) { g_value_set_int(value, settings(self).layout.grid_size); }},
        // Wide ranges: a wrong size gets a message that helps instead of GLib's.
        {g_param_spec_int("width", "Width", "Pixels, even, 16 to 7680", G_MININT, G_MAXINT, 1280, kLiveProperty),
         [](Self self, const GValue *value) { set_side(self, "width", g_value_get_int(value), &Size::w); },
         [](Self self, GValue *value) { g_value_set_int(value, settings(self).size.w); }},
        {g_param_spec_int("height", "Height", "Pixels, even, 16 to 7680", G_MININT, G_MAXINT, 720, kLiveProperty),
         [](Self self, const GValue *value) { set_side(self, "height", g_value_get_int(value), &Size::h); },
         [](Self self, GValue *value) { g_value_set_int(value, settings(self).size.h); }},
        {gst_param_spec_fraction("framerate", "Frame rate", "Pictures per second, 1/1 to 120/1", 0, 1, G_MAXINT, 1, 30,
                                 1, kLiveProperty),
         set_framerate,
         [](Self self, GValue *value) {
             const Settings s = settings(self);
             gst_value_set_fraction(value, s.fps_n, s.fps_d);
         }},
    };
}

} // namespace livecompositor
