// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Timeline, mixer and limiter on plain numbers.

#include "livecompositor/limiter.h"
#include "livecompositor/mixer.h"

#include <glib.h>

#include <cmath>

using namespace livecompositor;

namespace {

constexpr int kBlock = 480;

std::vector<float> constant(int frames, float value) {
    return std::vector<float>(static_cast<size_t>(frames) * 2, value);
}

std::vector<float> tone(int frames, int64_t at, double hz, double amplitude) {
    std::vector<float> out;
    for (int i = 0; i < frames; ++i) {
        const auto s = static_cast<float>(amplitude * std::sin(2 * G_PI * hz * double(at + i) / kSampleRate));
        out.insert(out.end(), {s, s});
    }
    return out;
}

float peak(std::span<const float> samples) {
    float most = 0;
    for (float s : samples)
        most = std::max(most, std::abs(s));
    return most;
}

void test_exact_placement() {
    AudioTimeline line;
    line.append(1000, constant(kBlock, 0.5f), false);
    auto out = constant(2 * kBlock, 9);
    line.read(800, out);
    for (int i = 0; i < 2 * kBlock; ++i) {
        const bool inside = i >= 200 && i < 200 + kBlock;
        const float v = out[static_cast<size_t>(2 * i)];
        if (inside && i >= 200)
            g_assert_cmpfloat(v, ==, i < 96 ? v : 0.5f);
        else if (i >= 200 + kBlock + 96 || i < 200)
            g_assert_cmpfloat(v, ==, 0);
    }
}

/// Appends `count` packets of 20 ms, reads 10 ms blocks along, calls `stamp` for the stamp of packet i. Returns the
/// blocks.
template <class Stamp> std::vector<float> run(AudioTimeline &line, int count, int lead, Stamp stamp) {
    std::vector<float> all;
    for (int i = 0; i < count; ++i) {
        const int64_t s = stamp(i);
        line.append(s, tone(2 * kBlock, i * 2 * kBlock, 440, 0.5), false);
        for (int k = 0; k < 2; ++k) {
            auto block = constant(kBlock, 0);
            line.read((2 * i + k) * kBlock - lead, block);
            all.insert(all.end(), block.begin(), block.end());
        }
    }
    return all;
}

float largest_step(std::span<const float> stereo) {
    float most = 0;
    for (size_t i = 2; i < stereo.size(); i += 2)
        most = std::max(most, std::abs(stereo[i] - stereo[i - 2]));
    return most;
}

void test_drift_is_smooth() {
    AudioTimeline line;
    // 300 ppm fast: after 60 s the stamps are 18 ms ahead of the samples; jumps would click.
    const auto all = run(line, 3000, 4800, [](int i) { return static_cast<int64_t>(i * 960 * 1.0003); });
    g_assert_cmpfloat(largest_step(std::span(all).subspan(20000)), <, 0.5f * 2 * 3.1416f * 440 / 48000 * 1.3f);
}

void test_late_input_is_delayed_and_recovers() {
    AudioTimeline line;
    std::vector<float> out = constant(kBlock, 0);
    int64_t read = 0;
    const auto step = [&](int64_t lateness) {
        line.append(read - lateness, constant(2 * kBlock, 0.25f), false);
        for (int k = 0; k < 2; ++k, read += kBlock)
            line.read(read, out);
    };
    for (int i = 0; i < 100; ++i)
        step(9600); // always 200 ms too late
    g_assert_cmpfloat(out[100], ==, 0.25f);
    g_assert_cmpint(line.delay(), >=, 9600);
    for (int i = 0; i < 1500; ++i)
        step(-4800);                       // on time again
    g_assert_cmpint(line.delay(), <=, 96); // what is left is drift that nobody hears
    g_assert_cmpfloat(out[100], ==, 0.25f);
}

/// Each frame tells its stamp by its value, so that what is heard tells by how much it is delayed.
void test_delay_is_that_of_what_is_heard() {
    AudioTimeline line;
    int64_t stamp = 0, read = -4800;
    const auto append = [&](int64_t step) {
        std::vector<float> packet;
        for (int64_t k = 0; k < 2 * kBlock; ++k)
            packet.insert(packet.end(), 2, static_cast<float>(stamp + k) / 1'000'000.0f);
        line.append(stamp, packet, false);
        stamp += step;
    };
    std::vector<float> out = constant(kBlock, 0);
    for (int i = 0; i < 400; ++i) {
        append(i >= 100 && i < 150 ? kBlock : 2 * kBlock);
        if (i >= 100 && i < 150) // half a second more than there is time for
            append(kBlock);
        for (int k = 0; k < 2; ++k, read += kBlock) {
            line.read(read, out);
            const auto heard = static_cast<int64_t>(static_cast<double>(out[0]) * 1e6);
            if (i >= 20) // to half a packet, in which sound may be cut
                g_assert_cmpint(std::abs(read - heard - line.delay()), <=, kBlock);
        }
    }
}

void test_burst_does_not_delay() {
    AudioTimeline line;
    int64_t stamp = 0, read = -4800;
    std::vector<float> out = constant(kBlock, 0);
    const auto advance = [&](int blocks) {
        for (int i = 0; i < blocks; ++i, read += kBlock)
            line.read(read, out);
    };
    for (int i = 0; i < 50; ++i, stamp += 960) {
        line.append(stamp, constant(960, 0.25f), false);
        advance(2);
    }
    advance(50); // a stall of half a second
    for (int i = 0; i < 25; ++i, stamp += 960)
        line.append(stamp, constant(960, 0.25f), false);
    for (int i = 0; i < 50; ++i, stamp += 960) {
        line.append(stamp, constant(960, 0.25f), false);
        advance(2);
    }
    g_assert_cmpint(line.delay(), ==, 0);
    g_assert_cmpfloat(out[100], ==, 0.25f);
}

void test_hostile_stamps() {
    AudioTimeline line;
    std::vector<float> out = constant(kBlock, 0);
    int64_t read = 0;
    const int64_t stamps[] = {0, -1'000'000'000, 1'000'000'000'000, 100, 5'000'000, -5, INT32_MAX, 48000};
    for (int i = 0; i < 2000; ++i) {
        line.append(stamps[i % 8], constant(i % 7 * 160, 0.1f), i % 3 == 0);
        line.read(read, out);
        read += kBlock;
        g_assert_cmpfloat(peak(out), <=, 0.2f);
    }
}

void test_limiter_ten_loud_inputs() {
    Limiter limiter;
    float most = 0;
    for (int64_t at = 0; at < kSampleRate; at += kBlock) {
        auto block = tone(kBlock, at, 440, at < kSampleRate / 2 ? 10 : 0.5);
        limiter.process(block);
        most = std::max(most, peak(block));
    }
    g_assert_cmpfloat(most, <=, Limiter::kCeiling + 1e-4f);
    g_assert_cmpfloat(most, >, 0.9f);
}

struct Distortion {
    const char *name;
    double hz;
    double most_db; ///< of everything but the tone, under the tone
};
const Distortion kDistortion[] = {
    {"bass", 60, -30}, {"man", 110, -30}, {"woman", 220, -34}, {"middle", 1000, -50}, {"high", 5000, -50},
};

/// Ten speakers at full level in one voice stay a sine: 20 dB are taken away without squaring the wave.
void test_limiter_distortion() {
    for (const Distortion &row : kDistortion) {
        Limiter limiter;
        std::vector<float> out;
        for (int64_t at = 0; at < 2 * kSampleRate; at += kBlock) {
            auto block = tone(kBlock, at, row.hz, 10);
            limiter.process(block);
            if (at >= kSampleRate)
                out.insert(out.end(), block.begin(), block.end());
        }
        double sin_part = 0, cos_part = 0, power = 0;
        for (size_t i = 0; i < kSampleRate; ++i) {
            const double phase = 2 * G_PI * row.hz * double(i) / kSampleRate, s = double(out[2 * i]);
            sin_part += s * std::sin(phase);
            cos_part += s * std::cos(phase);
            power += s * s;
        }
        const double tone_power = 2 * (sin_part * sin_part + cos_part * cos_part) / kSampleRate;
        const double db = 10 * std::log10(std::max(1e-12, power / tone_power - 1));
        g_test_message("%s: %.1f dB", row.name, db);
        if (db > row.most_db)
            g_error("%s: distortion %.1f dB", row.name, db);
    }
}

/// The gain goes down over 2.5 ms and comes back over seconds: a shout is no hole in what the others say.
void test_limiter_moves_smoothly() {
    Limiter limiter;
    float before = 0.1f, fastest_up = 0, fastest_down = 0;
    for (int at = 0; at < 4 * kSampleRate; at += kBlock) {
        auto block = constant(kBlock, 0.1f);
        if (at >= kSampleRate && at < kSampleRate + 10 * kBlock)
            block = constant(kBlock, 2);
        limiter.process(block);
        const bool shouting = at >= kSampleRate && at < kSampleRate + 11 * kBlock;
        for (size_t i = 0; at > 0 && !shouting && i < block.size(); i += 2) {
            fastest_up = std::max(fastest_up, block[i] - before);
            fastest_down = std::max(fastest_down, before - block[i]);
            before = block[i];
        }
        if (shouting)
            before = block[block.size() - 2];
    }
    g_assert_cmpfloat(fastest_up, <, 0.1f * 0.01f / Limiter::kLookahead * 1.1f);
    g_assert_cmpfloat(fastest_down, <, 1e-6f);
    g_assert_cmpfloat(before, >, 0.099f);
}

/// An input at 440 Hz, 0.5 through a mixer for a second a step.
struct Mixing {
    Mixer mixer;
    AudioSnapshot snapshot;
    std::shared_ptr<AudioSource> source = std::make_shared<AudioSource>(3);
    int64_t at = 0;
    std::vector<float> all;
    std::vector<SpeakerDetector::Level> levels;

    Mixing() {
        GstAudioInfo info;
        gst_audio_info_set_format(&info, GST_AUDIO_FORMAT_F32, kSampleRate, kChannels, nullptr);
        source->input.set_format(info);
        snapshot.sources.push_back({source, nullptr, 1});
    }
    void run(int blocks) {
        auto sum = constant(kBlock, 0);
        for (int i = 0; i < blocks; ++i, at += kBlock) {
            const auto sound = tone(kBlock, at, 440, 0.5);
            GstBuffer *buffer = gst_buffer_new_memdup(sound.data(), sound.size() * sizeof(float));
            source->input.push(buffer, gst_util_uint64_scale(static_cast<guint64>(at), GST_SECOND, kSampleRate), false,
                               true);
            gst_buffer_unref(buffer);
            mixer.mix(snapshot, at, sum, levels);
            all.insert(all.end(), sum.begin(), sum.end());
        }
    }
    float loudest(int last_blocks) const {
        return peak(std::span(all).last(static_cast<size_t>(last_blocks * kBlock * kChannels)));
    }
};

void test_gain_does_not_click() {
    Mixing m;
    m.run(10);
    g_assert_cmpfloat(m.loudest(5), <, 0.5001f);
    g_assert_cmpfloat(m.loudest(5), >, 0.4999f);
    const struct { float gain, peak; } steps[] = {{0.25f, 0.125f}, {2, 1}, {0, 0}, {0, 0}, {1, 0.5f}};
    for (const auto &step : steps) {
        m.snapshot.sources[0].gain = step.gain;
        m.run(10);
        g_assert_cmpfloat(std::abs(m.loudest(9) - step.peak), <, 1e-3f);
        g_assert_cmpint(m.levels.empty(), ==, step.gain == 0); // what is not heard has no voice
        if (step.gain > 0)
            g_assert_cmpfloat(std::abs(m.levels[0].rms - 0.3535f), <, 0.02f); // before the gain
    }
    m.snapshot.sources.clear(); // it leaves in the middle of its sound
    m.run(3);
    g_assert_cmpfloat(m.loudest(2), ==, 0);
    const float slope = 0.5f * 2 * 3.1416f * 440 / 48000;
    g_assert_cmpfloat(largest_step(m.all), <, 2 * slope + 2.0f * 0.5f / kBlock);
}

void test_limiter_leaves_quiet_sound_alone() {
    Limiter limiter;
    auto first = tone(kBlock, 0, 440, 0.5);
    auto block = first;
    limiter.process(block);
    for (size_t i = Limiter::kLookahead * 2; i < block.size(); ++i)
        g_assert_cmpfloat(std::abs(block[i] - first[i - Limiter::kLookahead * 2]), <, 1e-6f);
}

void test_limiter_survives_nan() {
    Limiter limiter;
    for (int i = 0; i < 4; ++i) {
        auto block = constant(kBlock, i == 1 ? NAN : INFINITY);
        limiter.process(block);
        g_assert_true(std::isfinite(block[7]));
    }
}

} // namespace

int main(int argc, char **argv) {
    gst_init(&argc, &argv);
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/sound/timeline/placement", test_exact_placement);
    g_test_add_func("/sound/timeline/drift", test_drift_is_smooth);
    g_test_add_func("/sound/timeline/late", test_late_input_is_delayed_and_recovers);
    g_test_add_func("/sound/timeline/burst", test_burst_does_not_delay);
    g_test_add_func("/sound/timeline/delay of what is heard", test_delay_is_that_of_what_is_heard);
    g_test_add_func("/sound/timeline/hostile", test_hostile_stamps);
    g_test_add_func("/sound/limiter/ten-loud-inputs", test_limiter_ten_loud_inputs);
    g_test_add_func("/sound/limiter/distortion", test_limiter_distortion);
    g_test_add_func("/sound/limiter/smooth", test_limiter_moves_smoothly);
    g_test_add_func("/sound/gain", test_gain_does_not_click);
    g_test_add_func("/sound/limiter/quiet", test_limiter_leaves_quiet_sound_alone);
    g_test_add_func("/sound/limiter/nan", test_limiter_survives_nan);
    return g_test_run();
}
