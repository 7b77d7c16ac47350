// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/properties.h"

#include "livecompositor/element_impl.h"

namespace livecompositor {

namespace {

/// Property ids are positions in it, counted from 1.
const std::vector<Property> &all_properties() {
    static const std::vector<Property> kAll = [] {
        std::vector<Property> all;
        for (const auto group :
             {layout_properties, style_properties, look_properties, branding_properties, running_properties}) {
            const std::vector<Property> more = group();
            all.insert(all.end(), more.begin(), more.end());
        }
        return all;
    }();
    return kAll;
}

void set_property(GObject *object, guint id, const GValue *value, GParamSpec *) {
    all_properties()[id - 1].set(GST_LIVE_COMPOSITOR(object), value);
}

void get_property(GObject *object, guint id, GValue *value, GParamSpec *) {
    all_properties()[id - 1].get(GST_LIVE_COMPOSITOR(object), value);
}

} // namespace

Settings settings(GstLiveCompositor *self) {
    return self->impl->board->settings();
}

std::string text_of(const GValue *value) {
    const gchar *text = g_value_get_string(value);
    return text ? text : "";
}

std::optional<ColorChoice> color_of(GstLiveCompositor *self, const GValue *value) {
    ColorChoice choice{text_of(value), std::nullopt};
    choice.color = parse_color(choice.text);
    if (choice.color || choice.text.empty())
        return choice;
    gst_live_compositor_complain(self, "'" + choice.text +
                                           "' is not a colour: write it like '#1a2b3c', '0xff1a2b3c' or 'navy'");
    return std::nullopt;
}

void install_properties(GObjectClass *klass) {
    klass->set_property = set_property;
    klass->get_property = get_property;
    guint id = 0;
    for (const Property &property : all_properties()) {
        g_object_class_install_property(klass, ++id, property.spec);
        if (G_TYPE_IS_ENUM(property.spec->value_type))
            gst_type_mark_as_plugin_api(property.spec->value_type, static_cast<GstPluginAPIFlags>(0));
    }
}

} // namespace livecompositor
