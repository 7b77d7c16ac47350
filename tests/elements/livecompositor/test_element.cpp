// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The element on a test clock: rate, places, inputs that misbehave, properties, sound, teardown.

#include "stage.h"

#include <cairo.h>
#include <glib/gstdio.h>

#include <array>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <thread>

namespace {

const char *const kSmall = "video/x-raw,format=I420,width=320,height=180,framerate=30/1,colorimetry=bt709";
const char *const kSound = "audio/x-raw,format=S16LE,rate=48000,channels=2,layout=interleaved,channel-mask=(bitmask)3";
constexpr GstClockTime kDelay = ms(100);
constexpr Rgb kBackground{0x0f, 0x12, 0x17}; // of the dark theme

GstClockTime frame_time(guint64 n) {
    return gst_util_uint64_scale(n, GST_SECOND, 30);
}

/// Plays `feeds` pictures at 30 fps in step with the clock until `until`.
void show(Stage &stage, Feed &feed, Rgb color, GstClockTime until) {
    for (GstClockTime t = stage.time(); t < until; t += GST_SECOND / 30) {
        g_assert_cmpint(feed.picture(t, color), ==, GST_FLOW_OK);
        stage.run_until(t + GST_SECOND / 30);
    }
}

void test_rate_without_inputs() {
    Stage stage("background=#204060");
    stage.play();
    stage.run_until(10 * GST_SECOND + kDelay);
    g_assert_cmpuint(stage.pictures(), ==, 301);
    g_assert_cmpuint(stage.blocks(), ==, 1001);
    for (size_t i = 0; i < stage.pictures(); ++i)
        g_assert_cmpuint(stage.picture_pts(i), ==, frame_time(i));
    stage.assert_steps();
    assert_color(stage.pixel(5, 640, 360), {0x20, 0x40, 0x60});
    for (int16_t s : stage.sound())
        g_assert_cmpint(s, ==, 0);
}

void test_tiles_are_where_the_layout_says() {
    Stage stage;
    Feed red(stage.compositor(), "video_0"), green(stage.compositor(), "video_1");
    stage.play();
    red.caps(kSmall);
    green.caps("video/x-raw,format=I420,width=640,height=480,framerate=25/1,colorimetry=bt709");
    red.picture(0, kRed);
    green.picture(0, kGreen);
    stage.run_until(kDelay);
    g_assert_cmpuint(stage.pictures(), ==, 1);
    assert_color(stage.pixel(0, 16, 360), kRed); // tiles 10..634 and 644..1268, 126..594
    assert_color(stage.pixel(0, 628, 360), kRed);
    assert_color(stage.pixel(0, 650, 360), kGreen);
    assert_color(stage.pixel(0, 1260, 580), kGreen);
    assert_color(stage.pixel(0, 640, 360), kBackground);
    assert_color(stage.pixel(0, 320, 100), kBackground);
    assert_color(stage.pixel(0, 10, 126), kBackground); // rounded corner
}

void test_any_format_and_size() {
    const std::array<const char *, 6> formats{"NV12", "YUY2", "RGBA", "Y42B", "GRAY8", "BGRx"};
    const std::array<std::pair<int, int>, 5> sizes{{{320, 180}, {1, 1}, {321, 181}, {1920, 1080}, {90, 1600}}};
    for (const char *format : formats) {
        Stage stage;
        Feed feed(stage.compositor(), "video_%u");
        stage.play();
        GstClockTime t = 0;
        for (const auto &[w, h] : sizes) {
            gchar *caps = g_strdup_printf("video/x-raw,format=%s,width=%d,height=%d,framerate=30/1", format, w, h);
            feed.caps(caps);
            GstVideoInfo info;
            GstCaps *parsed = gst_caps_from_string(caps);
            gst_video_info_from_caps(&info, parsed);
            GstBuffer *buffer = gst_buffer_new_allocate(nullptr, info.size, nullptr);
            gst_buffer_memset(buffer, 0, 0x80, info.size);
            g_assert_cmpint(feed.push(buffer, t), ==, GST_FLOW_OK);
            stage.run_until(t + kDelay);
            const Rgb middle = stage.pixel(stage.pictures() - 1, 640, 360);
            if (g_strcmp0(format, "RGBA") == 0)
                assert_color(middle, {128, 128, 128});
            t += GST_SECOND / 30;
            gst_caps_unref(parsed);
            g_free(caps);
        }
        stage.assert_steps();
    }
}

void test_lying_buffers() {
    Stage stage;
    Feed feed(stage.compositor(), "video_0"), sound(stage.compositor(), "audio_0");
    stage.play();
    feed.caps(kSmall);
    g_assert_cmpint(feed.push(gst_buffer_new_allocate(nullptr, 10, nullptr), 0), ==, GST_FLOW_OK);
    g_assert_cmpint(feed.push(gst_buffer_new(), ms(10)), ==, GST_FLOW_OK);
    sound.caps(kSound);
    g_assert_cmpint(sound.push(gst_buffer_new_allocate(nullptr, 7, nullptr), 0), ==, GST_FLOW_OK);
    g_assert_cmpint(sound.push(gst_buffer_new(), 0), ==, GST_FLOW_OK);
    stage.run_until(GST_SECOND);
    feed.picture(GST_SECOND, kGreen);
    stage.run_until(GST_SECOND + kDelay);
    assert_color(stage.pixel(stage.pictures() - 1, 640, 360), kGreen);
    stage.assert_steps();
}

void test_freeze_and_return() {
    Stage stage;
    Feed feed(stage.compositor(), "video_0");
    stage.play();
    feed.caps(kSmall);
    show(stage, feed, kRed, GST_SECOND);
    stage.run_until(ms(1800));
    assert_color(stage.pixel(stage.pictures() - 1, 200, 100), kRed); // not yet
    stage.run_until(ms(2300));
    const Rgb waiting = stage.pixel(stage.pictures() - 1, 200, 100); // dimmed, but still red
    g_assert_cmpint(waiting.r, >, 60);
    g_assert_cmpint(waiting.r, <, 160);
    g_assert_cmpint(waiting.r, >, 2 * waiting.g);
    show(stage, feed, kGreen, ms(2600));
    assert_color(stage.pixel(stage.pictures() - 1, 200, 100), kGreen);
    g_object_set(feed.sink(), "screen", TRUE, nullptr); // a still screen share is not frozen
    stage.run_until(ms(8000));
    assert_color(stage.pixel(stage.pictures() - 1, 200, 100), kGreen);
    feed.eos();
    stage.run_until(ms(8200));
    assert_color(stage.pixel(stage.pictures() - 1, 200, 100), {0x20, 0x26, 0x2f});
    stage.assert_steps();
}

void test_come_and_go_from_any_thread() {
    Stage stage;
    stage.play();
    std::atomic<bool> done{false};
    std::thread visitor([&] {
        for (int i = 0; i < 100; ++i) {
            Feed video(stage.compositor(), "video_%u"), audio(stage.compositor(), "audio_%u");
            video.caps(kSmall);
            audio.caps(kSound);
            video.picture(stage.time(), kRed);
            audio.samples(stage.time(), 480, 100);
        }
        done = true;
    });
    for (GstClockTime t = 0; !done || t < GST_SECOND; t += ms(10))
        stage.run_until(t);
    visitor.join();
    GList *const pads = stage.compositor()->sinkpads;
    g_assert_null(pads);
    stage.run_until(stage.time() + ms(200));
    stage.assert_steps();
    assert_color(stage.pixel(stage.pictures() - 1, 640, 360), kBackground);
}

void test_fast_source_is_slowed_down() {
    Stage stage;
    Feed feed(stage.compositor(), "video_0", false), sound(stage.compositor(), "audio_0", false);
    stage.play();
    feed.caps(kSmall);
    sound.caps(kSound);
    std::atomic<int> pushed{0};
    std::thread source([&] {
        while (feed.picture(frame_time(static_cast<guint64>(pushed)), kRed) == GST_FLOW_OK)
            ++pushed;
    });
    stage.run_until(GST_SECOND);
    g_assert_cmpint(pushed, <=, 32);
    feed.leave(); // releases the waiting thread
    source.join();
    stage.run_until(2 * GST_SECOND);
    stage.assert_steps();
}

void test_stamps_out_of_this_world() {
    Stage stage;
    Feed feed(stage.compositor(), "video_0");
    stage.play();
    feed.caps(kSmall);
    stage.run_until(5 * GST_SECOND);
    feed.picture(3600 * GST_SECOND, kRed);
    stage.run_until(ms(5200));
    assert_color(stage.pixel(stage.pictures() - 1, 200, 100), kRed);
    feed.picture(0, kGreen);
    feed.picture(GST_CLOCK_TIME_NONE, kBlue);
    stage.run_until(ms(5500));
    assert_color(stage.pixel(stage.pictures() - 1, 200, 100), kBlue);
}

void test_layout_switches_whole() {
    Stage stage("layout=spotlight");
    std::array<std::unique_ptr<Feed>, 4> feeds;
    for (auto &feed : feeds) {
        feed = std::make_unique<Feed>(stage.compositor(), "video_%u");
        feed->caps(kSmall);
    }
    stage.play();
    for (auto &feed : feeds)
        feed->picture(0, kGreen);
    std::atomic<bool> done{false};
    std::thread director([&] {
        for (int i = 0; i < 2000; ++i)
            g_object_set(stage.compositor(), "layout", i % 2 ? "spotlight" : "grid", nullptr);
        done = true;
    });
    for (GstClockTime t = 0; !done; t += ms(10)) {
        for (auto &feed : feeds)
            feed->picture(t, kGreen);
        stage.run_until(t);
    }
    director.join();
    for (size_t i = 4; i < stage.pictures(); ++i) {
        // All gaps of the grid are there or none.
        const bool grid = looks_like(stage.pixel(i, 638, 180), kBackground);
        g_assert_cmpint(looks_like(stage.pixel(i, 638, 540), kBackground), ==, grid);
        g_assert_cmpint(looks_like(stage.pixel(i, 300, 358), kBackground), ==, grid);
        g_assert_cmpint(looks_like(stage.pixel(i, 6, 300), kBackground), ==, grid);
    }
}

void test_transition_moves() {
    Stage stage("layout=grid");
    g_object_set(stage.compositor(), "transition", 500, nullptr);
    Feed one(stage.compositor(), "video_0");
    stage.play();
    one.caps(kSmall);
    show(stage, one, kRed, ms(500));
    Feed two(stage.compositor(), "video_1");
    two.caps(kSmall);
    for (GstClockTime t = ms(500); t < ms(1500); t += ms(33)) {
        one.picture(t, kRed);
        two.picture(t, kGreen);
        stage.run_until(t);
    }
    int moving = 0;
    for (size_t i = 0; i < stage.pictures(); ++i)
        moving += looks_like(stage.pixel(i, 100, 80), kRed) && looks_like(stage.pixel(i, 956, 360), kGreen);
    g_assert_cmpint(moving, >, 3);
    assert_color(stage.pixel(stage.pictures() - 1, 100, 80), kBackground);
    stage.assert_steps();
}

void test_size_and_rate_change() {
    Stage stage;
    Feed feed(stage.compositor(), "video_0");
    stage.play();
    feed.caps(kSmall);
    show(stage, feed, kRed, ms(300));
    g_object_set(stage.compositor(), "width", 720, "height", 1280, nullptr);
    gst_util_set_object_arg(G_OBJECT(stage.compositor()), "framerate", "25/1");
    show(stage, feed, kRed, ms(1000));
    GstVideoInfo info;
    gst_video_info_from_caps(&info, stage.picture_caps(stage.pictures() - 1));
    g_assert_cmpint(info.width, ==, 720);
    g_assert_cmpint(info.height, ==, 1280);
    g_assert_cmpint(info.fps_n, ==, 25);
    stage.assert_steps();
    assert_color(stage.pixel(stage.pictures() - 1, 360, 640), kRed);
    assert_color(stage.pixel(stage.pictures() - 1, 360, 100), {0x20, 0x26, 0x2f}); // shown whole, beside it the tile
}

void assert_warning(Stage &stage, const char *part) {
    GstMessage *message = stage.pop(GST_MESSAGE_WARNING);
    g_assert_nonnull(message);
    GError *error = nullptr;
    gst_message_parse_warning(message, &error, nullptr);
    if (!strstr(error->message, part))
        g_error("'%s' does not say '%s'", error->message, part);
    g_error_free(error);
    gst_message_unref(message);
}

void test_bad_values() {
    Stage stage("layout=sidebra"); // said when there is a bus
    stage.play();
    assert_warning(stage, "did you mean 'sidebar'?");
    GstElement *c = stage.compositor();
    g_object_set(c, "layout", "gird", nullptr);
    assert_warning(stage, "did you mean 'grid'?");
    g_object_set(c, "layout", "{\"regions\":[{\"x\":2}]}", nullptr);
    assert_warning(stage, "line 1, column 18");
    g_object_set(c, "width", 0, nullptr);
    assert_warning(stage, "choose 16 to 7680");
    g_object_set(c, "height", 16384, nullptr);
    assert_warning(stage, "choose 16 to 7680");
    g_object_set(c, "width", 1, nullptr);
    assert_warning(stage, "choose 16 to 7680");
    gst_util_set_object_arg(G_OBJECT(c), "framerate", "0/1");
    assert_warning(stage, "choose 1/1 to 120/1");
    g_object_set(c, "background", "blurple", nullptr);
    assert_warning(stage, "is not a colour");
    g_object_set(c, "watermark", "/nonexistent.png", nullptr);
    assert_warning(stage, "/nonexistent.png");
    Feed feed(c, "video_0");
    g_object_set(feed.sink(), "priority", -1, nullptr);
    assert_warning(stage, "is negative");
    gchar *layout = nullptr;
    gint width = 0, height = 0;
    g_object_get(c, "layout", &layout, "width", &width, "height", &height, nullptr);
    g_assert_cmpstr(layout, ==, "grid");
    g_assert_cmpint(width, ==, 1280);
    g_assert_cmpint(height, ==, 720);
    g_free(layout);
    stage.run_until(GST_SECOND);
    stage.assert_steps();
}

void test_pads() {
    Stage stage;
    GstElement *c = stage.compositor();
    {
        Feed a(c, "video_%u"), b(c, "video_7"), d(c, "video_%u"), e(c, "audio_%u");
        g_assert_cmpstr(GST_PAD_NAME(a.sink()), ==, "video_0");
        g_assert_cmpstr(GST_PAD_NAME(b.sink()), ==, "video_7");
        g_assert_cmpstr(GST_PAD_NAME(d.sink()), ==, "video_1");
        g_assert_cmpstr(GST_PAD_NAME(e.sink()), ==, "audio_0");
        g_assert_null(gst_element_request_pad_simple(c, "picture_1"));
    }
    g_assert_cmpuint(c->numsinkpads, ==, 0);
}

void test_sound_is_in_time() {
    Stage stage;
    Feed a(stage.compositor(), "audio_0"), b(stage.compositor(), "audio_1");
    stage.play();
    a.caps(kSound);
    b.caps("audio/x-raw,format=F32LE,rate=16000,channels=1,layout=interleaved");
    for (GstClockTime t = 0; t < GST_SECOND; t += ms(20)) {
        a.samples(t, 960, t >= ms(500) ? 8000 : 0);
        stage.run_until(t);
    }
    stage.run_until(GST_SECOND + ms(100));
    stage.assert_steps();
    const auto sound = stage.sound();
    size_t first = 0;
    while (first < sound.size() && std::abs(sound[first]) < 4000)
        ++first;
    g_assert_cmpint(std::abs(static_cast<int>(first / 2) - 24000), <, 48); // 1 ms
    g_assert_cmpint(sound[2 * 40000], ==, 8000);
}

void test_ten_loud_inputs_do_not_clip() {
    Stage stage;
    std::vector<std::unique_ptr<Feed>> feeds;
    for (int i = 0; i < 10; ++i) {
        feeds.push_back(std::make_unique<Feed>(stage.compositor(), "audio_%u"));
        feeds.back()->caps(kSound);
    }
    stage.play();
    for (GstClockTime t = 0; t < GST_SECOND; t += ms(20)) {
        for (auto &feed : feeds)
            feed->samples(t, 960, t < ms(500) ? 30000 : -30000);
        stage.run_until(t);
    }
    int most = 0;
    for (int16_t s : stage.sound())
        most = std::max(most, std::abs(int{s}));
    g_assert_cmpint(most, <=, 31600);
    g_assert_cmpint(most, >, 28000);
}

void test_mute() {
    Stage stage;
    Feed sound(stage.compositor(), "audio_0"), picture(stage.compositor(), "video_0");
    stage.play();
    sound.caps(kSound);
    picture.caps(kSmall);
    g_object_set(sound.sink(), "muted", TRUE, nullptr);
    g_object_set(picture.sink(), "muted", TRUE, nullptr);
    for (GstClockTime t = 0; t < ms(500); t += ms(20)) {
        sound.samples(t, 960, 8000);
        picture.picture(t, kRed);
        stage.run_until(t);
    }
    for (int16_t s : stage.sound())
        g_assert_cmpint(s, ==, 0);
    assert_color(stage.pixel(stage.pictures() - 1, 200, 100), {0x20, 0x26, 0x2f});
}

void test_speaker_message() {
    Stage stage("layout=sidebar");
    Feed a(stage.compositor(), "audio_0"), b(stage.compositor(), "audio_1");
    Feed va(stage.compositor(), "video_0"), vb(stage.compositor(), "video_1");
    g_object_set(vb.sink(), "label", "Bo", nullptr);
    stage.play();
    a.caps(kSound);
    b.caps(kSound);
    va.caps(kSmall);
    vb.caps(kSmall);
    for (GstClockTime t = 0; t < ms(2000); t += ms(20)) {
        a.samples(t, 960, 0);
        b.samples(t, 960, 3000);
        va.picture(t, kRed);
        vb.picture(t, kGreen);
        stage.run_until(t);
    }
    GstMessage *message = stage.pop("livecompositor-speaker");
    g_assert_nonnull(message);
    const GstStructure *s = gst_message_get_structure(message);
    g_assert_cmpstr(gst_structure_get_string(s, "pad"), ==, "audio_1");
    g_assert_cmpstr(gst_structure_get_string(s, "label"), ==, "Bo");
    gst_message_unref(message);
    gchar *speaker = nullptr;
    g_object_get(stage.compositor(), "active-speaker", &speaker, nullptr);
    g_assert_cmpstr(speaker, ==, "audio_1");
    g_free(speaker);
    assert_color(stage.pixel(stage.pictures() - 1, 400, 360), kGreen); // the speaker has the main area
    assert_color(stage.pixel(stage.pictures() - 1, 1130, 360), kRed);
}

/// A flash and a beep with the same stamps leave with the same stamps, within a frame.
void test_flash_and_beep() {
    Stage stage;
    Feed video(stage.compositor(), "video_0"), audio(stage.compositor(), "audio_0");
    stage.play();
    video.caps(kSmall);
    audio.caps(kSound);
    for (GstClockTime t = 0; t < 5 * GST_SECOND; t += ms(20)) {
        const bool on = t % GST_SECOND >= ms(500) && t % GST_SECOND < ms(700);
        audio.samples(t, 960, on ? 8000 : 0);
        video.picture(t, on ? kGreen : kRed);
        stage.run_until(t + ms(15));
    }
    const auto sound = stage.sound();
    int flashes = 0;
    for (size_t i = 1; i < stage.pictures(); ++i) {
        if (!looks_like(stage.pixel(i, 640, 360), kGreen) || looks_like(stage.pixel(i - 1, 640, 360), kGreen))
            continue;
        ++flashes;
        size_t beep = stage.picture_pts(i) * 48 / GST_MSECOND; // frames; the beep begins within one frame around it
        beep -= 1600;
        while (beep < sound.size() / 2 && sound[2 * beep] < 4000)
            ++beep;
        g_assert_cmpint(std::abs(static_cast<int>(beep) - static_cast<int>(stage.picture_pts(i) * 48 / GST_MSECOND)), <,
                        1600);
    }
    g_assert_cmpint(flashes, ==, 5);
}

void test_latency_query() {
    Stage stage("latency=80");
    stage.play();
    GstPad *pad = gst_element_get_static_pad(stage.compositor(), "video");
    GstQuery *query = gst_query_new_latency();
    g_assert_true(gst_pad_query(pad, query));
    gboolean live = FALSE;
    GstClockTime min = 0, max = 0;
    gst_query_parse_latency(query, &live, &min, &max);
    g_assert_true(live);
    g_assert_cmpuint(min, ==, ms(80) + gst_util_uint64_scale(GST_SECOND, 1, 60));
    g_assert_cmpuint(max, ==, GST_CLOCK_TIME_NONE);
    gst_query_unref(query);
    gst_object_unref(pad);
}

void test_eos_for_the_element() {
    Stage stage;
    stage.play();
    stage.run_until(GST_SECOND);
    const size_t before = stage.pictures();
    gst_element_send_event(stage.compositor(), gst_event_new_eos());
    const gint64 deadline = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;
    const auto ended = [&] {
        const std::lock_guard video(stage.video_.mutex), audio(stage.audio_.mutex);
        return stage.video_.eos && stage.audio_.eos;
    };
    while (!ended() && g_get_monotonic_time() < deadline)
        std::this_thread::yield();
    g_assert_true(ended());
    g_assert_cmpuint(stage.pictures(), ==, before);
}

std::string red_png() {
    cairo_surface_t *png = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, 100, 60);
    cairo_t *cr = cairo_create(png);
    cairo_set_source_rgb(cr, 1, 0, 0);
    cairo_paint(cr);
    gchar *path = nullptr;
    g_close(g_file_open_tmp("image-XXXXXX.png", &path, nullptr), nullptr);
    cairo_surface_write_to_png(png, path);
    cairo_destroy(cr);
    cairo_surface_destroy(png);
    std::string result = path;
    g_free(path);
    return result;
}

