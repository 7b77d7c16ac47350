// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A feed, a viewer and a transport that records, under a clock that the test ticks.

#pragma once

#include "fanout/feed.h"
#include "fanout/track_writer.h"
#include "fanout/viewer.h"
#include "wire/bytes.h"
#include "wire/rtcp.h"
#include "wire/rtp.h"

#include <glib.h>

#include <deque>
#include <functional>
#include <vector>

namespace peerwire::test {

using Bytes = std::vector<uint8_t>;

/// A recorded packet, taken apart.
struct Packet {
    Bytes bytes;
    RtpView rtp; // into bytes

    explicit Packet(Bytes b) : bytes(std::move(b)) {
        const auto parsed = parse_rtp(bytes);
        g_assert_true(parsed.has_value());
        rtp = *parsed;
    }
    Packet(const Packet &other) : Packet(other.bytes) {}
    Packet &operator=(const Packet &) = delete;

    /// The frame's number, which the test put at the end of the payload.
    uint8_t tag() const { return rtp.payload.back(); }
};

class RecordingTransport : public Transport {
  public:
    std::span<uint8_t> reserve(size_t size) override {
        return writable && size <= kMaxPacketSize ? std::span(room_).first(size) : std::span<uint8_t>();
    }
    void commit_rtp(size_t size) override { rtp.emplace_back(Bytes(room_.begin(), room_.begin() + long(size))); }
    void commit_rtcp(size_t size) override { rtcp.emplace_back(room_.begin(), room_.begin() + long(size)); }
    bool busy() const override { return is_busy; }
    void close(CloseReason) override {}

    std::vector<Packet> of_ssrc(uint32_t ssrc) const {
        std::vector<Packet> found;
        for (const Packet &packet : rtp) {
            if (packet.rtp.ssrc == ssrc)
                found.push_back(packet);
        }
        return found;
    }

    bool writable = true;
    bool is_busy = false;
    std::deque<Packet> rtp;
    std::deque<Bytes> rtcp;

  private:
    std::array<uint8_t, kMaxPacketSize> room_;
};

constexpr uint32_t kVideoSsrc = 0x11111111, kRtxSsrc = 0x22222222, kAudioSsrc = 0x33333333;
constexpr uint8_t kVp8Type = 96, kVp8RtxType = 97, kH264Type = 108, kH264RtxType = 109, kOpusType = 111;

/// Sends frames as a payloader would: one SSRC, its own sequence numbers and timestamps.
class Sender {
  public:
    Sender(TrackWriter &writer, uint32_t ssrc, uint16_t sequence, uint32_t timestamp)
        : writer_(writer), ssrc_(ssrc), sequence_(sequence), timestamp_(timestamp) {}

    TrackWriter::Outcome packet(Bytes payload, TimeNs pts, uint32_t timestamp, bool marker, uint16_t sequence) {
        Bytes bytes(kRtpFixedHeaderSize);
        RtpHeader header;
        header.marker = marker;
        header.payload_type = 100;
        header.sequence = sequence;
        header.timestamp = timestamp;
        header.ssrc = ssrc_;
        g_assert_cmpuint(write_rtp_header(bytes, header), ==, kRtpFixedHeaderSize);
        bytes.insert(bytes.end(), payload.begin(), payload.end());
        return writer_.write(bytes, pts);
    }

    /// All payloads at one timestamp; the last one has the marker.
    void frame(const std::vector<Bytes> &payloads, TimeNs pts) {
        for (size_t i = 0; i < payloads.size(); ++i)
            packet(payloads[i], pts, timestamp_at(pts), i + 1 == payloads.size(), sequence_++);
    }
    void skip(uint16_t packets) { sequence_ = static_cast<uint16_t>(sequence_ + packets); }
    uint16_t next_sequence() const { return sequence_; }
    uint32_t timestamp_at(TimeNs pts) const { return timestamp_ + static_cast<uint32_t>(pts / kNsPerUs * 90 / 1000); }

