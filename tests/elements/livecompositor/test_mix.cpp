// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The sound of the element on a test clock: gain, what comes out of what goes in, any format.

#include "stage.h"

#include <gst/audio/audio.h>

#include <algorithm>
#include <cmath>

namespace {

const char *const kSound = "audio/x-raw,format=S16LE,rate=48000,channels=2,layout=interleaved,channel-mask=(bitmask)3";
constexpr size_t kPacket = 960; // frames: 20 ms

/// Samples that came out between two times, left channel.
std::vector<int> heard(Stage &stage, GstClockTime from, GstClockTime to) {
    const auto all = stage.sound();
    std::vector<int> left;
    for (size_t i = from * 48 / GST_MSECOND; i < to * 48 / GST_MSECOND; ++i)
        left.push_back(all.at(2 * i));
    return left;
}

void test_volume() {
    Stage stage;
    Feed feed(stage.compositor(), "audio_0");
    stage.play();
    feed.caps(kSound);
    const auto play = [&](GstClockTime until) {
        for (GstClockTime t = stage.time(); t < until; t += ms(20)) {
            feed.samples(t, kPacket, 8000);
            stage.run_until(t + ms(20));
        }
    };
    play(ms(400));
    g_object_set(feed.sink(), "volume", 0.25, nullptr);
    play(ms(800));
    g_object_set(feed.sink(), "volume", 2.0, nullptr);
    play(ms(1200));
    play(ms(1600));
    g_object_set(feed.sink(), "muted", TRUE, nullptr);
    play(ms(2000));
    const struct {
        GstClockTime at;
        int value;
    } rows[] = {{ms(250), 8000}, {ms(600), 2000}, {ms(1000), 16000}, {ms(1400), 16000}, {ms(1850), 0}};
    for (const auto &row : rows)
        g_assert_cmpint(heard(stage, row.at, row.at + ms(1))[0], ==, row.value);
    const auto all = heard(stage, ms(50), ms(1900));
    for (size_t i = 1; i < all.size(); ++i) // the largest change, 16000, takes 10 ms
        g_assert_cmpint(std::abs(all[i] - all[i - 1]), <=, 16000 / 480 + 1);
    gdouble volume = 0;
    g_object_get(feed.sink(), "volume", &volume, nullptr);
    g_assert_cmpfloat(volume, ==, 2.0);
}

/// One voice below the limiter comes out as it went in, to the bit.
void test_bit_exact() {
    Stage stage;
    Feed feed(stage.compositor(), "audio_0");
    stage.play();
    feed.caps(kSound);
    GRand *random = g_rand_new_with_seed(7);
    std::vector<int16_t> all;
    for (GstClockTime t = 0; t < GST_SECOND; t += ms(20)) {
        std::vector<int16_t> packet(kPacket * 2);
        for (auto &s : packet)
            s = static_cast<int16_t>(g_rand_int_range(random, -31000, 31001));
        all.insert(all.end(), packet.begin(), packet.end());
        feed.push(gst_buffer_new_memdup(packet.data(), packet.size() * sizeof(int16_t)), t);
        stage.run_until(t);
    }
    g_rand_free(random);
    const auto out = stage.sound();
    g_assert_cmpuint(out.size(), >, 40000);
    for (size_t i = 480 * 2; i < out.size(); ++i) // after the fade-in of the first 2 ms
        g_assert_cmpint(out[i], ==, all[i]);
}

/// Three people, one picture: the one who speaks, not the one who coughs, whatever the volume.
void test_spotlight_follows_the_speaker() {
    Stage stage("layout=spotlight priority=speaker");
    GstElement *c = stage.compositor();
    Feed pictures[] = {{c, "video_0"}, {c, "video_1"}, {c, "video_2"}};
    Feed sounds[] = {{c, "audio_0"}, {c, "audio_1"}, {c, "audio_2"}};
    const Rgb colors[] = {kRed, kGreen, kBlue};
    stage.play();
    for (Feed &picture : pictures)
        picture.caps("video/x-raw,format=I420,width=320,height=180,framerate=30/1,colorimetry=bt709");
    for (Feed &sound : sounds)
        sound.caps(kSound);
    g_object_set(sounds[1].sink(), "volume", 0.1, nullptr);
    const struct {
        const char *name;
        GstClockTime length;
        int speaks; ///< -1 = nobody
        int shown;
        const char *speaker;
    } rows[] = {
        {"nobody yet", ms(600), -1, 0, nullptr},   {"the third", ms(1600), 2, 2, "audio_2"},
        {"a cough", ms(240), 0, 2, "audio_2"},     {"silence", ms(1500), -1, 2, "audio_2"},
        {"the second", ms(2000), 1, 1, "audio_1"}, {"the first", ms(2000), 0, 0, "audio_0"},
    };
    for (const auto &row : rows) {
        for (const GstClockTime end = stage.time() + row.length; stage.time() < end;) {
            const GstClockTime t = stage.time();
            for (int i = 0; i < 3; ++i) {
                pictures[i].picture(t, colors[i]);
                const bool syllable = t / ms(20) % 10 < 7;
                sounds[i].samples(t, kPacket, i == row.speaks && syllable ? 3000 : 0);
            }
            stage.run_until(t + ms(20));
        }
        gchar *speaker = nullptr;
        g_object_get(c, "active-speaker", &speaker, nullptr);
        if (g_strcmp0(speaker, row.speaker) != 0)
            g_error("%s: %s speaks", row.name, speaker);
        g_free(speaker);
        assert_color(stage.pixel(stage.pictures() - 1, 640, 360), colors[row.shown]);
    }
    for (const char *expected : {"audio_2", "audio_1", "audio_0"}) {
        GstMessage *message = stage.pop("livecompositor-speaker");
        g_assert_nonnull(message);
        g_assert_cmpstr(gst_structure_get_string(gst_message_get_structure(message), "pad"), ==, expected);
        gst_message_unref(message);
    }
    g_assert_null(stage.pop("livecompositor-speaker"));
    // Who is muted loses the floor.
    g_object_set(sounds[0].sink(), "muted", TRUE, nullptr);
    stage.run_until(stage.time() + ms(200));
    GstMessage *message = stage.pop("livecompositor-speaker");
    g_assert_nonnull(message);
    g_assert_null(gst_structure_get_string(gst_message_get_structure(message), "pad"));
    gst_message_unref(message);
}

struct Format {
    const char *name;
    const char *caps;
    double level; ///< of a full tone on every channel, in the mix
};
const Format kFormats[] = {
    {"telephone", "audio/x-raw,format=S16LE,rate=8000,channels=1,layout=interleaved", 1},
    {"wideband float", "audio/x-raw,format=F32LE,rate=16000,channels=1,layout=interleaved", 1},
    {"cd", "audio/x-raw,format=S16LE,rate=44100,channels=2,layout=interleaved,channel-mask=(bitmask)3", 1},
    {"cd, planar double",
     "audio/x-raw,format=F64LE,rate=44100,channels=2,layout=non-interleaved,channel-mask=(bitmask)3", 1},
    {"surround", "audio/x-raw,format=S32LE,rate=48000,channels=6,layout=interleaved,channel-mask=(bitmask)0x3f", 1},
    {"surround without positions",
     "audio/x-raw,format=S16LE,rate=48000,channels=6,layout=interleaved,channel-mask=(bitmask)0", 1},
    {"a mixing desk", "audio/x-raw,format=S16LE,rate=48000,channels=32,layout=interleaved,channel-mask=(bitmask)0", 1},
    {"studio", "audio/x-raw,format=S24LE,rate=96000,channels=2,layout=interleaved,channel-mask=(bitmask)3", 1},
    {"old", "audio/x-raw,format=U8,rate=11025,channels=1,layout=interleaved", 1},
};

/// `frames` of a tone of 440 Hz at half scale on all channels, silent before `onset`, in the format of `info`.
GstBuffer *tone(const GstAudioInfo &info, guint64 at, size_t frames, guint64 onset) {
    GstAudioInfo in = info, doubles;
    gst_audio_info_set_format(&doubles, GST_AUDIO_FORMAT_F64, info.rate, info.channels, info.position);
    std::vector<double> samples(frames * static_cast<size_t>(info.channels));
    for (size_t i = 0; i < samples.size(); ++i) {
        const guint64 n = at + i / static_cast<size_t>(info.channels);
        samples[i] = n < onset ? 0 : 0.5 * std::sin(2 * G_PI * 440 * double(n) / info.rate);
    }
    GstAudioConverter *converter = gst_audio_converter_new(GST_AUDIO_CONVERTER_FLAG_NONE, &doubles, &in, nullptr);
    GstBuffer *buffer = gst_buffer_new_allocate(nullptr, frames * static_cast<size_t>(info.bpf), nullptr);
    if (info.layout == GST_AUDIO_LAYOUT_NON_INTERLEAVED)
        gst_buffer_add_audio_meta(buffer, &info, frames, nullptr);
    GstAudioBuffer mapped;
    g_assert_true(gst_audio_buffer_map(&mapped, &info, buffer, GST_MAP_WRITE));
    gpointer from[] = {samples.data()};
    g_assert_true(
        gst_audio_converter_samples(converter, GST_AUDIO_CONVERTER_FLAG_NONE, from, frames, mapped.planes, frames));
    gst_audio_buffer_unmap(&mapped);
    gst_audio_converter_free(converter);
    return buffer;
}

/// Sound of any format comes out at its time (1 ms), at its pitch, without a gap.
void test_any_format() {
    for (const Format &row : kFormats) {
        Stage stage;
        Feed feed(stage.compositor(), "audio_0");
        stage.play();
        feed.caps(row.caps);
        GstAudioInfo info;
        GstCaps *caps = gst_caps_from_string(row.caps);
        g_assert_true(gst_audio_info_from_caps(&info, caps));
        gst_caps_unref(caps);
        const auto rate = static_cast<guint64>(info.rate), onset = rate / 2;
        guint64 at = 0;
        for (GstClockTime t = 0; t < 3 * GST_SECOND; t += ms(20)) {
            const guint64 next = gst_util_uint64_scale(t + ms(20), rate, GST_SECOND);
            feed.push(tone(info, at, next - at, onset), gst_util_uint64_scale(at, GST_SECOND, rate));
            at = next;
            stage.run_until(t);
        }
        const auto all = heard(stage, 0, ms(2800));
        size_t first = 0;
        while (first < all.size() && std::abs(all[first]) < 1000)
            ++first;
        if (std::abs(static_cast<int>(first) - 24000) > 48)
            g_error("%s: begins at %g ms instead of 500", row.name, double(first) / 48);
        double most = 0, sin_part = 0, cos_part = 0;
        for (size_t i = 2 * 48000; i < 2 * 48000 + 24000; ++i) {
            most = std::max(most, std::abs(double(all[i])));
            sin_part += all[i] * std::sin(2 * G_PI * 440 * double(i) / 48000);
            cos_part += all[i] * std::cos(2 * G_PI * 440 * double(i) / 48000);
        }
        const double level = 2 * std::hypot(sin_part, cos_part) / 24000 / 16384;
        g_test_message("%s: begins at %.2f ms, level %.3f, peak %.0f", row.name, double(first) / 48, level, most);
        if (std::abs(level - row.level) > 0.03 || most > 16384 * row.level * 1.05)
            g_error("%s: level %g, peak %g", row.name, level, most);
    }
}

} // namespace

int main(int argc, char **argv) {
    gst_init(&argc, &argv);
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/livecompositor/mix/volume", test_volume);
    g_test_add_func("/livecompositor/mix/bit-exact", test_bit_exact);
    g_test_add_func("/livecompositor/mix/spotlight", test_spotlight_follows_the_speaker);
    g_test_add_func("/livecompositor/mix/any-format", test_any_format);
    return g_test_run();
}