void test_watermark() {
    const std::string path = red_png();
    Stage stage;
    g_object_set(stage.compositor(), "watermark", path.c_str(), nullptr);
    stage.play();
    stage.run_until(kDelay);
    assert_color(stage.pixel(0, 1280 - 20 - 50, 20 + 30), kRed);
    g_object_set(stage.compositor(), "watermark", "", nullptr);
    stage.run_until(2 * kDelay);
    assert_color(stage.pixel(stage.pictures() - 1, 1280 - 20 - 50, 20 + 30), kBackground);
    g_assert_true(g_file_set_contents(path.c_str(), "not a png at all, but long enough", -1, nullptr));
    g_object_set(stage.compositor(), "watermark", path.c_str(), nullptr);
    assert_warning(stage, "is not a PNG or JPEG");
    g_remove(path.c_str());
}

/// Files named by properties are read once; one that cannot be taken changes nothing.
void test_images() {
    const std::string path = red_png();
    Stage stage("width=640 height=360");
    GstElement *c = stage.compositor();
    Feed feed(c, "video_0"), sound(c, "audio_0");
    g_object_set(c, "background-image", path.c_str(), "slate-image", path.c_str(), nullptr);
    g_object_set(sound.sink(), "avatar", path.c_str(), "hand-raised", TRUE, nullptr);
    g_remove(path.c_str());
    stage.play();
    stage.run_until(kDelay);
    assert_color(stage.pixel(0, 320, 180), kRed); // the avatar
    assert_color(stage.pixel(0, 20, 20), {0x20, 0x26, 0x2f});
    for (const char *property : {"background-image", "slate-image", "watermark"}) {
        g_object_set(c, property, path.c_str(), nullptr);
        assert_warning(stage, "No such file");
    }
    g_object_set(sound.sink(), "avatar", "/dev/null", nullptr);
    assert_warning(stage, "is not a regular file");
    g_object_set(c, "slate-mode", 1, nullptr); // always
    stage.run_until(2 * kDelay);
    assert_color(stage.pixel(stage.pictures() - 1, 20, 20), kRed);
    gchar *background = nullptr, *avatar = nullptr;
    gboolean hand = FALSE;
    g_object_get(c, "background-image", &background, nullptr);
    g_object_get(sound.sink(), "avatar", &avatar, "hand-raised", &hand, nullptr);
    g_assert_cmpstr(background, ==, path.c_str());
    g_assert_cmpstr(avatar, ==, path.c_str());
    g_assert_true(hand);
    g_free(background);
    g_free(avatar);
}

