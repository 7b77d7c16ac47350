// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "streamsrc/uri_puller.h"

#include "common/gst_ref.h"
#include "streamsrc/local_time.h"
#include "sync/mutex.h"

#include <functional>
#include <memory>
#include <optional>
#include <vector>

GST_DEBUG_CATEGORY_EXTERN(gst_stream_src_debug);
#define GST_CAT_DEFAULT gst_stream_src_debug

namespace rostrum {

using peerwire::MutexLock;
using peerwire::TimeNs;

namespace {

// Where uridecodebin stops: what can go into RTP, and decoded sound.
constexpr char kStopCaps[] = "video/x-h264; video/x-vp8; video/x-vp9; video/x-av1; audio/x-opus; audio/x-raw";

// 1200 bytes fit every path after DTLS and SRTP; the picture id helps viewers to find lost frames.
struct Packing {
    const char *caps_name;
    const char *name; ///< of the pad
    const char *description;
};
constexpr Packing kPackings[] = {
    {"video/x-h264", "video_0", "h264parse ! rtph264pay mtu=1200 pt=96 config-interval=-1 aggregate-mode=none"},
    {"video/x-vp8", "video_0", "rtpvp8pay mtu=1200 pt=96 picture-id-mode=15-bit"},
    {"video/x-vp9", "video_0", "vp9parse ! rtpvp9pay mtu=1200 pt=96 picture-id-mode=15-bit"},
    {"video/x-av1", "video_0", "av1parse ! rtpav1pay mtu=1200 pt=96"},
    {"audio/x-opus", "audio_0", "rtpopuspay mtu=1200 pt=97"},
    {"audio/x-raw", "audio_0",
     "audioconvert ! audioresample ! audio/x-raw,rate=48000,channels=2 ! opusenc frame-size=20 ! rtpopuspay mtu=1200 "
     "pt=97"},
};

const Packing *find_packing(GstPad *pad) {
    const auto caps = GstRef<GstCaps>::adopt(gst_pad_query_caps(pad, nullptr));
    if (!caps || gst_caps_get_size(caps.get()) == 0)
        return nullptr;
    const gchar *name = gst_structure_get_name(gst_caps_get_structure(caps.get(), 0));
    for (const Packing &packing : kPackings) {
        if (g_str_equal(name, packing.caps_name))
            return &packing;
    }
    return nullptr;
}

/// queue, packing, pacing; null when an element is missing.
GstRef<GstElement> make_chain(const Packing &packing) {
    const std::string description =
        std::string("queue max-size-buffers=0 max-size-bytes=0 max-size-time=3000000000 ! ") + packing.description +
        " ! clocksync name=pace";
    g_autoptr(GError) error = nullptr;
    GstElement *chain = gst_parse_bin_from_description_full(description.c_str(), TRUE, nullptr,
                                                            GST_PARSE_FLAG_NO_SINGLE_ELEMENT_BINS, &error);
    if (error)
        GST_WARNING("cannot pack %s into RTP: %s", packing.caps_name, error->message);
    return GstRef<GstElement>::ref(chain);
}

} // namespace

/// All streams of one pipeline start together: the first packet of any is due at once. Thread-safe.
struct UriPuller::Timeline {
    peerwire::Mutex mutex;
    std::optional<TimeNs> offset GUARDED_BY(mutex);

    TimeNs offset_for(TimeNs first_running, TimeNs now_running) EXCLUDES(mutex) {
        MutexLock lock(mutex);
        if (!offset)
            offset = now_running - first_running;
        return *offset;
    }
};

/// What the callbacks of one pipeline share.
struct UriPuller::Context {
    PullHost &host;
    GstBin *pipeline; ///< outlives the callbacks
    std::shared_ptr<Timeline> timeline = std::make_shared<Timeline>();
    peerwire::Mutex mutex;
    std::vector<std::string> taken GUARDED_BY(mutex); ///< one stream of each kind

