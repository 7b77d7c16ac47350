// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/properties.h"

#include "livecompositor/element_impl.h"

using namespace livecompositor;
using peerwire::MutexLock;

namespace {

enum Property {
    kLayout = 1,
    kPriority,
    kGridSize,
    kWidth,
    kHeight,
    kFramerate,
    kTheme,
    kBackground,
    kWatermark,
    kSlate,
    kTransition,
    kFreezeTimeout,
    kLatency,
    kActiveSpeaker,
    kStats,
};

GType theme_get_type() {
    static const GEnumValue kValues[] = {{0, "Dark", "dark"}, {1, "Light", "light"}, {0, nullptr, nullptr}};
    static const GType type = g_enum_register_static("GstLiveCompositorTheme", kValues);
    return type;
}

GType priority_get_type() {
    static const GEnumValue kValues[] = {
        {static_cast<gint>(Priority::Speaker), "The active speaker, even if somebody else is pinned", "speaker"},
        {static_cast<gint>(Priority::Pin), "Who is pinned, even if somebody else speaks", "pin"},
        {0, nullptr, nullptr}};
    static const GType type = g_enum_register_static("GstLiveCompositorPriority", kValues);
    return type;
}

void set_layout(GstLiveCompositor *self, const gchar *text) {
    ElementImpl &impl = *self->impl;
    LayoutChoice choice = parse_layout_property(text ? text : "grid");
    if (!choice.error.empty()) {
        gst_live_compositor_complain(self, choice.error);
        return;
    }
    impl.board->change([&](Settings &s) {
        s.layout.kind = choice.kind;
        s.layout.custom = std::move(choice.custom);
    });
    MutexLock lock(impl.mutex);
    impl.layout_text = text ? text : "grid";
}

void set_side(GstLiveCompositor *self, const char *name, int pixels, int Size::*side) {
    const std::string error = check_side(name, pixels);
    if (error.empty())
        self->impl->board->change([=](Settings &s) { s.size.*side = pixels; });
    else
        gst_live_compositor_complain(self, error);
}

void set_framerate(GstLiveCompositor *self, int n, int d) {
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

void set_background(GstLiveCompositor *self, const gchar *text) {
    ElementImpl &impl = *self->impl;
    const std::string wanted = text ? text : "";
    const auto color = parse_color(wanted);
    if (!wanted.empty() && !color) {
        gst_live_compositor_complain(self, "'" + wanted +
                                               "' is not a colour: write it like '#1a2b3c', '0xff1a2b3c' or 'navy'");
        return;
    }
    impl.board->change([&](Settings &s) { s.background = color; });
    MutexLock lock(impl.mutex);
    impl.background_text = wanted;
}

void set_watermark(GstLiveCompositor *self, const gchar *text) {
    constexpr int kShare = 4; // of the canvas, at most
    ElementImpl &impl = *self->impl;
    const std::string path = text ? text : "";
    Watermark mark;
    if (!path.empty()) {
        const Size size = impl.board->settings().size;
        mark = load_watermark(path, {size.w / kShare, size.h / kShare});
        if (!mark.error.empty()) {
            gst_live_compositor_complain(self, mark.error);
            return;
        }
    }
    impl.board->change([&](Settings &s) { s.watermark = mark.sprite; });
    MutexLock lock(impl.mutex);
    impl.watermark_path = path;
}

void set_latency(GstLiveCompositor *self, guint ms) {
    {
        MutexLock lock(self->impl->mutex);
        self->impl->latency_ms = ms;
    }
    gst_live_compositor_latency_changed(self);
}

void set_property(GObject *object, guint id, const GValue *value, GParamSpec *pspec) {
    GstLiveCompositor *self = GST_LIVE_COMPOSITOR(object);
    Board &board = *self->impl->board;
    switch (id) {
    case kLayout:
        set_layout(self, g_value_get_string(value));
        break;
    case kPriority:
        board.change([value](Settings &s) { s.layout.priority = static_cast<Priority>(g_value_get_enum(value)); });
        break;
    case kGridSize:
        board.change([value](Settings &s) {
            const int n = g_value_get_int(value);
            s.layout.grid_size = n == 0 ? kMaxTiles : n;
        });
        break;
    case kWidth:
        set_side(self, "width", g_value_get_int(value), &Size::w);
        break;
    case kHeight:
        set_side(self, "height", g_value_get_int(value), &Size::h);
        break;
    case kFramerate:
        set_framerate(self, gst_value_get_fraction_numerator(value), gst_value_get_fraction_denominator(value));
        break;
    case kTheme:
        board.change([value](Settings &s) { s.light = g_value_get_enum(value) == 1; });
        break;
    case kBackground:
        set_background(self, g_value_get_string(value));
        break;
    case kWatermark:
        set_watermark(self, g_value_get_string(value));
        break;
    case kSlate:
        board.change([value](Settings &s) {
            const gchar *text = g_value_get_string(value);
            s.slate = text ? text : "";
        });
        break;
    case kTransition:
        board.change([value](Settings &s) { s.transition_ms = static_cast<int>(g_value_get_uint(value)); });
        break;
    case kFreezeTimeout:
        board.change([value](Settings &s) { s.freeze_ms = static_cast<int>(g_value_get_uint(value)); });
        break;
    case kLatency:
        set_latency(self, g_value_get_uint(value));
        break;
    default:
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
    }
}

GstStructure *stats(const ElementImpl &impl) {
    return gst_structure_new("livecompositor-stats", "frames", G_TYPE_UINT64, impl.video.pushed(), "frame-skips",
                             G_TYPE_UINT64, impl.video.skipped(), "audio-blocks", G_TYPE_UINT64, impl.audio.pushed(),
                             "audio-skips", G_TYPE_UINT64, impl.audio.skipped(), "delay", G_TYPE_UINT64,
                             static_cast<guint64>(impl.board->delay_ns.load()), nullptr);
}

void get_text_property(ElementImpl &impl, guint id, GValue *value) {
    MutexLock lock(impl.mutex);
    const std::string &text = id == kLayout       ? impl.layout_text
                              : id == kBackground ? impl.background_text
                                                  : impl.watermark_path;
    g_value_set_string(value, text.c_str());
}

void get_property(GObject *object, guint id, GValue *value, GParamSpec *pspec) {
    ElementImpl &impl = *GST_LIVE_COMPOSITOR(object)->impl;
    const Settings s = impl.board->settings();
    switch (id) {
    case kLayout:
    case kBackground:
    case kWatermark:
        get_text_property(impl, id, value);
        break;
    case kPriority:
        g_value_set_enum(value, static_cast<gint>(s.layout.priority));
        break;
    case kGridSize:
        g_value_set_int(value, s.layout.grid_size);
        break;
    case kWidth:
        g_value_set_int(value, s.size.w);
        break;
    case kHeight:
        g_value_set_int(value, s.size.h);
        break;
    case kFramerate:
        gst_value_set_fraction(value, s.fps_n, s.fps_d);
        break;
    case kTheme:
        g_value_set_enum(value, s.light ? 1 : 0);
        break;
    case kSlate:
        g_value_set_string(value, s.slate.c_str());
        break;
    case kTransition:
        g_value_set_uint(value, static_cast<guint>(s.transition_ms));
        break;
    case kFreezeTimeout:
        g_value_set_uint(value, static_cast<guint>(s.freeze_ms));
        break;
    case kLatency: {
        MutexLock lock(impl.mutex);
        g_value_set_uint(value, impl.latency_ms);
        break;
    }
    case kActiveSpeaker: {
        const auto speaker = impl.board->speaker();
        g_value_take_string(value, speaker ? g_strdup_printf("audio_%u", *speaker) : nullptr);
        break;
    }
    case kStats:
        g_value_take_boxed(value, stats(impl));
        break;
    default:
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
    }
}

void install_picture_properties(GObjectClass *klass, GParamFlags live) {
    g_object_class_install_property(
        klass, kLayout,
        g_param_spec_string("layout", "Layout",
                            "grid, sidebar, spotlight, pip or a JSON description that starts with '{'. Changes whole, "
                            "at a frame boundary",
                            "grid", live));
    g_object_class_install_property(klass, kPriority,
                                    g_param_spec_enum("priority", "Priority",
                                                      "Who has the main area of sidebar, spotlight and pip",
                                                      priority_get_type(), static_cast<gint>(Priority::Speaker), live));
    g_object_class_install_property(
        klass, kGridSize,
        g_param_spec_int("grid-size", "Grid size", "At most so many tiles (0 = 25); the active speaker always has one",
                         0, kMaxTiles, kMaxTiles, live));
    // Wide ranges: a wrong size gets a message that helps instead of GLib's.
    g_object_class_install_property(
        klass, kWidth, g_param_spec_int("width", "Width", "Pixels, even, 16 to 7680", G_MININT, G_MAXINT, 1280, live));
    g_object_class_install_property(
        klass, kHeight,
        g_param_spec_int("height", "Height", "Pixels, even, 16 to 7680", G_MININT, G_MAXINT, 720, live));
    g_object_class_install_property(klass, kFramerate,
                                    gst_param_spec_fraction("framerate", "Frame rate",
                                                            "Pictures per second, 1/1 to 120/1", 0, 1, G_MAXINT, 1, 30,
                                                            1, live));
}

void install_look_properties(GObjectClass *klass, GParamFlags live) {
    g_object_class_install_property(
        klass, kTheme,
        g_param_spec_enum("theme", "Theme", "Colours of background, tiles and borders", theme_get_type(), 0, live));
    g_object_class_install_property(
        klass, kBackground,
        g_param_spec_string("background", "Background",
                            "Colour like '#1a2b3c', '0xff1a2b3c' (ARGB) or 'navy'; empty = the theme's", "", live));
    g_object_class_install_property(
        klass, kWatermark,
        g_param_spec_string(
            "watermark", "Watermark",
            "PNG file (up to 8 MiB, 4096 pixels a side) shown top right, at most a quarter of the canvas "
            "wide and high; empty = none",
            "", live));
    g_object_class_install_property(
        klass, kSlate,
        g_param_spec_string("slate", "Slate",
                            "One line of text in the middle of the picture while there is no video input; empty = none",
                            "", live));
    g_object_class_install_property(klass, kTransition,
                                    g_param_spec_uint("transition", "Transition",
                                                      "ms that tiles take to move to their new places (0 = at once)", 0,
                                                      5000, 250, live));
    g_object_class_install_property(
        klass, kFreezeTimeout,
        g_param_spec_uint("freeze-timeout", "Freeze timeout",
                          "ms after which a camera picture that does not change is replaced by initials (0 = never)", 0,
                          3600'000, 1000, live));
}

} // namespace

void livecompositor::install_properties(GObjectClass *klass) {
    klass->set_property = set_property;
    klass->get_property = get_property;
    gst_type_mark_as_plugin_api(theme_get_type(), static_cast<GstPluginAPIFlags>(0));
    gst_type_mark_as_plugin_api(priority_get_type(), static_cast<GstPluginAPIFlags>(0));
    const auto live = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING);
    const auto readable = static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
    install_picture_properties(klass, live);
    install_look_properties(klass, live);
    g_object_class_install_property(
        klass, kLatency,
        g_param_spec_uint("latency", "Latency",
                          "ms after its time at which a picture is made: so late may inputs be and still be in sync. "
                          "Grows by itself when an input reports more; while playing it does not shrink",
                          0, kMaxLatencyMs, kDefaultLatencyMs, live));
    g_object_class_install_property(klass, kActiveSpeaker,
                                    g_param_spec_string("active-speaker", "Active speaker",
                                                        "Name of the audio pad that has the floor; null = nobody",
                                                        nullptr, readable));
    g_object_class_install_property(
        klass, kStats,
        g_param_spec_boxed("stats", "Statistics",
                           "livecompositor-stats: frames, frame-skips, audio-blocks, audio-skips (uint64), delay (ns)",
                           GST_TYPE_STRUCTURE, readable));
}
