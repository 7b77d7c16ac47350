// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Three layers of a picture, a path that changes, and a viewer that reports in one of three ways: the picture stays
// fluid, in the layer that the path carries.

#include "fanout/sim_player.h"

#include "fanout/feed.h"
#include "fanout/track_writer.h"
#include "fanout/viewer.h"

#include <glib.h>

#include <memory>

using namespace peerwire;
using namespace peerwire::test;

namespace {

constexpr uint32_t kSsrc = 0x11111111, kRtxSsrc = 0x22222222, kAudioSsrc = 0x33333333;
constexpr TimeNs kStart = 1000 * kNsPerSecond, kTick = 2'003'001, kFrame = 33'333'333, kSound = 20 * kNsPerMs;
constexpr unsigned kLayers = 3, kFramesPerKey = 60;
constexpr size_t kFrameBytes[kLayers] = {480, 1800, 5800}; // about 130, 450, 1450 kbit/s
constexpr size_t kPayload = 1100, kSoundBytes = 160;
constexpr TimeNs kHostAnswers = 60 * kNsPerMs;

struct Phase {
    const char *name;
    uint64_t kbps;
    TimeNs seconds;
    unsigned layer; ///< at the end
};

// Settled well before its end; the last ones have to climb.
const Phase kPhases[] = {
    {"wide", 0, 8, 2},          {"2 Mbit/s", 2000, 6, 2},         {"800 kbit/s", 800, 10, 1},
    {"300 kbit/s", 300, 10, 0}, {"800 kbit/s again", 800, 25, 1}, {"2 Mbit/s again", 2000, 40, 2},
};

struct PathRow {
    const char *name;
    Estimate estimate;
    double loss;
    TimeNs delay;
    size_t queue_ms;
    TimeNs worst_gap = 1200 * kNsPerMs; ///< when the path gets narrow
    bool overflows = false;             ///< keyframes alone overflow its queue: the layer may be a smaller one
};

const PathRow kPaths[] = {
    {"remb", Estimate::Remb, 0, 20 * kNsPerMs, 300},
    {"remb, one percent lost", Estimate::Remb, 0.01, 20 * kNsPerMs, 300, 1500 * kNsPerMs},
    {"remb, far", Estimate::Remb, 0, 100 * kNsPerMs, 300},
    {"remb, a short queue", Estimate::Remb, 0, 20 * kNsPerMs, 100, 2 * kNsPerSecond, true},
    {"remb, a long queue", Estimate::Remb, 0, 20 * kNsPerMs, 1000},
    {"transport-cc", Estimate::TransportCc, 0, 20 * kNsPerMs, 300},
    {"transport-cc, one percent lost", Estimate::TransportCc, 0.01, 20 * kNsPerMs, 300, 1500 * kNsPerMs},
    {"transport-cc, far", Estimate::TransportCc, 0, 100 * kNsPerMs, 300},
    {"reports alone", Estimate::None, 0, 20 * kNsPerMs, 300},
    {"reports alone, a short queue", Estimate::None, 0.01, 20 * kNsPerMs, 100, 2 * kNsPerSecond, true},
};

/// Packets carry their time of sending behind them, for the receiver's model of delay.
class PathTransport final : public Transport {
  public:
    explicit PathTransport(Link &link) : link_(link) {}
    std::span<uint8_t> reserve(size_t size) override {
        return size <= kMaxPacketSize ? std::span(room_).first(size) : std::span<uint8_t>();
    }
    void commit_rtp(size_t size) override { send(size); }
    void commit_rtcp(size_t size) override { send(size); }
    void close(CloseReason) override {}

    TimeNs now = kStart;

  private:
    void send(size_t size) {
        store_be64(&room_[size], static_cast<uint64_t>(now));
        link_.send(now, std::span<const uint8_t>(room_).first(size + 8));
    }
    Link &link_;
    std::array<uint8_t, kMaxPacketSize + 8> room_;
};

class Host {
  public:
    Host() {
        FeedConfig config;
        config.on_keyframe_wanted = [this](unsigned layer) { wanted_[layer] = true; };
        feed = std::make_shared<Feed>(std::move(config));
        for (unsigned layer = 0; layer < kLayers; ++layer) {
            writers_[layer] = std::make_unique<TrackWriter>(feed->open_video(layer));
            writers_[layer]->begin_source({Codec::Vp8, 90000, {}});
        }
        audio_ = std::make_unique<TrackWriter>(feed->audio());
        audio_->begin_source({Codec::Opus, 48000, {}});
    }