    bool take(const std::string &name) EXCLUDES(mutex) {
        MutexLock lock(mutex);
        for (const std::string &other : taken) {
            if (other == name)
                return false;
        }
        taken.push_back(name);
        return true;
    }
};

namespace {

struct Pacing {
    std::function<TimeNs(TimeNs, TimeNs)> offset_for;
    GstElement *pace;     ///< owns the pad that this probe is on
    GstElement *pipeline; ///< around it
};

// Shifts the stream so that it starts now, before clocksync sees its first packet.
GstPadProbeReturn start_now(GstPad *pad, GstPadProbeInfo *info, gpointer data) {
    auto &pacing = *static_cast<Pacing *>(data);
    GstBuffer *buffer = GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER_LIST
                            ? gst_buffer_list_get(GST_PAD_PROBE_INFO_BUFFER_LIST(info), 0)
                            : GST_PAD_PROBE_INFO_BUFFER(info);
    const auto event = GstRef<GstEvent>::adopt(gst_pad_get_sticky_event(pad, GST_EVENT_SEGMENT, 0));
    if (!event || !GST_BUFFER_PTS_IS_VALID(buffer))
        return GST_PAD_PROBE_OK;
    const GstSegment *segment = nullptr;
    gst_event_parse_segment(event.get(), &segment);
    const auto running = gst_segment_to_running_time(segment, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
    if (!GST_CLOCK_TIME_IS_VALID(running))
        return GST_PAD_PROBE_OK;
    const auto now = monotonic_now() - static_cast<TimeNs>(gst_element_get_base_time(pacing.pipeline));
    const TimeNs offset = pacing.offset_for(static_cast<TimeNs>(running), now);
    g_object_set(pacing.pace, "ts-offset", static_cast<gint64>(offset), nullptr);
    const auto source = GstRef<GstPad>::adopt(gst_element_get_static_pad(pacing.pace, "src"));
    gst_pad_set_offset(source.get(), offset); // the times that leave are shifted too
    return GST_PAD_PROBE_REMOVE;
}

} // namespace

Result<bool> UriPuller::open(GstBin *pipeline) {
    GstElement *decodebin = gst_element_factory_make("uridecodebin", nullptr);
    if (!decodebin)
        return Error{500, "the element uridecodebin is missing (gst-plugins-base)"};
    const auto caps = GstRef<GstCaps>::adopt(gst_caps_from_string(kStopCaps));
    g_object_set(decodebin, "uri", uri_.c_str(), "caps", caps.get(), "expose-all-streams", FALSE, nullptr);
    g_signal_connect(decodebin, "source-setup", G_CALLBACK(on_source_setup), this);
    g_signal_connect_data(
        decodebin, "pad-added", G_CALLBACK(on_pad_added), new Context{host_, pipeline},
        [](gpointer data, GClosure *) { delete static_cast<Context *>(data); }, GConnectFlags{});
    gst_bin_add(pipeline, decodebin);
    return true;
}

bool UriPuller::finite() const {
    return uri_.compare(0, 5, "file:") == 0 || uri_.compare(0, 4, "http") == 0;
}

void UriPuller::on_source_setup(GstElement *, GstElement *source, gpointer self) {
    const unsigned latency_ms = static_cast<UriPuller *>(self)->host_.settings().latency_ms;
    if (latency_ms > 0 && g_object_class_find_property(G_OBJECT_GET_CLASS(source), "latency"))
        gst_util_set_object_arg(G_OBJECT(source), "latency", std::to_string(latency_ms).c_str());
}

void UriPuller::on_pad_added(GstElement *, GstPad *pad, gpointer data) {
    auto &context = *static_cast<Context *>(data);
    const Packing *packing = find_packing(pad);
    const auto chain = packing && context.take(packing->name) ? make_chain(*packing) : GstRef<GstElement>();
    if (!chain) {
        GST_INFO("leaving out pad %s: no way to carry it in RTP", GST_PAD_NAME(pad));
        return;
    }
    GstElement *pace = gst_bin_get_by_name(GST_BIN(chain.get()), "pace");
    const auto pace_sink = GstRef<GstPad>::adopt(gst_element_get_static_pad(pace, "sink"));
    gst_object_unref(pace); // the chain owns it
    gst_pad_add_probe(
        pace_sink.get(), static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST),
        start_now,
        new Pacing{[timeline = context.timeline](TimeNs first, TimeNs now) { return timeline->offset_for(first, now); },
                   pace, GST_ELEMENT(context.pipeline)},
        [](gpointer pacing) { delete static_cast<Pacing *>(pacing); });
    gst_bin_add(context.pipeline, chain.get());
    const auto source = GstRef<GstPad>::adopt(gst_element_get_static_pad(chain.get(), "src"));
    context.host.deliver(context.pipeline, source.get(), packing->name);
    gst_element_sync_state_with_parent(chain.get());
    const auto sink = GstRef<GstPad>::adopt(gst_element_get_static_pad(chain.get(), "sink"));
    gst_pad_link(pad, sink.get());
}

} // namespace rostrum
