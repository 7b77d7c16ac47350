// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The properties of the element, in groups.

#pragma once

#include "livecompositor/board.h"
#include "livecompositor/gstlivecompositor.h"
#include "livecompositor/motion.h"

#include <optional>
#include <vector>

namespace livecompositor {

struct Property {
    GParamSpec *spec;
    void (*set)(GstLiveCompositor *self, const GValue *value); ///< null: read-only
    void (*get)(GstLiveCompositor *self, GValue *value);
};

constexpr auto kLiveProperty =
    static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING);
constexpr auto kReadableProperty = static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

/// Size, rate and who stands where.
std::vector<Property> layout_properties();
/// Gaps, corners, the speaker's border, transitions.
std::vector<Property> style_properties();
/// Colours.
std::vector<Property> look_properties();
/// Images and texts.
std::vector<Property> branding_properties();
/// Time, and what can be read of a running element.
std::vector<Property> running_properties();

void install_properties(GObjectClass *klass);

// For the groups.

Settings settings(GstLiveCompositor *self);
/// Empty for null.
std::string text_of(const GValue *value);

struct ColorChoice {
    std::string text;
    std::optional<Color> color; ///< nothing for an empty text
};
/// Nothing, and a warning message, when the text is no colour.
std::optional<ColorChoice> color_of(GstLiveCompositor *self, const GValue *value);
void install_actions(GObjectClass *klass);

/// Changes the layout whole; with `motion`, this once as it says. False, and a warning message, when `text` is none.
bool change_layout(GstLiveCompositor *self, const char *text, const std::optional<Motion> &motion);
GType ease_get_type();

} // namespace livecompositor
