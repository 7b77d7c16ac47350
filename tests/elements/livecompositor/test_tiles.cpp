// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// livecompositor-tiles on a test clock: what is said of the tiles, and when.

#include "stage.h"

#include <glib.h>

namespace {

const char *const kSmall = "video/x-raw,format=I420,width=320,height=180,framerate=30/1,colorimetry=bt709";
constexpr GstClockTime kDelay = ms(100);

/// "video_0 640x360, video_1 hidden muted"
std::string text_of(const GstStructure *structure) {
    std::string text;
    const GValue *tiles = gst_structure_get_value(structure, "tiles");
    for (guint i = 0; i < gst_value_array_get_size(tiles); ++i) {
        const GstStructure *tile = gst_value_get_structure(gst_value_array_get_value(tiles, i));
        int width = -1, height = -1;
        gboolean muted = FALSE;
        g_assert_true(gst_structure_get(tile, "width", G_TYPE_INT, &width, "height", G_TYPE_INT, &height, "muted",
                                        G_TYPE_BOOLEAN, &muted, nullptr));
        const std::string fit = gst_structure_get_string(tile, "fit");
        text += (i ? ", " : "") + std::string(gst_structure_get_string(tile, "pad")) + " ";
        text += width == 0 && height == 0 ? "hidden" : std::to_string(width) + "x" + std::to_string(height);
        text += std::string(fit == "auto" ? "" : " " + fit) + (muted ? " muted" : "");
    }
    return text;
}

/// What was said since the last call, one message after the other.
std::string said(Stage &stage) {
    std::string text;
    while (GstMessage *message = stage.pop("livecompositor-tiles")) {
        text += (text.empty() ? "" : "; ") + text_of(gst_message_get_structure(message));
        gst_message_unref(message);
    }
    return text;
}

std::string property(Stage &stage) {
    GstStructure *structure = nullptr;
    g_object_get(stage.compositor(), "tiles", &structure, nullptr);
    const std::string text = text_of(structure);
    gst_structure_free(structure);
    return text;
}

void assert_text(const std::string &got, const char *wanted) {
    g_assert_cmpstr(got.c_str(), ==, wanted);
}

void test_before_there_is_a_picture() {
    Stage stage;
    assert_text(property(stage), "");
    stage.play();
    stage.run_until(kDelay);
    assert_text(said(stage), "");
    Feed a(stage.compositor(), "video_3");
    stage.run_until(kDelay + ms(50));
    assert_text(said(stage), "video_3 1280x720");
    Feed b(stage.compositor(), "video_1");
    stage.run_until(kDelay + ms(100));
    assert_text(said(stage), "video_1 624x468, video_3 624x468");
    assert_text(property(stage), "video_1 624x468, video_3 624x468");
    b.leave();
    stage.run_until(kDelay + ms(150));
    assert_text(said(stage), "video_3 1280x720");
}

void test_said_once() {
    Stage stage;
    Feed a(stage.compositor(), "video_0");
    stage.play();
    a.caps(kSmall);
    for (GstClockTime t = 0; t < GST_SECOND; t += GST_SECOND / 30) {
        a.picture(t, kRed);
        stage.run_until(t);
    }
    g_object_set(a.sink(), "label", "Ann", nullptr);
    stage.run_until(GST_SECOND + kDelay);
    assert_text(said(stage), "video_0 1280x720");
}

void test_hidden_and_muted() {
    Stage stage("layout=spotlight transition=0");
    Feed a(stage.compositor(), "video_0"), b(stage.compositor(), "video_1");
    stage.play();
    stage.run_until(kDelay);
    assert_text(said(stage), "video_0 1280x720, video_1 hidden");
    g_object_set(b.sink(), "pinned", TRUE, nullptr);
    stage.run_until(kDelay + ms(50));
    assert_text(said(stage), "video_0 1280x720, video_1 1280x720"); // the change waits for a picture
    g_object_set(b.sink(), "muted", TRUE, "fit", 1, nullptr);
    stage.run_until(kDelay + ms(100));
    assert_text(said(stage), "video_0 hidden, video_1 1280x720 cover muted");
}

/// Who was hidden is told to be needed before it is shown.
void test_needed_before_it_is_shown() {
    Stage stage("layout=spotlight transition=0");
    Feed a(stage.compositor(), "video_0"), b(stage.compositor(), "video_1");
    stage.play();
    a.caps(kSmall);
    b.caps(kSmall);
    const auto show_until = [&](GstClockTime until) {
        for (; stage.time() < until; stage.run_until(stage.time() + GST_SECOND / 30))
            a.picture(stage.time(), kRed);
    };
    show_until(ms(500));
    assert_text(said(stage), "video_0 1280x720, video_1 hidden");
    g_object_set(stage.compositor(), "layout", "grid", nullptr);
    show_until(ms(700));
    assert_text(said(stage), "video_0 1280x720, video_1 624x468");
    assert_color(stage.pixel(stage.pictures() - 1, 640, 20), kRed);
    b.picture(stage.time(), kGreen);
    show_until(ms(1000));
    assert_text(said(stage), "video_0 624x468, video_1 624x468");
    assert_color(stage.pixel(stage.pictures() - 1, 956, 360), kGreen);
}

/// A placeholder for sound alone needs no picture.
void test_placeholder() {
    Stage stage;
    Feed a(stage.compositor(), "video_0"), sound(stage.compositor(), "audio_1");
    g_object_set(sound.sink(), "placeholder", TRUE, nullptr);
    stage.play();
    stage.run_until(kDelay);
    assert_text(said(stage), "video_0 624x468");
    g_object_set(stage.compositor(), "layout", "spotlight", nullptr);
    stage.run_until(kDelay + ms(50));
    assert_text(said(stage), "video_0 1280x720");
}

/// While tiles grow and shrink the larger size holds, from before the first picture of it.
void test_transition() {
    Stage stage("layout=sidebar transition=300");
    Feed a(stage.compositor(), "video_0"), b(stage.compositor(), "video_1");
    stage.play();
    stage.run_until(GST_SECOND);
    const std::string before = property(stage);
    said(stage);
    g_object_set(b.sink(), "priority", 5, nullptr);
    stage.run_until(GST_SECOND + ms(50));
    const std::string main = before.substr(8, before.find(',') - 8);
    assert_text(said(stage), ("video_0 " + main + ", video_1 " + main).c_str());
    stage.run_until(GST_SECOND + ms(600));
    const std::string small = before.substr(before.find("video_1 ") + 8);
    g_assert_cmpstr(main.c_str(), !=, small.c_str());
    assert_text(said(stage), ("video_0 " + small + ", video_1 " + main).c_str());
}

/// Who loses his tile is needed until it has shrunk away.
void test_leaving() {
    Stage stage("layout=grid grid-size=1 transition=300");
    Feed a(stage.compositor(), "video_0"), b(stage.compositor(), "video_1");
    stage.play();
    a.caps(kSmall);
    b.caps(kSmall);
    const auto both_until = [&](GstClockTime until) {
        for (GstClockTime t = stage.time(); t < until; t += GST_SECOND / 30) {
            a.picture(t, kRed);
            b.picture(t, kGreen);
            stage.run_until(t + GST_SECOND / 30);
        }
    };
    both_until(GST_SECOND);
    assert_text(property(stage), "video_0 1280x720, video_1 hidden");
    said(stage);
    g_object_set(b.sink(), "priority", 5, nullptr);
    both_until(GST_SECOND + ms(100));
    assert_text(said(stage), "video_0 1280x720, video_1 1280x720");
    both_until(2 * GST_SECOND);
    assert_text(said(stage), "video_0 hidden, video_1 1280x720");
}

/// An input that is shown again after a while does not begin with the picture it had then.
void test_no_old_picture() {
    Stage stage("layout=spotlight transition=0");
    Feed a(stage.compositor(), "video_0"), b(stage.compositor(), "video_1");
    stage.play();
    a.caps(kSmall);
    b.caps(kSmall);
    b.picture(0, kGreen);
    for (GstClockTime t = 0; t < 3 * GST_SECOND; t += GST_SECOND / 30) {
        a.picture(t, kRed);
        stage.run_until(t);
    }
    g_object_set(b.sink(), "pinned", TRUE, nullptr);
    stage.run_until(3 * GST_SECOND + ms(150));
    g_assert_false(looks_like(stage.pixel(stage.pictures() - 1, 200, 100), kGreen));
}

/// A source that takes over on a pad (another simulcast layer) follows what is still waiting there.
void test_next_source_without_gap() {
    Stage stage;
    Feed a(stage.compositor(), "video_0");
    stage.play();
    a.caps(kSmall);
    for (guint64 i = 0; i < 30; ++i) {
        const GstClockTime t = gst_util_uint64_scale(i, GST_SECOND, 30);
        a.picture(t, i % 2 ? kRed : kBlue);
        stage.run_until(t);
    }
    a.restart();
    a.caps("video/x-raw,format=I420,width=640,height=360,framerate=30/1,colorimetry=bt709");
    a.picture(GST_SECOND, kGreen);
    stage.run_until(GST_SECOND + kDelay);
    for (guint i = 0; i < 30; ++i)
        assert_color(stage.pixel(i, 640, 360), i % 2 ? kRed : kBlue);
    assert_color(stage.pixel(30, 640, 360), kGreen);
}

} // namespace

int main(int argc, char **argv) {
    gst_init(&argc, &argv);
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/livecompositor/tiles/before-there-is-a-picture", test_before_there_is_a_picture);
    g_test_add_func("/livecompositor/tiles/said-once", test_said_once);
    g_test_add_func("/livecompositor/tiles/hidden-and-muted", test_hidden_and_muted);
    g_test_add_func("/livecompositor/tiles/needed-before-it-is-shown", test_needed_before_it_is_shown);
    g_test_add_func("/livecompositor/tiles/placeholder", test_placeholder);
    g_test_add_func("/livecompositor/tiles/transition", test_transition);
    g_test_add_func("/livecompositor/tiles/leaving", test_leaving);
    g_test_add_func("/livecompositor/tiles/no-old-picture", test_no_old_picture);
    g_test_add_func("/livecompositor/tiles/next-source-without-gap", test_next_source_without_gap);
    return g_test_run();
}
