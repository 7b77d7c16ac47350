// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Sink pads of livecompositor: take in what comes, at any time, and never tell upstream to stop.

#include "livecompositor/gstlivecompositorpad.h"

#include "livecompositor/gstlivecompositor.h"
#include "livecompositor/image_file.h"

GST_DEBUG_CATEGORY_EXTERN(livecompositor_debug);
#define GST_CAT_DEFAULT livecompositor_debug

using namespace livecompositor;

namespace {

enum Property { kLabel = 1, kPriority, kPinned, kScreen, kMuted, kVolume, kFit, kPlaceholder, kAvatar, kHandRaised };

GType fit_get_type() {
    static const GEnumValue kValues[] = {{static_cast<gint>(Fit::Auto), "Cover, unless that hides over half", "auto"},
                                         {static_cast<gint>(Fit::Cover), "Fill the tile, cut off the rest", "cover"},
                                         {static_cast<gint>(Fit::Contain), "Show everything", "contain"},
                                         {0, nullptr, nullptr}};
    static const GType type = g_enum_register_static("GstLiveCompositorFit", kValues);
    return type;
}

} // namespace

G_DEFINE_TYPE(GstLiveCompositorPad, gst_live_compositor_pad, GST_TYPE_PAD)

void PadImpl::leave_board() {
    if (video)
        board->remove(*video);
    if (audio)
        board->remove(*audio);
}

static void set_flushing(PadImpl &impl, bool flushing) {
    if (impl.video)
        impl.video->input.set_flushing(flushing);
    else
        impl.audio->input.set_flushing(flushing);
}

static void clear(PadImpl &impl) {
    if (impl.video)
        impl.video->input.clear();
    else
        impl.audio->input.clear();
}

// Data

/// A source that is not live is slowed down to real time, a live one is never held back.
static void find_out_liveness(GstPad *pad, GstObject *element, PadImpl &impl) {
    if (impl.live_known)
        return;
    GstQuery *query = gst_query_new_latency();
    gboolean live = TRUE;
    if (gst_pad_peer_query(pad, query))
        gst_query_parse_latency(query, &live, nullptr, nullptr);
    gst_query_unref(query);
    impl.live = live;
    impl.live_known = true;
    gst_live_compositor_latency_changed(GST_LIVE_COMPOSITOR(element));
}

/// Running time of the buffer; its time of arrival when it has none that makes sense.
static TimeNs time_of(GstObject *element, PadImpl &impl, GstBuffer *buffer) {
    const auto now = static_cast<TimeNs>(gst_element_get_current_running_time(GST_ELEMENT(element)));
    const GstClockTime stamp = GST_BUFFER_PTS_IS_VALID(buffer) ? GST_BUFFER_PTS(buffer) : GST_BUFFER_DTS(buffer);
    guint64 running = GST_CLOCK_TIME_NONE;
    if (impl.segment.format != GST_FORMAT_TIME || !GST_CLOCK_TIME_IS_VALID(stamp))
        return now;
    const int sign = gst_segment_to_running_time_full(&impl.segment, GST_FORMAT_TIME, stamp, &running);
    if (sign == 0)
        return now;
    const TimeNs time = static_cast<TimeNs>(running) * sign;
    return now < 0 || !impl.live ? time : impl.stamps.to_running_time(time, now, *impl.stamp_offset);
}

static GstFlowReturn chain(GstPad *pad, GstObject *element, GstBuffer *buffer) {
    PadImpl &impl = *GST_LIVE_COMPOSITOR_PAD(pad)->impl;
    find_out_liveness(pad, element, impl);
    BufferPtr owned(buffer);
    const TimeNs time = time_of(element, impl, buffer);
    const bool ok = impl.video ? impl.video->input.push(std::move(owned), time, impl.live)
                               : impl.audio->input.push(buffer, time, GST_BUFFER_IS_DISCONT(buffer), impl.live);
    return ok ? GST_FLOW_OK : GST_FLOW_FLUSHING;
}

static void take_caps(GstPad *pad, GstObject *element, PadImpl &impl, GstCaps *caps) {
    GstVideoInfo video;
    GstAudioInfo audio;
    bool ok = false;
    if (impl.video && gst_video_info_from_caps(&video, caps)) {
        impl.video->input.set_format(video);
        ok = true;
    } else if (impl.audio && gst_audio_info_from_caps(&audio, caps)) {
        ok = impl.audio->input.set_format(audio);
    }
    if (!ok)
        GST_ELEMENT_WARNING(element, STREAM, FORMAT, ("%s cannot take this format", GST_PAD_NAME(pad)),
                            ("%" GST_PTR_FORMAT, static_cast<gpointer>(caps)));
}

