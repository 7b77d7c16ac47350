// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/element_impl.h"
#include "livecompositor/image_file.h"
#include "livecompositor/properties.h"

namespace livecompositor {

using Self = GstLiveCompositor *;

namespace {

constexpr int kKeepCanvas = 2560, kKeepMark = 1024; // px a side: memory against sharpness on a larger canvas

GType spot_get_type() {
    static const GEnumValue kValues[] = {{static_cast<gint>(Spot::TopLeft), "Top left", "top-left"},
                                         {static_cast<gint>(Spot::TopRight), "Top right", "top-right"},
                                         {static_cast<gint>(Spot::BottomLeft), "Bottom left", "bottom-left"},
                                         {static_cast<gint>(Spot::BottomRight), "Bottom right", "bottom-right"},
                                         {static_cast<gint>(Spot::Center), "Center", "center"},
                                         {0, nullptr, nullptr}};
    static const GType type = g_enum_register_static("GstLiveCompositorSpot", kValues);
    return type;
}

GType slate_mode_get_type() {
    static const GEnumValue kValues[] = {{static_cast<gint>(SlateMode::Auto), "While there is no video input", "auto"},
                                         {static_cast<gint>(SlateMode::Always), "Now, instead of everybody", "always"},
                                         {static_cast<gint>(SlateMode::Never), "Never", "never"},
                                         {0, nullptr, nullptr}};
    static const GType type = g_enum_register_static("GstLiveCompositorSlateMode", kValues);
    return type;
}

Branding branding(Self self) {
    return settings(self).branding;
}

/// Decodes in the thread of the caller, so that the picture does not wait.
template <NamedImage Branding::*image, int keep_side> void set_image(Self self, const GValue *value) {
    NamedImage wanted{text_of(value), nullptr};
    if (!wanted.path.empty()) {
        LoadedImage loaded = load_image(wanted.path, keep_side);
        if (!loaded.bitmap) {
            gst_live_compositor_complain(self, loaded.error);
            return;
        }
        wanted.bitmap = std::move(loaded.bitmap);
    }
    self->impl->board->change([&](Settings &s) { s.branding.*image = wanted; });
}

template <NamedImage Branding::*image> void get_image(Self self, GValue *value) {
    g_value_set_string(value, (branding(self).*image).path.c_str());
}

template <std::string Branding::*text> void set_text(Self self, const GValue *value) {
    self->impl->board->change([value](Settings &s) { s.branding.*text = text_of(value); });
}

template <std::string Branding::*text> void get_text(Self self, GValue *value) {
    g_value_set_string(value, (branding(self).*text).c_str());
}

template <double Branding::*number> void set_number(Self self, const GValue *value) {
    self->impl->board->change([value](Settings &s) { s.branding.*number = g_value_get_double(value); });
}

template <double Branding::*number> void get_number(Self self, GValue *value) {
    g_value_set_double(value, branding(self).*number);
}

template <class Enum, Enum Branding::*choice> void set_choice(Self self, const GValue *value) {
    self->impl->board->change(
        [value](Settings &s) { s.branding.*choice = static_cast<Enum>(g_value_get_enum(value)); });
}

template <class Enum, Enum Branding::*choice> void get_choice(Self self, GValue *value) {
    g_value_set_enum(value, static_cast<gint>(branding(self).*choice));
}

std::vector<Property> image_properties() {
    return {
        {g_param_spec_string("background-image", "Background image",
                             "PNG or JPEG file (up to 8 MiB, 4096 pixels a side) that covers the canvas; empty = the "
                             "background's colour",
                             "", kLiveProperty),
         set_image<&Branding::background, kKeepCanvas>, get_image<&Branding::background>},
        {g_param_spec_string("watermark", "Watermark",
                             "PNG or JPEG file (up to 8 MiB, 4096 pixels a side) over everything; empty = none", "",
                             kLiveProperty),
         set_image<&Branding::watermark, kKeepMark>, get_image<&Branding::watermark>},
        {g_param_spec_enum("watermark-position", "Watermark position", "Where the watermark stands", spot_get_type(),
                           static_cast<gint>(Spot::TopRight), kLiveProperty),
         set_choice<Spot, &Branding::watermark_spot>, get_choice<Spot, &Branding::watermark_spot>},
        {g_param_spec_double("watermark-opacity", "Watermark opacity", "0 (not seen) to 1 (as it is)", 0, 1, 1,
                             kLiveProperty),
         set_number<&Branding::watermark_opacity>, get_number<&Branding::watermark_opacity>},
        {g_param_spec_double("watermark-size", "Watermark size",
                             "The watermark is as large as fits into this part of the canvas' width and height", 0.01,
                             1, 0.15, kLiveProperty),
         set_number<&Branding::watermark_size>, get_number<&Branding::watermark_size>},
        {g_param_spec_string("slate-image", "Slate image",
                             "PNG or JPEG file (up to 8 MiB, 4096 pixels a side) that covers the canvas behind the "
                             "slate; empty = the background",
                             "", kLiveProperty),
         set_image<&Branding::slate_image, kKeepCanvas>, get_image<&Branding::slate_image>},
    };
}

std::vector<Property> text_properties() {
    return {
        {g_param_spec_string("slate", "Slate", "One line of text in the middle of the slate; empty = none", "",
                             kLiveProperty),
         set_text<&Branding::slate>, get_text<&Branding::slate>},
        {g_param_spec_enum("slate-mode", "Slate mode", "When the slate takes the place of the tiles",
                           slate_mode_get_type(), static_cast<gint>(SlateMode::Auto), kLiveProperty),
         set_choice<SlateMode, &Branding::slate_mode>, get_choice<SlateMode, &Branding::slate_mode>},
        {g_param_spec_string("lower-third", "Lower third",
                             "Title and, after a line break or '|', subtitle on a bar that slides in at the bottom "
                             "left; empty = none",
                             "", kLiveProperty),
         set_text<&Branding::lower_third>, get_text<&Branding::lower_third>},
        {g_param_spec_string("ticker", "Ticker",
                             "A line that runs along the bottom, below the tiles; line breaks or '|' separate items; "
                             "empty = none",
                             "", kLiveProperty),
         set_text<&Branding::ticker>, get_text<&Branding::ticker>},
        {g_param_spec_int64("countdown", "Countdown",
                            "UTC time in ms since 1970 that a clock counts down to and then disappears; 0 = none", 0,
                            G_MAXINT64, 0, kLiveProperty),
         [](Self self, const GValue *value) {
             self->impl->board->change([value](Settings &s) { s.branding.countdown_ms = g_value_get_int64(value); });
         },
         [](Self self, GValue *value) { g_value_set_int64(value, branding(self).countdown_ms); }},
        {g_param_spec_string("countdown-label", "Countdown label", "Text beside the countdown; empty = none", "",
                             kLiveProperty),
         set_text<&Branding::countdown_label>, get_text<&Branding::countdown_label>},
    };
}

} // namespace

std::vector<Property> branding_properties() {
    std::vector<Property> all = image_properties();
    const std::vector<Property> texts = text_properties();
    all.insert(all.end(), texts.begin(), texts.end());
    return all;
}

} // namespace livecompositor