    /// True when something was written.
    bool run(TimeNs now) {
        bool any = false;
        for (; next_sound_ <= now; next_sound_ += kSound, any = true)
            write_sound(next_sound_);
        for (; next_frame_ <= now; next_frame_ += kFrame, any = true)
            write_frames(next_frame_);
        for (unsigned layer = 0; layer < kLayers; ++layer) {
            if (std::exchange(wanted_[layer], false) && key_at_[layer] == kNever)
                key_at_[layer] = now + kHostAnswers;
        }
        return any;
    }

    std::shared_ptr<Feed> feed;

  private:
    void write_frames(TimeNs now) {
        for (unsigned layer = 0; layer < kLayers; ++layer) {
            const bool wanted = key_at_[layer] <= now;
            const bool key = wanted || frame_ % kFramesPerKey == layer * 7;
            if (wanted)
                key_at_[layer] = kNever;
            write_frame(now, layer, key);
        }
        ++frame_;
    }

    void write_frame(TimeNs now, unsigned layer, bool key) {
        const size_t bytes = kFrameBytes[layer] * (key ? 4 : 1);
        const auto count = static_cast<uint8_t>((bytes + kPayload - 1) / kPayload);
        for (uint8_t i = 0; i < count; ++i) {
            const size_t size = bytes * (i + 1u) / count - bytes * i / count;
            std::vector<uint8_t> packet(kRtpFixedHeaderSize + std::max<size_t>(size, 12), 0x42);
            const auto timestamp = static_cast<uint32_t>((now - kStart) / kNsPerUs * 9 / 100);
            write_rtp_header(packet, {i + 1 == count, 96, sequences_[layer]++, timestamp, 7 + layer});
            packet[kRtpFixedHeaderSize] = i == 0 ? 0x10 : 0x00;
            packet[kRtpFixedHeaderSize + 1] = key ? 0x00 : 0x01;
            LayerMark{frame_, static_cast<uint8_t>(layer), i, count, key}.write(
                &packet[kRtpFixedHeaderSize + LayerMark::kAt]);
            feed->observe(now, now - kStart);
            writers_[layer]->write(packet, now - kStart);
        }
    }

    void write_sound(TimeNs now) {
        std::vector<uint8_t> packet(kRtpFixedHeaderSize + kSoundBytes, 0x78);
        const auto timestamp = static_cast<uint32_t>((now - kStart) / kNsPerUs * 48 / 1000);
        write_rtp_header(packet, {false, 111, sound_++, timestamp, 3});
        feed->observe(now, now - kStart);
        audio_->write(packet, now - kStart);
    }

    std::unique_ptr<TrackWriter> writers_[kLayers], audio_;
    uint16_t sequences_[kLayers]{}, sound_ = 0;
    uint32_t frame_ = 0;
    TimeNs next_frame_ = kStart, next_sound_ = kStart, key_at_[kLayers]{kNever, kNever, kNever};
    bool wanted_[kLayers]{};
};

class Course {
  public:
    Course(const PathRow &row, uint64_t seed)
        : row_(row), down_(path(0), seed), up_({.delay = row.delay}, ~seed), transport_(down_),
          player_(kSsrc, kRtxSsrc, row.estimate) {
        ViewerSetup setup;
        setup.cname = "cname";
        setup.video.emplace();
        setup.video->ssrc = kSsrc;
        setup.video->rtx_ssrc = kRtxSsrc;
        (*setup.video)[Codec::Vp8] = {96, 97};
        setup.video->first_sequence = static_cast<uint16_t>(seed * 4099 & 0x7fff);
        setup.audio.emplace();
        setup.audio->ssrc = kAudioSsrc;
        (*setup.audio)[Codec::Opus] = {111, TrackSetup::kNoPayloadType, false};
        setup.audio->red = 63;
        if (row.estimate == Estimate::TransportCc)
            setup.video->extensions.transport_cc_id = setup.audio->extensions.transport_cc_id =
                SimPlayer::kTransportCcId;
        viewer_ = std::make_unique<Viewer>(host_.feed, std::move(setup), counters_);
        viewer_->attach(transport_);
        run_until(now_ + 3 * kNsPerSecond, false); // the host is there before the viewer
        viewer_->on_connected(now_);
    }

