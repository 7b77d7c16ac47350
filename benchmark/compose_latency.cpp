// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// How late a composed picture is. A source that goes from dark to bright and back every half second runs through the
// decoding, composing and encoding branches of a session in one process; the edges are looked for in front of the
// compositor and in what the encoder made.
//
//   compose_latency [SECONDS], for each codec of the source

#include "plan_branches.h"
#include "running_branch.h"

#include <gst/app/gstappsrc.h>
#include <gst/video/video.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <thread>

using namespace rostrum::session;

namespace {

constexpr int kWidth = 1280, kHeight = 720, kRate = 30;
constexpr unsigned kEdgeFrames = kRate / 2;
constexpr double kJitterMs = 80; // of the decoding branch

/// Running times of the edges that came past one place.
class Edges {
  public:
    void see(bool bright, GstClockTime when) {
        const std::scoped_lock lock(mutex_);
        if (known_ && bright != bright_)
            times_.push_back(when);
        bright_ = bright;
        known_ = true;
    }
    std::vector<GstClockTime> times() const {
        const std::scoped_lock lock(mutex_);
        return times_;
    }

  private:
    mutable std::mutex mutex_;
    std::vector<GstClockTime> times_;
    bool bright_ = false, known_ = false;
};

struct Run {
    GstPtr<GstElement> pipeline;
    Edges source, composed, encoded;
    std::mutex mutex;
    std::map<GstClockTime, GstClockTime> left; // the encoder, by PTS; guarded by mutex
    std::atomic<bool> over{false};

    GstClockTime now() const { return gst_element_get_current_running_time(pipeline.get()); }
};

bool is_bright(GstPad *pad, GstBuffer *buffer) {
    g_autoptr(GstCaps) caps = gst_pad_get_current_caps(pad);
    GstVideoInfo info;
    GstVideoFrame frame;
    if (!caps || !gst_video_info_from_caps(&info, caps) || !gst_video_frame_map(&frame, &info, buffer, GST_MAP_READ))
        return false;
    const auto *luma = static_cast<const guint8 *>(GST_VIDEO_FRAME_PLANE_DATA(&frame, 0));
    const int at = info.height / 2 * GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0) + info.width / 2;
    const bool bright = luma[at] > 128;
    gst_video_frame_unmap(&frame);
    return bright;
}

GstPadProbeReturn into_compositor(GstPad *pad, GstPadProbeInfo *info, gpointer data) {
    auto *run = static_cast<Run *>(data);
    run->composed.see(is_bright(pad, GST_PAD_PROBE_INFO_BUFFER(info)), run->now());
    return GST_PAD_PROBE_OK;
}

GstPadProbeReturn out_of_encoder(GstPad *, GstPadProbeInfo *info, gpointer data) {
    auto *run = static_cast<Run *>(data);
    const std::scoped_lock lock(run->mutex);
    run->left[GST_BUFFER_PTS(GST_PAD_PROBE_INFO_BUFFER(info))] = run->now();
    return GST_PAD_PROBE_OK;
}

GstPadProbeReturn decoded_again(GstPad *pad, GstPadProbeInfo *info, gpointer data) {
    auto *run = static_cast<Run *>(data);
    GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);
    const std::scoped_lock lock(run->mutex);
    if (const auto found = run->left.find(GST_BUFFER_PTS(buffer)); found != run->left.end())
        run->encoded.see(is_bright(pad, buffer), found->second);
    return GST_PAD_PROBE_OK;
}

GstElement *part_of(GstElement *pipeline, const char *description) {
    GError *error = nullptr;
    GstElement *bin = gst_parse_bin_from_description(description, TRUE, &error);
    if (!bin)
        g_error("%s", error->message);
    gst_bin_add(GST_BIN(pipeline), bin);
    return bin;
}

void watch(GstElement *element, const char *pad, GstPadProbeCallback probe, Run &run) {
    const auto found = adopt(gst_element_get_static_pad(element, pad));
    gst_pad_add_probe(found.get(), GST_PAD_PROBE_TYPE_BUFFER, probe, &run, nullptr);
}

RunningLink joined(const PadRef &from, const PadRef &to, GstElement *source, GstElement *sink) {
    auto link = RunningLink::make({from, to, {}}, source, sink);
    if (!link)
        g_error("cannot link %s with %s", from.node.c_str(), to.node.c_str());
    return std::move(*link);
}

/// Pictures at the pace of a camera, each with the time at which it was made.
void feed(Run &run, GstAppSrc *source) {
    for (unsigned number = 0; !run.over; ++number) {
        const GstClockTime due = gst_util_uint64_scale(number, GST_SECOND, kRate);
        while (!run.over && run.now() < due)
            g_usleep(500);
        const bool bright = number / kEdgeFrames % 2;
        constexpr gsize kLuma = kWidth * kHeight;
        GstBuffer *picture = gst_buffer_new_allocate(nullptr, kLuma * 3 / 2, nullptr);
        gst_buffer_memset(picture, 0, bright ? 220 : 30, kLuma);
        gst_buffer_memset(picture, kLuma, 128, kLuma / 2);
        GST_BUFFER_PTS(picture) = run.now();
        run.source.see(bright, GST_BUFFER_PTS(picture));
        gst_app_src_push_buffer(source, picture);
    }
    gst_app_src_end_of_stream(source);
}

