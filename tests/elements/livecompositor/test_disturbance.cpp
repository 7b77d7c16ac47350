// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Whatever one input does, the outputs keep their rate and the others are seen and heard (on a test clock).

#include "stage.h"

#include <atomic>
#include <cmath>
#include <functional>
#include <thread>

namespace {

const char *const kPicture = "video/x-raw,format=I420,width=320,height=180,framerate=30/1,colorimetry=bt709";
const char *const kSound = "audio/x-raw,format=S16LE,rate=48000,channels=2,layout=interleaved,channel-mask=(bitmask)3";
constexpr Rgb kPlaceholder{0x20, 0x26, 0x2f};
constexpr GstClockTime kDelay = ms(100), kEnd = 3 * GST_SECOND;

GstBuffer *gray(size_t bytes) {
    GstBuffer *buffer = gst_buffer_new_allocate(nullptr, bytes, nullptr);
    gst_buffer_memset(buffer, 0, 0x80, bytes);
    return buffer;
}
GstClockTime largest(GstClockTime now) {
    return now % ms(20) ? G_MAXUINT64 - 1 : static_cast<GstClockTime>(G_MAXINT64);
}
constexpr size_t kPictureBytes = 320 * 180 * 3 / 2;

void test_exact_times() {
    const struct {
        const char *framerate;
        guint64 n, d;
    } rows[] = {{"30000/1001", 30000, 1001}, {"1/1", 1, 1}, {"24/1", 24, 1}, {"60/1", 60, 1}, {"120/1", 120, 1}};
    for (const auto &row : rows) {
        Stage stage("width=64 height=36");
        gst_util_set_object_arg(G_OBJECT(stage.compositor()), "framerate", row.framerate);
        stage.play();
        stage.run_until(10 * GST_SECOND + kDelay);
        g_assert_cmpuint(stage.pictures(), ==, 10 * row.n / row.d + 1);
        for (size_t i = 0; i < stage.pictures(); ++i)
            g_assert_cmpuint(stage.picture_pts(i), ==, gst_util_uint64_scale(i, row.d * GST_SECOND, row.n));
        stage.assert_steps();
    }
}

struct Disturber {
    Feed picture, sound;
    explicit Disturber(Stage &stage) : picture(stage.compositor(), "video_0"), sound(stage.compositor(), "audio_0") {
        picture.caps(kPicture);
        sound.caps(kSound);
    }
};

struct Row {
    const char *name;
    std::function<void(Disturber &, GstClockTime now)> step; ///< every 10 ms
    Rgb shown;                                               ///< in its tile in the end
};

const Row kRows[] = {
    {"silent", [](Disturber &, GstClockTime) {}, kPlaceholder},
    {"one picture per second",
     [](Disturber &d, GstClockTime now) {
         if (now % GST_SECOND == 0)
             d.picture.picture(now, kBlue);
     },
     kBlue},
    {"1000 pictures per second",
     [](Disturber &d, GstClockTime now) {
         for (int i = 0; i < 10; ++i)
             d.picture.picture(now + ms(1) * static_cast<guint64>(i), kBlue);
     },
     kBlue},
    {"variable rate",
     [](Disturber &d, GstClockTime now) {
         if (now * now / GST_SECOND % 7 < 2)
             d.picture.picture(now, kBlue);
         if (now % ms(20) == 0)
             d.sound.samples(now, static_cast<int>(now / ms(10) % 5) * 300, 1000);
     },
     kBlue},
    {"flood",
     [](Disturber &d, GstClockTime now) {
         for (int i = 0; i < 60; ++i) {
             d.picture.picture(now, kBlue);
             d.sound.samples(now, 480, 1000);
         }
     },
     kBlue},
    {"no stamps",
     [](Disturber &d, GstClockTime) {
         d.picture.picture(GST_CLOCK_TIME_NONE, kBlue);
         d.sound.samples(GST_CLOCK_TIME_NONE, 480, 1000);
     },
     kBlue},
    {"stamps half a second old",
     [](Disturber &d, GstClockTime now) { d.picture.picture(now > ms(500) ? now - ms(500) : 0, kBlue); }, kBlue},
    {"stamps half a second ahead",
     [](Disturber &d, GstClockTime now) { d.picture.picture(now + ms(500), now > kEnd - ms(400) ? kRed : kBlue); },
     kBlue},
    {"stamps an hour ahead", [](Disturber &d, GstClockTime now) { d.picture.picture(now + 3600 * GST_SECOND, kBlue); },
     kBlue},
    {"stamps that run backwards",
     [](Disturber &d, GstClockTime now) {
         d.picture.picture(kEnd - now, kBlue);
         d.sound.samples(kEnd - now, 480, 1000);
     },
     kBlue},
    {"the largest stamps of pictures", [](Disturber &d, GstClockTime now) { d.picture.picture(largest(now), kBlue); },
     kBlue},
    {"the largest stamps of sound", [](Disturber &d, GstClockTime now) { d.sound.samples(largest(now), 480, 1000); },
     kPlaceholder},
    {"durations that are none",
     [](Disturber &d, GstClockTime now) {
         GstBuffer *picture = gray(kPictureBytes), *sound = gray(480 * 4);
         const GstClockTime durations[] = {0, GST_CLOCK_TIME_NONE, static_cast<GstClockTime>(-5), 3600 * GST_SECOND};
         GST_BUFFER_DURATION(picture) = GST_BUFFER_DURATION(sound) = durations[now / ms(10) % 4];
         d.picture.push(picture, now);
         d.sound.push(sound, now);
     },
     {130, 130, 130}},
    {"segments that change at every picture",
     [](Disturber &d, GstClockTime now) {
         d.picture.segment(now);
         d.picture.picture(0, kBlue);
         d.sound.segment(now);
         d.sound.samples(0, 480, 1000);
     },
     kBlue},
    {"caps that change at every picture",
     [](Disturber &d, GstClockTime now) {
         const auto n = static_cast<int>(now / ms(10));
         gchar *picture = g_strdup_printf("video/x-raw,format=I420,width=%d,height=%d,framerate=%d/1,colorimetry=bt709",
                                          1 + n * 37 % 700, 1 + n * 53 % 400, n % 90);
         gchar *sound =
             g_strdup_printf("audio/x-raw,format=S16LE,rate=%d,channels=2,layout=interleaved,channel-mask=(bitmask)3",
                             8000 + n * 313 % 60000);
         d.picture.caps(picture);
         d.picture.picture(now, kBlue);
         d.sound.caps(sound);
         d.sound.samples(now, 480, 1000);
         g_free(picture);
         g_free(sound);
     },
     kBlue},
    {"a slide show of 8K",
     [](Disturber &d, GstClockTime now) {
         if (now % GST_SECOND != 0)
             return;
         d.picture.caps("video/x-raw,format=I420,width=7680,height=4320,framerate=0/1,colorimetry=bt709");
         d.picture.picture(now, kBlue);
     },
     kBlue},
    {"one dot",
     [](Disturber &d, GstClockTime now) {
         d.picture.caps("video/x-raw,format=I420,width=1,height=1,framerate=0/1,colorimetry=bt709");
         d.picture.picture(now, kBlue);
     },
     kBlue},
    {"interlaced",
     [](Disturber &d, GstClockTime now) {
         d.picture.caps("video/x-raw,format=I420,width=320,height=180,framerate=25/1,colorimetry=bt709,"
                        "interlace-mode=mixed,field-order=top-field-first");
         d.picture.picture(now, kBlue);
     },
     kBlue},
};

/// The outputs run for three seconds beside a disturber and a witness who behaves.
void test_disturbers() {
    for (const Row &row : kRows) {
        g_test_message("%s", row.name);
        Stage stage;
        Disturber disturber(stage);
        Feed picture(stage.compositor(), "video_1"), sound(stage.compositor(), "audio_1");
        stage.play();
        picture.caps(kPicture);
        sound.caps(kSound);
        g_object_set(disturber.sound.sink(), "muted", TRUE, nullptr);
        for (GstClockTime t = 0; t <= kEnd; t += ms(10)) {
            row.step(disturber, t);
            picture.picture(t, kGreen);
            sound.samples(t, 480, 8000);
            stage.run_until(t);
        }
        stage.run_until(kEnd + kDelay);
        g_assert_cmpuint(stage.pictures(), ==, 91);
        g_assert_cmpuint(stage.blocks(), ==, 301);
        stage.assert_steps();
        for (size_t i = 0; i < stage.pictures(); ++i) {
            g_assert_cmpuint(stage.picture_pts(i), ==, gst_util_uint64_scale(i, GST_SECOND, 30));
            assert_color(stage.pixel(i, 956, 360), kGreen);
        }
        assert_color(stage.pixel(90, 130, 300), row.shown);
        const auto out = stage.sound();
        for (size_t i = 2 * 480; i < 2 * 300 * 480; ++i)
            g_assert_cmpint(out[i], ==, 8000);
        g_assert_null(stage.pop(GST_MESSAGE_ERROR));
    }
}

/// A source that hangs in its push for ever: a time that never comes, on a source that is not live.
void test_stuck_in_chain() {
    Stage stage;
    Feed stuck(stage.compositor(), "video_0", false), deaf(stage.compositor(), "audio_0", false);
    Feed witness(stage.compositor(), "video_1");
    stage.play();
    for (Feed *feed : {&stuck, &witness})
        feed->caps(kPicture);
    deaf.caps(kSound);
    std::thread video([&] { g_assert_cmpint(stuck.picture(3600 * GST_SECOND, kBlue), ==, GST_FLOW_FLUSHING); });
    std::thread audio([&] { g_assert_cmpint(deaf.samples(3600 * GST_SECOND, 480, 9), ==, GST_FLOW_FLUSHING); });
    for (GstClockTime t = 0; t < 5 * GST_SECOND; t += ms(33)) {
        witness.picture(t, kGreen);
        stage.run_until(t);
    }
    g_assert_cmpuint(stage.pictures(), ==, 147);
    stage.assert_steps();
    assert_color(stage.pixel(146, 956, 360), kGreen);
    stage.stop(); // lets both go
    video.join();
    audio.join();
}

/// What waits is bounded, however much comes.
void test_flood_is_bounded() {
    static std::atomic<int> alive;
    Stage stage("width=64 height=36");
    Feed feed(stage.compositor(), "video_0"), sound(stage.compositor(), "audio_0");
    stage.play();
    feed.caps("video/x-raw,format=I420,width=16,height=16,framerate=30/1,colorimetry=bt709");
    sound.caps(kSound);
    int most = 0;
    const auto flood = [&](Feed &to, size_t bytes, GstClockTime at) {
        GstBuffer *buffer = gray(bytes);
        ++alive;
        gst_mini_object_weak_ref(
            GST_MINI_OBJECT(buffer), [](gpointer, GstMiniObject *) { --alive; }, nullptr);
        to.push(buffer, at);
        most = std::max(most, alive.load());
    };
    for (GstClockTime t = 0; t < GST_SECOND; t += ms(100)) {
        for (guint64 i = 0; i < 3000; ++i) {
            flood(feed, 16 * 16 * 3 / 2, t + i * ms(1));
            flood(sound, 960 * 4, t + i * ms(20));
        }
        stage.run_until(t);
    }
    g_assert_cmpint(most, <, 140);
    feed.caps("video/x-raw,format=RGBA,width=1280,height=720,framerate=30/1");
    for (guint64 i = 0; i < 100; ++i)
        flood(feed, 1280 * 720 * 4, GST_SECOND + i * ms(10));
    g_assert_cmpint(alive, <, 40); // 100 MiB
    stage.assert_steps();
}

/// Pictures are shown in the shape that their pixel aspect makes.
void test_pixel_aspect() {
    const struct {
        const char *aspect;
        int inside[2], outside[2];
    } rows[] = {
        {"1/1", {8, 8}, {-1, -1}},
        {"1/2", {332, 360}, {308, 360}}, // 640x720 in the middle
        {"2/1", {640, 192}, {640, 168}}, // 1280x360
    };
    for (const auto &row : rows) {
        Stage stage;
        Feed feed(stage.compositor(), "video_0");
        g_object_set(feed.sink(), "screen", TRUE, nullptr); // shown whole
        stage.play();
        gchar *caps = g_strdup_printf("%s,pixel-aspect-ratio=%s", kPicture, row.aspect);
        feed.caps(caps);
        g_free(caps);
        feed.picture(0, kRed);
        stage.run_until(kDelay);
        assert_color(stage.pixel(0, row.inside[0], row.inside[1]), kRed);
        assert_color(stage.pixel(0, 1280 - 1 - row.inside[0], 720 - 1 - row.inside[1]), kRed);
        if (row.outside[0] >= 0) {
            assert_color(stage.pixel(0, row.outside[0], row.outside[1]), kPlaceholder);
            assert_color(stage.pixel(0, 1280 - 1 - row.outside[0], 720 - 1 - row.outside[1]), kPlaceholder);
        }
    }
}

} // namespace

int main(int argc, char **argv) {
    gst_init(&argc, &argv);
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/livecompositor/disturbance/exact-times", test_exact_times);
    g_test_add_func("/livecompositor/disturbance/one-input", test_disturbers);
    g_test_add_func("/livecompositor/disturbance/stuck-in-chain", test_stuck_in_chain);
    g_test_add_func("/livecompositor/disturbance/flood", test_flood_is_bounded);
    g_test_add_func("/livecompositor/disturbance/pixel-aspect", test_pixel_aspect);
    return g_test_run();
}
