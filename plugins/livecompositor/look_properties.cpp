// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/element_impl.h"
#include "livecompositor/properties.h"

namespace livecompositor {

using peerwire::MutexLock;
using Self = GstLiveCompositor *;

namespace {

GType theme_get_type() {
    static const GEnumValue kValues[] = {{0, "Dark", "dark"}, {1, "Light", "light"}, {0, nullptr, nullptr}};
    static const GType type = g_enum_register_static("GstLiveCompositorTheme", kValues);
    return type;
}

void set_background(Self self, const GValue *value) {
    ElementImpl &impl = *self->impl;
    const auto choice = color_of(self, value);
    if (!choice)
        return;
    impl.board->change([&](Settings &s) { s.background = choice->color; });
    MutexLock lock(impl.mutex);
    impl.background_text = choice->text;
}

void get_background(Self self, GValue *value) {
    MutexLock lock(self->impl->mutex);
    g_value_set_string(value, self->impl->background_text.c_str());
}

} // namespace

std::vector<Property> look_properties() {
    return {
        {g_param_spec_enum("theme", "Theme", "Colours of background, tiles and borders", theme_get_type(), 0,
                           kLiveProperty),
         [](Self self, const GValue *value) {
             self->impl->board->change([value](Settings &s) { s.light = g_value_get_enum(value) == 1; });
         },
         [](Self self, GValue *value) { g_value_set_enum(value, settings(self).light ? 1 : 0); }},
        {g_param_spec_string("background", "Background",
                             "Colour like '#1a2b3c', '0xff1a2b3c' (ARGB) or 'navy'; empty = the theme's", "",
                             kLiveProperty),
         set_background, get_background},
    };
}

} // namespace livecompositor