void print(const char *what, const std::vector<GstClockTime> &from, const std::vector<GstClockTime> &to, double less) {
    std::vector<double> ms;
    for (const GstClockTime at : to) { // the edge before that is nearest
        const auto next = std::upper_bound(from.begin(), from.end(), at);
        if (next != from.begin())
            ms.push_back(static_cast<double>(at - *std::prev(next)) / GST_MSECOND - less);
    }
    if (ms.empty())
        g_error("no edge came through");
    std::sort(ms.begin(), ms.end());
    std::printf("%-62s %6.1f %6.1f %6.1f\n", what, ms[ms.size() / 2], ms[ms.size() * 95 / 100], ms.back());
}

/// As the session does while it runs.
void run_for(GstBin *pipeline, unsigned seconds) {
    const auto bus = adopt(gst_element_get_bus(GST_ELEMENT(pipeline)));
    const auto interesting = static_cast<GstMessageType>(GST_MESSAGE_LATENCY | GST_MESSAGE_ERROR);
    const gint64 end = g_get_monotonic_time() + seconds * G_USEC_PER_SEC;
    for (gint64 left = end; (left = end - g_get_monotonic_time()) > 0;) {
        g_autoptr(GstMessage) message =
            gst_bus_timed_pop_filtered(bus.get(), static_cast<GstClockTime>(left) * GST_USECOND, interesting);
        if (message && GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR)
            g_error("%s broke", GST_MESSAGE_SRC_NAME(message));
        if (message)
            gst_bin_recalculate_latency(pipeline);
    }
}

void measure(const char *codec, const char *encoder, unsigned seconds) {
    Run run;
    run.pipeline = adopt(GST_ELEMENT(gst_object_ref_sink(gst_pipeline_new(nullptr))));
    GstBin *bin = GST_BIN(run.pipeline.get());
    std::string error;
    const auto build = [&](const Branch &branch) {
        auto built = RunningBranch::build(branch, bin, error);
        if (!built)
            g_error("%s", error.c_str());
        return built;
    };
    const auto encoding = build(encode("H264", {})), composing = build(compose({}, {}));
    const auto decoding = build(*decode("", "host", {"video_0", true, codec, ""}));
    GstElement *source =
        part_of(run.pipeline.get(), ("appsrc name=camera is-live=true format=time "
                                     "caps=video/x-raw,format=I420,width=1280,height=720,framerate=30/1 ! " +
                                     std::string(encoder))
                                        .c_str());
    GstElement *again = part_of(run.pipeline.get(), "queue ! avdec_h264 name=again ! fakesink sync=false async=false");

    std::vector<RunningLink> links;
    links.push_back(joined({"encoded", "src_%u"}, {"again", "sink"}, encoding->element("encoded"), again));
    links.push_back(joined({"pictures", "src_%u"}, {"frames", "sink"}, composing->element("pictures"),
                           encoding->element("frames")));
    links.push_back(joined({"decoder", "src"}, {"compositor", "video_0"}, decoding->element("decoder"),
                           composing->element("compositor")));
    links.push_back(joined({"source", "src"}, {"guard", "sink"}, source, decoding->element("guard")));
    watch(composing->element("compositor"), "video_0", into_compositor, run);
    watch(encoding->element("x264"), "src", out_of_encoder, run);
    watch(adopt(gst_bin_get_by_name(bin, "again")).get(), "src", decoded_again, run);

    gst_element_set_state(run.pipeline.get(), GST_STATE_PLAYING);
    gst_bin_recalculate_latency(bin);
    const auto camera = adopt(gst_bin_get_by_name(bin, "camera"));
    std::thread feeder(feed, std::ref(run), GST_APP_SRC(camera.get()));
    run_for(bin, seconds);
    run.over = true;
    feeder.join();
    gst_element_set_state(run.pipeline.get(), GST_STATE_NULL);
    for (auto &link : links)
        link.cut();

    const auto made = run.source.times(), in = run.composed.times(), out = run.encoded.times();
    std::printf("%s host, %zu edges, ms %*s %6s %6s\n", codec, out.size(), 44, "p50", "p95", "max");
    print("made, to in front of the compositor", made, in, 0);
    print("in front of the compositor, to out of the encoder", in, out, 0);
    print("made, to out of the encoder", made, out, 0);
    print("the same without the 80 ms of the jitter buffer", made, out, kJitterMs);
}

} // namespace

int main(int argc, char **argv) {
    gst_init(&argc, &argv);
    const auto seconds = argc > 1 ? static_cast<unsigned>(std::max(2, std::atoi(argv[1]))) : 15u;
    measure("VP8", "vp8enc deadline=1 cpu-used=16 threads=1 keyframe-max-dist=60 ! rtpvp8pay", seconds);
    measure("H264",
            "x264enc tune=zerolatency speed-preset=ultrafast threads=1 sliced-threads=false key-int-max=60 ! "
            "video/x-h264,profile=constrained-baseline ! rtph264pay aggregate-mode=zero-latency config-interval=-1",
            seconds);
    return 0;
}