  private:
    TrackWriter &writer_;
    const uint32_t ssrc_;
    uint16_t sequence_;
    const uint32_t timestamp_; // at pts 0
};

inline Bytes vp8(bool key, uint8_t tag) {
    return {0x10, static_cast<uint8_t>(key ? 0x00 : 0x01), 0xaa, 0xbb, tag};
}
inline Bytes vp8_more(uint8_t tag) { // a later packet of a frame
    return {0x00, 0xcc, tag};
}
inline Bytes h264(uint8_t nal_type, uint8_t tag) {
    return {static_cast<uint8_t>(0x60 | nal_type), 0x11, 0x22, tag};
}

/// A viewer of `feed` that negotiated VP8, H.264 and Opus, or what it is told, its clock and its transport.
struct Seat {
    explicit Seat(std::shared_ptr<Feed> feed, const std::function<void(ViewerSetup &)> &negotiate = {}) {
        ViewerSetup setup;
        setup.cname = "cname";
        setup.video.emplace();
        setup.video->ssrc = kVideoSsrc;
        setup.video->rtx_ssrc = kRtxSsrc;
        (*setup.video)[Codec::Vp8] = {kVp8Type, kVp8RtxType};
        (*setup.video)[Codec::H264] = {kH264Type, kH264RtxType};
        setup.video->first_sequence = 65533; // wraps early
        setup.video->first_timestamp = 0xffffff00;
        setup.audio.emplace();
        setup.audio->ssrc = kAudioSsrc;
        (*setup.audio)[Codec::Opus] = {kOpusType};
        setup.audio->first_sequence = 7;
        setup.audio->first_timestamp = 5000;
        if (negotiate)
            negotiate(setup);
        setup.on_connected = [this] { connected = true; };
        setup.on_closed = [this](CloseReason reason) { closed = reason; };
        viewer = std::make_unique<Viewer>(std::move(feed), std::move(setup), counters);
        viewer->attach(transport);
    }

    /// Lets the viewer's timers run up to `now`.
    void run_until(TimeNs now) {
        while (viewer->next_timeout() <= now)
            viewer->on_timeout(viewer->next_timeout());
    }
    std::vector<Packet> video() const { return transport.of_ssrc(kVideoSsrc); }
    std::vector<Packet> rtx() const { return transport.of_ssrc(kRtxSsrc); }
    std::vector<Packet> audio() const { return transport.of_ssrc(kAudioSsrc); }

    void nack(TimeNs now, std::vector<uint16_t> sequences, uint32_t ssrc = kVideoSsrc) {
        std::array<uint8_t, 600> bytes;
        const size_t size = write_nack(bytes, 1, ssrc, sequences);
        g_assert_cmpuint(size, >, 0);
        viewer->on_rtcp(now, std::span(bytes).first(size));
    }
    void pli(TimeNs now) {
        std::array<uint8_t, 64> bytes;
        const size_t size = write_pli(bytes, {.sender_ssrc = 1, .media_ssrc = kVideoSsrc});
        viewer->on_rtcp(now, std::span(bytes).first(size));
    }

    RecordingTransport transport;
    std::shared_ptr<ViewerCounters> counters = std::make_shared<ViewerCounters>();
    std::unique_ptr<Viewer> viewer;
    bool connected = false;
    std::optional<CloseReason> closed;
};

/// A feed with one video layer and an audio track, and its upstream requests.
struct Stage {
    explicit Stage(TimeNs history = 3 * kNsPerSecond) {
        FeedConfig config;
        config.history = history;
        config.on_keyframe_wanted = [this](unsigned layer) { requests.push_back(layer); };
        feed = std::make_shared<Feed>(std::move(config));
        video = std::make_unique<TrackWriter>(feed->open_video(0));
        audio = std::make_unique<TrackWriter>(feed->audio());
        video->begin_source({Codec::Vp8, 90000, {}});
        audio->begin_source({Codec::Opus, 48000, {}});
        feed->observe(kStart, 0);
    }

    static constexpr TimeNs kStart = 1000 * kNsPerSecond; // monotonic time at which the feed's clock is 0
    static constexpr TimeNs at(TimeNs pts) { return kStart + pts; }

    std::vector<unsigned> requests;
    std::shared_ptr<Feed> feed;
    std::unique_ptr<TrackWriter> video, audio;
};

constexpr TimeNs ms(int64_t n) {
    return n * kNsPerMs;
}

} // namespace peerwire::test
