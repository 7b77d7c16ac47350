// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Lip sync over hours, without waiting: one host's picture and sound go through VideoInput and AudioInput the way the
// element drives them. The sound is a ramp that says when each sample was recorded, so that every sample that comes out
// tells how far it is from the picture beside it, and every cut shows as a jump of the ramp.

#include "livecompositor/audio_input.h"

#include <glib.h>

#include <algorithm>
#include <cmath>
#include <random>

using namespace livecompositor;

namespace {

constexpr TimeNs kMs = 1'000'000;
constexpr TimeNs kBlockNs = 10 * kMs;
constexpr TimeNs kDelayNs = 100 * kMs;  // the element's default latency
constexpr double kRampSeconds = 2;      // the ramp's period: more than any offset that is measured
constexpr double kMostMs = 25;          // offset of sound and picture: half a picture, and what is left of drift
constexpr double kCutMs = 0.05;         // largest jump in the sound outside stalls: not heard
constexpr double kSilentPercent = 0.01; // of the time outside stalls
constexpr int kRate = kSampleRate;

struct Host {
    const char *name;
    int minutes;
    double sound_ppm = 0;   ///< the sound card against the host's clock
    double clock_ppm = 0;   ///< the host's clock, which stamps everything, against the pipeline's
    int rate = kRate;       ///< as its caps say
    int channels = 2;       ///<
    double jitter_ms = 0;   ///< of arrival
    double stamps_ms = 0;   ///< jitter of the sound's stamps
    double stall_every = 0; ///< seconds; then `stall` seconds of nothing, and all of it at once
    double stall = 0;       ///<
    double latency_ms = 30; ///< from recording to arrival at least
};

const Host kHosts[] = {
    {.name = "steady", .minutes = 5},
    {.name = "sound card 200 ppm fast", .minutes = 60, .sound_ppm = 200},
    {.name = "sound card 200 ppm slow", .minutes = 60, .sound_ppm = -200},
    {.name = "host clock 200 ppm fast", .minutes = 60, .clock_ppm = 200},
    {.name = "host clock 200 ppm slow", .minutes = 60, .clock_ppm = -200},
    {.name = "both, against each other", .minutes = 60, .sound_ppm = 200, .clock_ppm = -200},
    {.name = "a bad card, 1000 ppm", .minutes = 5, .sound_ppm = 1000},
    {.name = "jittery network", .minutes = 5, .sound_ppm = -100, .jitter_ms = 50},
    {.name = "jittery stamps", .minutes = 5, .sound_ppm = 100, .stamps_ms = 10},
    {.name = "bursts", .minutes = 5, .sound_ppm = 50, .stall_every = 20, .stall = 2},
    {
        .name = "late",
        .minutes = 5,
        .sound_ppm = 50,
        .jitter_ms = 10,
        .latency_ms = 140,
    },
    {.name = "44.1 kHz, mono", .minutes = 5, .sound_ppm = 200, .rate = 44100, .channels = 1},
    {.name = "8 kHz, mono", .minutes = 5, .sound_ppm = -200, .rate = 8000, .channels = 1},
    {.name = "5.1", .minutes = 5, .sound_ppm = -200, .channels = 6},
};

class Show {
  public:
    explicit Show(const Host &host) : host_(host) {
        gst_audio_info_set_format(&sound_info_, GST_AUDIO_FORMAT_F32, host.rate, host.channels, nullptr);
        if (host.channels == 6) {
            const GstAudioChannelPosition surround[] = {
                GST_AUDIO_CHANNEL_POSITION_FRONT_LEFT,   GST_AUDIO_CHANNEL_POSITION_FRONT_RIGHT,
                GST_AUDIO_CHANNEL_POSITION_FRONT_CENTER, GST_AUDIO_CHANNEL_POSITION_LFE1,
                GST_AUDIO_CHANNEL_POSITION_REAR_LEFT,    GST_AUDIO_CHANNEL_POSITION_REAR_RIGHT};
            gst_audio_info_set_format(&sound_info_, GST_AUDIO_FORMAT_F32, host.rate, host.channels, surround);
        }
        g_assert_true(sound_.set_format(sound_info_));
        GstVideoInfo picture;
        gst_video_info_set_format(&picture, GST_VIDEO_FORMAT_GRAY8, 16, 16);
        video_.set_format(picture);
        packet_ = host.rate / 50;
    }

    void run() {
        for (now_ = 0; now_ < TimeNs{host_.minutes} * 60'000 * kMs; now_ += kBlockNs) {
            deliver();
            if (now_ >= kDelayNs)
                look(now_ - kDelayNs);
        }
        report();
    }

  private:
    /// What the pipeline's clock says when the host's says `h`.
    TimeNs pipeline_time(TimeNs h) const { return h - std::llround(double(h) * host_.clock_ppm * 1e-6); }
    /// Host time at which sample `n` was recorded, in seconds.
    double recorded(int64_t n) const { return double(n) / (host_.rate * (1 + host_.sound_ppm * 1e-6)); }
    double uniform() { return std::uniform_real_distribution<double>(0, 1)(random_); }