/// Something bright stands in the middle of the newest picture.
bool shows_text(Stage &stage, int width, int height) {
    const size_t newest = stage.pictures() - 1;
    for (int y = height / 2 - 30; y < height / 2 + 30; ++y) {
        for (int x = width / 2 - 100; x < width / 2 + 100; ++x)
            if (stage.pixel(newest, x, y).g > 200)
                return true;
    }
    return false;
}

/// Every text and number can be changed while playing and is read back.
void test_branding_is_live() {
    Stage stage("width=640 height=360 lower-third=\"Ann | Host\" ticker=soon");
    GstElement *c = stage.compositor();
    stage.play();
    stage.run_until(GST_SECOND);
    const size_t first = stage.pictures() - 1;
    g_assert_false(looks_like(stage.pixel(first, 12, 310), kBackground)); // the accent of the bar
    assert_color(stage.pixel(first, 300, 355), {0x14, 0x19, 0x21});       // the ticker
    const gint64 end = g_get_real_time() / 1000 + 60000;
    g_object_set(c, "lower-third", "", "ticker", "", "countdown", end, "countdown-label", "in", "watermark-opacity",
                 0.5, "watermark-size", 0.3, nullptr);
    gst_util_set_object_arg(G_OBJECT(c), "watermark-position", "bottom-left");
    stage.run_until(2 * GST_SECOND);
    const size_t second = stage.pictures() - 1;
    assert_color(stage.pixel(second, 12, 310), kBackground);
    assert_color(stage.pixel(second, 300, 355), kBackground);
    g_assert_true(shows_text(stage, 640, 360));
    gchar *third = nullptr;
    gint64 got = 0;
    gint position = 0;
    gdouble opacity = 0, size = 0;
    g_object_get(c, "lower-third", &third, "countdown", &got, "watermark-position", &position, "watermark-opacity",
                 &opacity, "watermark-size", &size, nullptr);
    g_assert_cmpstr(third, ==, "");
    g_assert_cmpint(got, ==, end);
    g_assert_cmpint(position, ==, 2);
    g_assert_cmpfloat(opacity, ==, 0.5);
    g_assert_cmpfloat(size, ==, 0.3);
    g_free(third);
    // The wall clock goes on meanwhile, but the minute is over in any case.
    stage.run_until(64 * GST_SECOND);
    g_assert_false(shows_text(stage, 640, 360));
}