    void phase(const Phase &phase) {
        down_.set_config(path(phase.kbps));
        const TimeNs end = now_ + phase.seconds * kNsPerSecond;
        player_.begin();
        run_until(now_ + phase.seconds * kNsPerSecond * 2 / 3, true);
        const TimeNs at_change = player_.longest_gap();
        player_.begin();
        const TimeNs settled_at = now_;
        run_until(end, true);
        const double rate = player_.shown() * double(kNsPerSecond) / static_cast<double>(now_ - settled_at);
        g_test_message(
            "%s, %s: layer %u, %.1f frames/s, gaps %d ms at the change, %d ms then, delay %d ms, estimate %u "
            "kbit/s, %u probes",
            row_.name, phase.name, player_.layer(), rate, int(at_change / kNsPerMs),
            int(player_.longest_gap() / kNsPerMs), int(player_.longest_delay() / kNsPerMs),
            unsigned(counters_->estimate_bps.get() / 1000), unsigned(counters_->probes.get()));
        g_assert_cmpuint(player_.layer(), <=, phase.layer);
        g_assert_true(row_.overflows || player_.layer() == phase.layer);
        g_assert_cmpint(at_change, <, row_.worst_gap);
        g_assert_cmpint(player_.longest_gap(), <, row_.overflows ? row_.worst_gap : 500 * kNsPerMs);
        g_assert_cmpfloat(rate, >, row_.overflows ? 15 : 26);
        g_assert_cmpint(player_.longest_delay(), <, row_.delay + 350 * kNsPerMs);
    }

    /// The path has that rate for that long. Returns the share of the sound that came in the last third.
    double listen(uint64_t kbps, TimeNs seconds) {
        down_.set_config(path(kbps));
        const TimeNs end = now_ + seconds * kNsPerSecond;
        run_until(now_ + seconds * kNsPerSecond * 2 / 3, true);
        const TimeNs began = now_;
        sound_heard_ = 0;
        player_.begin();
        run_until(end, true);
        return static_cast<double>(sound_heard_) * kSound / static_cast<double>(now_ - began);
    }

    bool paused() const { return counters_->layer_reason.get() == static_cast<uint64_t>(LayerReason::Paused); }
    const SimPlayer &player() const { return player_; }

  private:
    LinkConfig path(uint64_t kbps) const {
        LinkConfig config{.loss = row_.loss, .delay = row_.delay};
        config.rate_bps = kbps * 1000;
        config.queue_bytes = std::max<size_t>(kbps * row_.queue_ms / 8, 3000);
        return config;
    }

    void run_until(TimeNs end, bool connected) {
        for (; now_ < end; now_ += kTick) {
            transport_.now = now_;
            const bool woken = host_.run(now_);
            if (!connected)
                continue;
            if (woken)
                viewer_->on_wake(now_);
            while (viewer_->next_timeout() <= now_)
                viewer_->on_timeout(now_);
            down_.deliver(now_, [&](std::span<const uint8_t> packet) {
                const TimeNs sent = static_cast<TimeNs>(load_be64(&packet[packet.size() - 8]));
                const auto bytes = packet.first(packet.size() - 8);
                const bool rtcp = bytes[1] >= 192 && bytes[1] <= 223;
                const auto rtp = parse_rtp(bytes);
                sound_heard_ += !rtcp && rtp && rtp->ssrc == kAudioSsrc;
                rtcp ? player_.on_rtcp(now_, bytes) : player_.on_rtp(now_, sent, bytes);
            });
            player_.poll(now_, up_);
            up_.deliver(now_, [&](std::span<const uint8_t> packet) { viewer_->on_rtcp(now_, packet); });
        }
    }

    const PathRow &row_;
    TimeNs now_ = kStart;
    unsigned sound_heard_ = 0;
    Host host_;
    std::shared_ptr<ViewerCounters> counters_ = std::make_shared<ViewerCounters>();
    Link down_, up_;
    PathTransport transport_;
    SimPlayer player_;
    std::unique_ptr<Viewer> viewer_;
};

void test_path(gconstpointer data) {
    const auto &row = *static_cast<const PathRow *>(data);
    for (uint64_t seed = 1; seed <= 3; ++seed) {
        Course course(row, seed);
        for (const Phase &phase : kPhases)
            course.phase(phase);
    }
}

/// No layer fits: the picture pauses, the sound goes on; when there is room again the picture comes back by itself.
void test_too_narrow(gconstpointer data) {
    const auto &row = *static_cast<const PathRow *>(data);
    Course course(row, 1);
    course.listen(0, 5);
    g_assert_false(course.paused());
    const double heard = course.listen(130, 30);
    g_test_message("%s: %.1f %% of the sound", row.name, 100 * heard);
    g_assert_true(course.paused());
    g_assert_cmpfloat(heard, >, 0.9);
    g_assert_cmpuint(course.player().shown(), ==, 0);
    course.listen(400, 45);
    g_assert_false(course.paused());
    g_assert_cmpuint(course.player().shown(), >, 400);
    g_assert_cmpuint(course.player().layer(), ==, 0);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    for (const auto &row : kPaths)
        g_test_add_data_func((std::string("/bottleneck/") + row.name).c_str(), &row, test_path);
    for (const auto &row : kPaths)
        if (!row.overflows)
            g_test_add_data_func((std::string("/bottleneck/too-narrow/") + row.name).c_str(), &row, test_too_narrow);
    return g_test_run();
}