/// Nothing that happens to an input reaches the outputs: every event ends here.
static gboolean handle_event(GstPad *pad, GstObject *element, GstEvent *event) {
    PadImpl &impl = *GST_LIVE_COMPOSITOR_PAD(pad)->impl;
    switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_STREAM_START:
        impl.live_known = false;
        if (impl.video)
            impl.video->input.begin();
        else
            impl.audio->input.clear();
        break;
    case GST_EVENT_CAPS: {
        GstCaps *caps = nullptr;
        gst_event_parse_caps(event, &caps);
        take_caps(pad, element, impl, caps);
        break;
    }
    case GST_EVENT_SEGMENT:
        gst_event_copy_segment(event, &impl.segment);
        break;
    case GST_EVENT_EOS:
        if (impl.video)
            impl.video->input.end();
        break;
    case GST_EVENT_FLUSH_START:
        set_flushing(impl, true);
        break;
    case GST_EVENT_FLUSH_STOP:
        set_flushing(impl, false);
        clear(impl);
        gst_segment_init(&impl.segment, GST_FORMAT_UNDEFINED);
        break;
    default:
        break;
    }
    gst_event_unref(event);
    return TRUE;
}

static gboolean handle_query(GstPad *pad, GstObject *element, GstQuery *query) {
    if (GST_QUERY_TYPE(query) == GST_QUERY_ALLOCATION) {
        if (GST_LIVE_COMPOSITOR_PAD(pad)->impl->video)
            gst_query_add_allocation_meta(query, GST_VIDEO_META_API_TYPE, nullptr);
        return TRUE;
    }
    return gst_pad_query_default(pad, element, query);
}

/// Lets go of a streaming thread that waits in chain before the pad waits for that thread.
static gboolean activate_mode(GstPad *pad, GstObject *, GstPadMode mode, gboolean active) {
    PadImpl &impl = *GST_LIVE_COMPOSITOR_PAD(pad)->impl;
    set_flushing(impl, !active);
    if (active && impl.video)
        impl.video->input.reset();
    else if (active)
        impl.audio->input.reset();
    return mode == GST_PAD_MODE_PUSH;
}

// Properties

static void complain(GObject *pad, const std::string &text) {
    if (g_autoptr(GstElement) element = gst_pad_get_parent_element(GST_PAD(pad)))
        gst_live_compositor_complain(GST_LIVE_COMPOSITOR(element), text);
}

/// Decodes in the thread of the caller, so that the picture does not wait.
static void set_avatar(GObject *pad, Board &board, PadSettings &settings, const gchar *path) {
    constexpr int kKeep = 512; // px a side: no badge is larger up to 1080p
    NamedImage avatar{path ? path : "", nullptr};
    if (!avatar.path.empty()) {
        LoadedImage loaded = load_image(avatar.path, kKeep);
        if (!loaded.bitmap) {
            complain(pad, loaded.error);
            return;
        }
        avatar.bitmap = std::move(loaded.bitmap);
    }
    board.change_pad(settings, [&](PadSettings &s) { s.avatar = avatar; });
}

static void set_property(GObject *object, guint id, const GValue *value, GParamSpec *pspec) {
    PadImpl &impl = *GST_LIVE_COMPOSITOR_PAD(object)->impl;
    Board &board = *impl.board;
    PadSettings &settings = impl.settings();
    switch (id) {
    case kLabel:
        board.change_pad(settings, [value](PadSettings &s) {
            const gchar *text = g_value_get_string(value);
            s.label = text ? text : "";
        });
        break;
    case kPriority:
        if (g_value_get_int(value) < 0) {
            complain(object, "priority=" + std::to_string(g_value_get_int(value)) +
                                 " is negative: choose 0 (the usual one) or more to go before others");
        } else {
            board.change_pad(settings, [value](PadSettings &s) { s.priority = g_value_get_int(value); });
        }
        break;
    case kPinned:
        board.pin(settings, g_value_get_boolean(value));
        break;
    case kScreen:
        board.share(settings, g_value_get_boolean(value));
        break;
    case kMuted:
        board.change_pad(settings, [value](PadSettings &s) { s.muted = g_value_get_boolean(value); });
        break;
    case kPlaceholder:
        board.change_pad(settings, [value](PadSettings &s) { s.placeholder = g_value_get_boolean(value); });
        break;
    case kVolume:
        board.change_pad(settings,
                         [value](PadSettings &s) { s.volume = static_cast<float>(g_value_get_double(value)); });
        break;
    case kFit:
        board.change_pad(settings, [value](PadSettings &s) { s.fit = static_cast<Fit>(g_value_get_enum(value)); });
        break;
    case kAvatar:
        set_avatar(object, board, settings, g_value_get_string(value));
        break;
    case kHandRaised:
        board.change_pad(settings, [value](PadSettings &s) { s.hand = g_value_get_boolean(value); });
        break;
    default:
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
    }
}