void test_slate() {
    Stage stage("slate=Soon width=640 height=480");
    stage.play();
    stage.run_until(kDelay);
    g_assert_true(shows_text(stage, 640, 480));
    assert_color(stage.pixel(0, 20, 20), kBackground);
    {
        Feed feed(stage.compositor(), "video_0");
        feed.caps(kSmall);
        feed.picture(stage.time(), kRed);
        stage.run_until(stage.time() + 2 * kDelay);
        assert_color(stage.pixel(stage.pictures() - 1, 320, 240), kRed);
        g_assert_false(shows_text(stage, 640, 480));
        feed.leave();
    }
    stage.run_until(stage.time() + kDelay);
    g_assert_true(shows_text(stage, 640, 480));
    g_object_set(stage.compositor(), "width", 1280, "height", 720, nullptr);
    stage.run_until(stage.time() + kDelay);
    g_assert_true(shows_text(stage, 1280, 720));
    g_object_set(stage.compositor(), "slate", "", nullptr);
    stage.run_until(stage.time() + kDelay);
    g_assert_false(shows_text(stage, 1280, 720));
    // However long and whatever it is.
    g_object_set(stage.compositor(), "slate", std::string(5000, 'x').c_str(), nullptr);
    stage.run_until(stage.time() + kDelay);
    g_assert_true(shows_text(stage, 1280, 720));
    g_object_set(stage.compositor(), "width", 16, "height", 16, nullptr);
    stage.run_until(stage.time() + kDelay);
}

