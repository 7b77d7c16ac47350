// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/element_impl.h"
#include "livecompositor/properties.h"

namespace livecompositor {

using Self = GstLiveCompositor *;

namespace {

constexpr int kMaxBorder = 40;

/// -1 stands for nothing.
std::optional<int> wish_of(const GValue *value) {
    const int px = g_value_get_int(value);
    return px < 0 ? std::nullopt : std::optional(px);
}

void set_accent(Self self, const GValue *value) {
    if (const auto choice = color_of(self, value))
        self->impl->board->change([&](Settings &s) { s.accent = choice->color; });
}

void get_accent(Self self, GValue *value) {
    const auto color = settings(self).accent;
    g_value_take_string(value, color ? g_strdup_printf("#%06x", color->argb() & 0xffffff) : g_strdup(""));
}

Property px_property(const char *name, const char *nick, const char *blurb, int most,
                     void (*set)(Self self, const GValue *value), void (*get)(Self self, GValue *value)) {
    return {g_param_spec_int(name, nick, blurb, -1, most, -1, kLiveProperty), set, get};
}

} // namespace

GType ease_get_type() {
    static const GEnumValue kValues[] = {{static_cast<gint>(Ease::Linear), "Same speed all the way", "linear"},
                                         {static_cast<gint>(Ease::In), "Begins slowly", "ease-in"},
                                         {static_cast<gint>(Ease::Out), "Ends slowly", "ease-out"},
                                         {static_cast<gint>(Ease::InOut), "Begins and ends slowly", "ease-in-out"},
                                         {0, nullptr, nullptr}};
    static const GType type = g_enum_register_static("GstLiveCompositorEase", kValues);
    return type;
}

std::vector<Property> style_properties() {
    return {
        px_property(
            "gap", "Gap", "Between tiles, px of a canvas whose shorter side is 720 (-1 = the layout's own)", kMaxGap,
            [](Self self, const GValue *value) {
                self->impl->board->change([value](Settings &s) { s.layout.style.gap = wish_of(value); });
            },
            [](Self self, GValue *value) { g_value_set_int(value, settings(self).layout.style.gap.value_or(-1)); }),
        px_property(
            "radius", "Radius",
            "Of the corners of tiles, px of a canvas whose shorter side is 720 (-1 = the layout's own); a tile that "
            "fills the canvas has none",
            kMaxRadius,
            [](Self self, const GValue *value) {
                self->impl->board->change([value](Settings &s) { s.layout.style.radius = wish_of(value); });
            },
            [](Self self, GValue *value) { g_value_set_int(value, settings(self).layout.style.radius.value_or(-1)); }),
        px_property(
            "speaker-border", "Speaker's border",
            "Width of the line around the active speaker, px of a canvas whose shorter side is 720 (0 = none, -1 = 4)",
            kMaxBorder,
            [](Self self, const GValue *value) {
                self->impl->board->change([value](Settings &s) { s.border = wish_of(value); });
            },
            [](Self self, GValue *value) { g_value_set_int(value, settings(self).border.value_or(-1)); }),
        {g_param_spec_string("accent", "Accent",
                             "Colour of the speaker's border like '#1a2b3c', '0xff1a2b3c' or 'navy'; empty = the "
                             "theme's",
                             "", kLiveProperty),
         set_accent, get_accent},
        {g_param_spec_uint("transition", "Transition",
                           "ms that tiles take to move to their new places, to come and to go (0 = at once)", 0,
                           kMaxTransitionMs, 250, kLiveProperty),
         [](Self self, const GValue *value) {
             self->impl->board->change(
                 [value](Settings &s) { s.motion.ms = static_cast<int>(g_value_get_uint(value)); });
         },
         [](Self self, GValue *value) { g_value_set_uint(value, static_cast<guint>(settings(self).motion.ms)); }},
        {g_param_spec_enum("transition-ease", "Transition's ease", "How tiles gain and lose speed on their way",
                           ease_get_type(), static_cast<gint>(Ease::InOut), kLiveProperty),
         [](Self self, const GValue *value) {
             self->impl->board->change(
                 [value](Settings &s) { s.motion.ease = static_cast<Ease>(g_value_get_enum(value)); });
         },
         [](Self self, GValue *value) { g_value_set_enum(value, static_cast<gint>(settings(self).motion.ease)); }},
    };
}

} // namespace livecompositor