    bool stalled(TimeNs t) const {
        if (host_.stall_every == 0)
            return false;
        const double phase = std::fmod(double(t) * 1e-9, host_.stall_every);
        return phase > host_.stall_every - host_.stall;
    }
    TimeNs arrival(TimeNs host_done) {
        TimeNs t = pipeline_time(host_done) + std::llround((host_.latency_ms + uniform() * host_.jitter_ms) * 1e6);
        while (stalled(t))
            t += kMs;
        return t;
    }

    void deliver() {
        while (sound_at_ <= now_) {
            push_sound(); // a packet leaves when it is full
            sound_at_ = arrival(std::llround(recorded(samples_ + packet_) * 1e9));
        }
        while (picture_at_ <= now_) {
            push_picture();
            picture_at_ = arrival(std::llround(double(pictures_) * 1e9 / 30));
        }
    }

    void push_picture() {
        const TimeNs taken = std::llround(double(pictures_++) * 1e9 / 30);
        BufferPtr buffer(gst_buffer_new_allocate(nullptr, 256, nullptr));
        GST_BUFFER_PTS(buffer.get()) = static_cast<GstClockTime>(taken);
        g_assert_true(video_.push(std::move(buffer), taken, true));
    }

    void push_sound() {
        std::vector<float> samples(static_cast<size_t>(packet_ * host_.channels));
        double t = std::fmod(recorded(samples_), kRampSeconds) / kRampSeconds - 0.5;
        for (size_t i = 0; i < samples.size(); t += recorded(1) / kRampSeconds) {
            t -= t > 0.5 ? 1 : 0;
            for (int c = 0; c < host_.channels; ++c)
                samples[i++] = static_cast<float>(t);
        }
        GstBuffer *buffer = gst_buffer_new_memdup(samples.data(), samples.size() * sizeof(float));
        const double jitter = (uniform() * 2 - 1) * host_.stamps_ms * 1e6;
        const TimeNs stamp = std::max<TimeNs>(0, std::llround(recorded(samples_) * 1e9 + jitter));
        g_assert_true(sound_.push(buffer, stamp, false, true));
        gst_buffer_unref(buffer);
        samples_ += packet_;
    }

    /// What leaves for time `t`: 10 ms of sound, and the picture beside its beginning.
    void look(TimeNs t) {
        sound_.read(t * kSampleRate / (1000 * kMs), block_);
        video_.set_delay(sound_.delay());
        const auto frame = video_.at(t + 1000 * kMs / 60);
        const bool quiet = t < 4000 * kMs || stalled(now_) || stalled(now_ - 1500 * kMs) || stalled(now_ - 3000 * kMs);
        for (size_t i = 0; i < block_.size(); i += kChannels) {
            const double value = double(block_[i]);
            // Near the ends of the ramp filters ring; zero is silence or the ramp's middle.
            since_edge_ = std::abs(value) < 0.48 && std::abs(value) > 1e-3 ? since_edge_ + 1 : 0;
            if (since_edge_ > 200 && !quiet)
                cut_ms_ = std::max(cut_ms_, std::abs((value - before_) * kRampSeconds * 1000 - 1000.0 / kSampleRate));
            silent_ += !quiet && value == 0;
            counted_ += !quiet;
            before_ = value;
        }
        if (!frame || std::abs(double(block_[0])) > 0.4 || block_[0] == 0 || quiet)
            return;
        const double seen = std::fmod(double(GST_BUFFER_PTS(frame->buffer.get())) * 1e-9, kRampSeconds);
        double ms = ((double(block_[0]) + 0.5) * kRampSeconds - seen) * 1000;
        ms -= std::round(ms / (kRampSeconds * 1000)) * kRampSeconds * 1000;
        earliest_ms_ = std::min(earliest_ms_, ms);
        latest_ms_ = std::max(latest_ms_, ms);
    }

    void report() const {
        const double lost = 100 * double(silent_) / double(std::max<int64_t>(1, counted_));
        g_test_message("%s: sound is %+.1f to %+.1f ms ahead of the picture, largest cut %.3f ms, %.3f %% silent",
                       host_.name, earliest_ms_, latest_ms_, cut_ms_, lost);
        if (std::max(latest_ms_, -earliest_ms_) > kMostMs || cut_ms_ > kCutMs || lost > kSilentPercent)
            g_test_fail_printf("%s: too much", host_.name);
    }

    const Host &host_;
    GstAudioInfo sound_info_{};
    AudioInput sound_;
    VideoInput video_;
    std::mt19937 random_{11};
    TimeNs now_ = 0;
    int64_t packet_ = 960;
    int64_t samples_ = 0, pictures_ = 0;
    TimeNs sound_at_ = 50 * kMs, picture_at_ = 30 * kMs;
    std::vector<float> block_ = std::vector<float>(480 * kChannels);
    double before_ = 0, cut_ms_ = 0, earliest_ms_ = 0, latest_ms_ = 0;
    int since_edge_ = 0;
    int64_t silent_ = 0, counted_ = 0;
};

void test_hosts() {
    for (const Host &host : kHosts)
        Show(host).run();
}

} // namespace

int main(int argc, char **argv) {
    gst_init(&argc, &argv);
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/livecompositor/drift", test_hosts);
    return g_test_run();
}
