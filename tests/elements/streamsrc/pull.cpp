// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// streamsrc with a uri: files and a live stream that comes and goes.

#include "bench.h"
#include "waiting.h"

#include <gio/gio.h>
#include <glib/gstdio.h>

#include <cmath>

using namespace rostrum;
using namespace rostrum::test;

namespace {

void run_until(const char *what, const std::function<bool()> &done) {
    ::test::wait_for(what, done, 20);
}

/// A pipeline of the test's own.
class Sender {
  public:
    explicit Sender(const std::string &description) {
        g_autoptr(GError) error = nullptr;
        pipeline_ = gst_parse_launch(description.c_str(), &error);
        g_assert_no_error(error);
        gst_element_set_state(pipeline_, GST_STATE_PLAYING);
    }
    ~Sender() {
        gst_element_set_state(pipeline_, GST_STATE_NULL);
        gst_object_unref(pipeline_);
    }
    void run_to_end() {
        const auto bus = GstRef<GstBus>::adopt(gst_element_get_bus(pipeline_));
        const auto message = GstRef<GstMessage>::adopt(gst_bus_timed_pop_filtered(
            bus.get(), 30 * GST_SECOND, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
        g_assert_nonnull(message.get());
        g_assert_cmpint(GST_MESSAGE_TYPE(message.get()), ==, GST_MESSAGE_EOS);
    }

  private:
    GstElement *pipeline_ = nullptr;
};

std::string encoding(const Seen &seen) {
    return seen.caps.empty()
               ? ""
               : gst_structure_get_string(gst_caps_get_structure(seen.caps.back().get(), 0), "encoding-name");
}

struct FileRow {
    const char *name, *description, *video, *audio;
};

const FileRow kFiles[] = {
    {"h264 and aac in mp4",
     "videotestsrc num-buffers=60 ! video/x-raw,width=160,height=120,framerate=30/1 ! x264enc tune=zerolatency "
     "key-int-max=30 ! h264parse ! mux. audiotestsrc num-buffers=100 samplesperbuffer=960 ! "
     "audio/x-raw,rate=48000,channels=2 ! avenc_aac ! aacparse ! mp4mux name=mux ! filesink name=f",
     "H264", "OPUS"},
    {"vp8 and opus in webm",
     "videotestsrc num-buffers=60 ! video/x-raw,width=160,height=120,framerate=30/1 ! vp8enc deadline=1 ! mux. "
     "audiotestsrc num-buffers=100 samplesperbuffer=960 ! audio/x-raw,rate=48000,channels=2 ! opusenc ! webmmux "
     "name=mux ! filesink name=f",
     "VP8", "OPUS"},
    {"sound only",
     "audiotestsrc num-buffers=100 samplesperbuffer=960 ! audio/x-raw,rate=48000,channels=1 ! wavenc ! filesink name=f",
     "", "OPUS"},
};

void test_file(gconstpointer data) {
    const FileRow &row = *static_cast<const FileRow *>(data);
    g_autofree gchar *directory = g_dir_make_tmp("streamsrc-XXXXXX", nullptr);
    g_autofree gchar *path = g_build_filename(directory, "media", nullptr);
    Sender(std::string(row.description) + " location=" + path).run_to_end();

    g_autofree gchar *uri = gst_filename_to_uri(path, nullptr);
    Bench bench([uri](GstElement *source) { g_object_set(source, "uri", uri, nullptr); });
    const gint64 start = g_get_monotonic_time();
    bench.play();
    run_until("end of all streams",
              [&] { return bench.seen("audio_0").eos && (!*row.video || bench.seen("video_0").eos); });
    g_assert_cmpint(g_get_monotonic_time() - start, >, 1800 * 1000); // two seconds of media, in their own time
    assert_text(encoding(bench.seen("video_0")), row.video);
    assert_text(encoding(bench.seen("audio_0")), row.audio);
    const Seen audio = bench.seen("audio_0");
    g_assert_cmpuint(audio.buffers, >=, 95);
    g_assert_cmpuint(audio.pts.back() - audio.pts.front(), >, 1900 * GST_MSECOND);
    if (*row.video) {
        const Seen video = bench.seen("video_0");
        const auto skew = static_cast<double>(video.pts.front()) - static_cast<double>(audio.pts.front());
        g_assert_cmpfloat(std::abs(skew), <, 60 * GST_MSECOND); // encoder delay of the sound
    }
    g_assert_false(bench.had_error());
    g_unlink(path);
    g_rmdir(directory);
}

void test_missing_file() {
    Bench bench([](GstElement *source) { g_object_set(source, "uri", "file:///nowhere/at/all.mp4", nullptr); });
    gst_element_set_state(bench.pipeline, GST_STATE_PLAYING);
    run_until("error", [&] { return bench.had_error(); });
}

// A port that was free a moment ago: srtsink cannot tell which one it took.
unsigned free_udp_port() {
    g_autoptr(GSocket) socket =
        g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, nullptr);
    g_autoptr(GSocketAddress) any = g_inet_socket_address_new_from_string("127.0.0.1", 0);
    g_socket_bind(socket, any, FALSE, nullptr);
    g_autoptr(GSocketAddress) local = g_socket_get_local_address(socket, nullptr);
    return g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(local));
}

void test_live_stream_comes_and_goes() {
    const std::string address = "srt://127.0.0.1:" + std::to_string(free_udp_port());
    const std::string description =
        "videotestsrc is-live=true ! video/x-raw,width=160,height=120,framerate=30/1 ! x264enc tune=zerolatency "
        "key-int-max=15 ! h264parse config-interval=-1 ! mux. audiotestsrc is-live=true samplesperbuffer=960 ! "
        "audio/x-raw,rate=48000,channels=2 ! avenc_aac ! aacparse ! mpegtsmux name=mux alignment=7 ! srtsink "
        "wait-for-connection=false sync=false uri=" +
        address + "?mode=listener";
    auto sender = std::make_unique<Sender>(description);
    Bench bench([&](GstElement *source) { g_object_set(source, "uri", (address + "?mode=caller").c_str(), nullptr); });
    bench.play();
    run_until("buffers of both streams",
              [&] { return bench.seen("audio_0").buffers > 20 && bench.seen("video_0").buffers > 20; });
    assert_text(encoding(bench.seen("video_0")), "H264");
    assert_text(encoding(bench.seen("audio_0")), "OPUS");
    g_assert_true(bench.said("connected"));
    sender.reset();
    run_until("lost connection", [&] { return bench.said("disconnected"); });
    const unsigned before = bench.seen("video_0").buffers;
    sender = std::make_unique<Sender>(description);
    run_until("buffers of the second connection", [&] { return bench.seen("video_0").buffers > before + 20; });
    const Seen video = bench.seen("video_0");
    for (size_t i = 1; i < video.pts.size(); ++i)
        g_assert_cmpuint(video.pts[i], >=, video.pts[i - 1]);
    g_assert_false(bench.had_error());
}

void test_stop_while_unreachable() {
    for (const char *uri : {"whep+http://127.0.0.1:1/whep", "rtsp://127.0.0.1:1/x", "rtmp://127.0.0.1:1/app/x"}) {
        Bench bench([uri](GstElement *source) { g_object_set(source, "uri", uri, nullptr); });
        bench.play();
        run_until("lost connection", [&] { return bench.said("disconnected"); });
        const gint64 start = g_get_monotonic_time();
        bench.set_state(GST_STATE_NULL);
        g_assert_cmpint(g_get_monotonic_time() - start, <, 3 * G_USEC_PER_SEC);
        g_assert_false(bench.had_error());
    }
}

} // namespace

int main(int argc, char **argv) {
    gst_init(&argc, &argv);
    g_test_init(&argc, &argv, nullptr);
    for (const FileRow &row : kFiles)
        g_test_add_data_func((std::string("/streamsrc/file/") + row.name).c_str(), &row, test_file);
    g_test_add_func("/streamsrc/missing file", test_missing_file);
    g_test_add_func("/streamsrc/live stream comes and goes", test_live_stream_comes_and_goes);
    g_test_add_func("/streamsrc/stop while unreachable", test_stop_while_unreachable);
    return g_test_run();
}
