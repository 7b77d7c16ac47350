// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// GStreamer's webrtcbin plays what viewerfanout serves: ICE by libnice, DTLS-SRTP with AES_CM_128_HMAC_SHA1_80.

#include "waiting.h"
#include "webrtcbin_viewer.h"

namespace {

constexpr char kVp8Source[] = "videotestsrc is-live=true ! video/x-raw,width=640,height=360,framerate=30/1 ! "
                              "vp8enc deadline=1 keyframe-max-dist=60 ! rtpvp8pay ! f.video_0 ";
constexpr char kH264Source[] =
    "videotestsrc is-live=true ! video/x-raw,width=640,height=360,framerate=30/1 ! "
    "x264enc tune=zerolatency threads=1 speed-preset=ultrafast key-int-max=60 ! "
    "video/x-h264,profile=constrained-baseline ! rtph264pay aggregate-mode=none ! f.video_0 ";
constexpr char kSound[] = "audiotestsrc is-live=true ! opusenc ! rtpopuspay ! f.audio ";

struct Row {
    const char *name, *video, *offered;
};

constexpr Row kRows[] = {
    {"vp8", kVp8Source, test::kVp8},
    {"h264", kH264Source, test::kH264},
};

class Stage {
  public:
    explicit Stage(const char *video) {
        const std::string description = std::string("viewerfanout name=f ") + video + kSound;
        g_autoptr(GError) error = nullptr;
        pipeline_ = gst_parse_launch(description.c_str(), &error);
        g_assert_no_error(error);
        fanout_ = gst_bin_get_by_name(GST_BIN(pipeline_), "f");
        gst_element_set_state(pipeline_, GST_STATE_PLAYING);
    }
    ~Stage() {
        gst_element_set_state(pipeline_, GST_STATE_NULL);
        gst_object_unref(fanout_);
        gst_object_unref(pipeline_);
    }

    std::string add_viewer(const std::string &id, const std::string &offer) {
        g_autofree char *answer = nullptr;
        g_signal_emit_by_name(fanout_, "add-viewer", id.c_str(), offer.c_str(), nullptr, &answer);
        g_assert_nonnull(answer);
        return answer;
    }

    unsigned viewers() {
        guint count = 0;
        g_object_get(fanout_, "viewer-count", &count, nullptr);
        return count;
    }

  private:
    GstElement *pipeline_, *fanout_;
};

void test_plays(gconstpointer data) {
    const Row &row = *static_cast<const Row *>(data);
    Stage stage(row.video);
    const test::WebrtcbinViewer::Signalling play = [&](const std::string &offer) {
        return stage.add_viewer("nice", offer);
    };
    test::WebrtcbinViewer viewer(play, row.offered);
    test::wait_for("the connection", [&] { return stage.viewers() == 1; });
    viewer.wait_frames(60);
    g_assert_cmpint(viewer.width(), ==, 640);
    test::wait_for("sound", [&] { return viewer.loud(); });
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    gst_init(&argc, &argv);
    for (const Row &row : kRows)
        g_test_add_data_func((std::string("/webrtcbin/plays/") + row.name).c_str(), &row, test_plays);
    return g_test_run();
}