void test_plays_again_from_the_start() {
    Stage stage("framerate=25/1");
    Feed feed(stage.compositor(), "video_0"), sound(stage.compositor(), "audio_0");
    stage.play();
    feed.caps(kSmall);
    sound.caps(kSound);
    for (GstClockTime t = 0; t < ms(500); t += ms(20)) {
        feed.picture(t, kRed);
        sound.samples(t, 960, 8000);
        stage.run_until(t);
    }
    const size_t pictures = stage.pictures(), samples = stage.sound().size();
    stage.stop();
    stage.rewind();
    stage.play();
    stage.run_until(ms(400));
    g_assert_cmpuint(stage.picture_pts(pictures), ==, 0);
    assert_color(stage.pixel(pictures, 200, 100), {0x20, 0x26, 0x2f}); // nothing is left of what was
    const auto all = stage.sound();
    for (size_t i = samples; i < all.size(); ++i)
        g_assert_cmpint(all[i], ==, 0);
    feed.restart();
    feed.caps(kSmall);
    feed.picture(ms(400), kGreen);
    stage.run_until(ms(600));
    assert_color(stage.pixel(stage.pictures() - 1, 200, 100), kGreen);
}

void test_states() {
    for (int i = 0; i < 10; ++i) {
        Stage stage;
        Feed feed(stage.compositor(), "video_0");
        stage.set_state(GST_STATE_PAUSED);
        stage.set_state(GST_STATE_PLAYING);
        stage.set_state(i % 2 ? GST_STATE_PAUSED : GST_STATE_READY);
        stage.set_state(GST_STATE_PLAYING);
    }
}

} // namespace