static void get_property(GObject *object, guint id, GValue *value, GParamSpec *pspec) {
    PadImpl &impl = *GST_LIVE_COMPOSITOR_PAD(object)->impl;
    const PadSettings settings = impl.board->pad(impl.settings());
    switch (id) {
    case kLabel:
        g_value_set_string(value, settings.label.c_str());
        break;
    case kPriority:
        g_value_set_int(value, settings.priority);
        break;
    case kPinned:
        g_value_set_boolean(value, settings.pin_rank > 0);
        break;
    case kScreen:
        g_value_set_boolean(value, settings.screen);
        break;
    case kMuted:
        g_value_set_boolean(value, settings.muted);
        break;
    case kPlaceholder:
        g_value_set_boolean(value, settings.placeholder);
        break;
    case kVolume:
        g_value_set_double(value, static_cast<double>(settings.volume));
        break;
    case kFit:
        g_value_set_enum(value, static_cast<gint>(settings.fit));
        break;
    case kAvatar:
        g_value_set_string(value, settings.avatar.path.c_str());
        break;
    case kHandRaised:
        g_value_set_boolean(value, settings.hand);
        break;
    default:
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
    }
}

static void finalize(GObject *object) {
    delete GST_LIVE_COMPOSITOR_PAD(object)->impl;
    G_OBJECT_CLASS(gst_live_compositor_pad_parent_class)->finalize(object);
}

static void install_properties(GObjectClass *klass) {
    const auto flags = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING);
    g_object_class_install_property(
        klass, kLabel,
        g_param_spec_string("label", "Label", "Name shown on the tile, and its initials where there is no picture", "",
                            flags));
    g_object_class_install_property(
        klass, kPriority,
        g_param_spec_int("priority", "Priority",
                         "Higher goes before lower among inputs that are alike otherwise (0 or more)", G_MININT,
                         G_MAXINT, 0, flags));
    g_object_class_install_property(
        klass, kPinned,
        g_param_spec_boolean(
            "pinned", "Pinned",
            "Goes before all that are not pinned, in order of pinning; sidebar and spotlight show only "
            "pinned inputs as soon as there are any",
            FALSE, flags));
    g_object_class_install_property(
        klass, kScreen,
        g_param_spec_boolean("screen", "Screen",
                             "A screen share: takes the main area, is shown whole and may stand still", FALSE, flags));
    g_object_class_install_property(
        klass, kMuted,
        g_param_spec_boolean("muted", "Muted",
                             "Audio pads: not heard, and video_N of the same N gets a crossed microphone. Video pads: "
                             "camera off, the tile shows the avatar or initials",
                             FALSE, flags));
    g_object_class_install_property(
        klass, kPlaceholder,
        g_param_spec_boolean("placeholder", "Placeholder",
                             "Audio pads: a tile with initials while there is no video_N of the same N. Its place "
                             "follows label, priority and pinned of this pad",
                             FALSE, flags));
    g_object_class_install_property(
        klass, kVolume,
        g_param_spec_double("volume", "Volume",
                            "Audio pads: gain of the sound, linear (1 = as it comes, 0 = not heard). Changes within "
                            "10 ms without a click",
                            0, 10, 1, flags));
    g_object_class_install_property(klass, kFit,
                                    g_param_spec_enum("fit", "Fit", "How the picture fills a tile of another shape",
                                                      fit_get_type(), static_cast<gint>(Fit::Auto), flags));
    g_object_class_install_property(
        klass, kAvatar,
        g_param_spec_string("avatar", "Avatar",
                            "PNG or JPEG file (up to 8 MiB, 4096 pixels a side) shown round where there is no picture. "
                            "On audio pads: for video_N of the same N; empty = initials",
                            "", flags));
    g_object_class_install_property(klass, kHandRaised,
                                    g_param_spec_boolean("hand-raised", "Hand raised",
                                                         "Marks the tile. On audio pads: of video_N of the same N",
                                                         FALSE, flags));
    gst_type_mark_as_plugin_api(fit_get_type(), static_cast<GstPluginAPIFlags>(0));
}

static void gst_live_compositor_pad_class_init(GstLiveCompositorPadClass *klass) {
    auto *object_class = G_OBJECT_CLASS(klass);
    object_class->set_property = set_property;
    object_class->get_property = get_property;
    object_class->finalize = finalize;
    install_properties(object_class);
}

static void gst_live_compositor_pad_init(GstLiveCompositorPad *self) {
    self->impl = new PadImpl;
    gst_segment_init(&self->impl->segment, GST_FORMAT_UNDEFINED);
}

GstLiveCompositorPad *gst_live_compositor_pad_new(GstPadTemplate *templ, const gchar *name,
                                                  std::shared_ptr<Board> board, bool video, unsigned index) {
    auto *self = GST_LIVE_COMPOSITOR_PAD(g_object_new(GST_TYPE_LIVE_COMPOSITOR_PAD, "name", name, "direction",
                                                      GST_PAD_SINK, "template", templ, nullptr));
    PadImpl &impl = *self->impl;
    impl.board = std::move(board);
    if (video)
        impl.board->add(impl.video = std::make_shared<VideoSource>(index));
    else
        impl.board->add(impl.audio = std::make_shared<AudioSource>(index));
    impl.stamp_offset = impl.board->stamp_offset(index);
    GstPad *pad = GST_PAD(self);
    gst_pad_set_chain_function(pad, chain);
    gst_pad_set_event_function(pad, handle_event);
    gst_pad_set_query_function(pad, handle_query);
    gst_pad_set_activatemode_function(pad, activate_mode);
    return self;
}