int main(int argc, char **argv) {
    gst_init(&argc, &argv);
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/livecompositor/rate-without-inputs", test_rate_without_inputs);
    g_test_add_func("/livecompositor/places", test_tiles_are_where_the_layout_says);
    g_test_add_func("/livecompositor/any-format-and-size", test_any_format_and_size);
    g_test_add_func("/livecompositor/lying-buffers", test_lying_buffers);
    g_test_add_func("/livecompositor/freeze-and-return", test_freeze_and_return);
    g_test_add_func("/livecompositor/come-and-go", test_come_and_go_from_any_thread);
    g_test_add_func("/livecompositor/fast-source", test_fast_source_is_slowed_down);
    g_test_add_func("/livecompositor/stamps-out-of-this-world", test_stamps_out_of_this_world);
    g_test_add_func("/livecompositor/layout-switches-whole", test_layout_switches_whole);
    g_test_add_func("/livecompositor/transition", test_transition_moves);
    g_test_add_func("/livecompositor/size-and-rate-change", test_size_and_rate_change);
    g_test_add_func("/livecompositor/bad-values", test_bad_values);
    g_test_add_func("/livecompositor/pads", test_pads);
    g_test_add_func("/livecompositor/sound/in-time", test_sound_is_in_time);
    g_test_add_func("/livecompositor/sound/ten-loud-inputs", test_ten_loud_inputs_do_not_clip);
    g_test_add_func("/livecompositor/sound/mute", test_mute);
    g_test_add_func("/livecompositor/sound/speaker", test_speaker_message);
    g_test_add_func("/livecompositor/flash-and-beep", test_flash_and_beep);
    g_test_add_func("/livecompositor/latency-query", test_latency_query);
    g_test_add_func("/livecompositor/eos", test_eos_for_the_element);
    g_test_add_func("/livecompositor/watermark", test_watermark);
    g_test_add_func("/livecompositor/images", test_images);
    g_test_add_func("/livecompositor/branding", test_branding_is_live);
    g_test_add_func("/livecompositor/slate", test_slate);
    g_test_add_func("/livecompositor/plays-again", test_plays_again_from_the_start);
    g_test_add_func("/livecompositor/states", test_states);
    return g_test_run();
}
