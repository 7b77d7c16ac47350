// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A Publisher with a fake transport, a recording observer and a clock that the test ticks.

#pragma once

#include "publish/publisher.h"
#include "wire/bytes.h"
#include "wire/rtcp.h"
#include "wire/rtp.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

namespace peerwire::test {

using Bytes = std::vector<uint8_t>;

inline constexpr uint32_t kVideoSsrc = 0x1111, kRtxSsrc = 0x2222, kAudioSsrc = 0x3333;
inline constexpr uint8_t kVideoPt = 96, kRtxPt = 97, kAudioPt = 111;
inline constexpr uint8_t kMidId = 4, kRidId = 10, kRepairedRidId = 11, kTransportCcId = 3;

/// What came out as RTCP.
struct SentRtcp final : RtcpVisitor {
    struct Lost {
        TimeNs at;
        uint32_t ssrc;
        std::vector<uint16_t> sequences;
    };
    struct Feedback {
        TimeNs at;
        uint16_t base, count;
        std::vector<std::pair<uint16_t, TimeNs>> received; ///< sequence, arrival
        std::vector<uint16_t> missing;
    };
    TimeNs now = 0;
    unsigned compounds = 0, reports = 0;
    uint32_t reporter = 0;
    uint64_t reference_time = 0; ///< newest
    std::vector<ReportBlock> blocks;
    std::vector<Lost> nacks;
    std::vector<std::pair<TimeNs, uint32_t>> plis;
    std::vector<uint64_t> rembs;
    std::vector<Feedback> feedback;

    void on_receiver_report(uint32_t) override { ++reports; }
    void on_reference_time(uint32_t ssrc, uint64_t ntp) override {
        reporter = ssrc;
        reference_time = ntp;
    }
    void on_report_block(uint32_t, const ReportBlock &block) override { blocks.push_back(block); }
    void on_nack(const Nack &nack) override {
        Lost lost{now, nack.media_ssrc, {}};
        nack.for_each_lost([&](uint16_t sequence) { lost.sequences.push_back(sequence); });
        nacks.push_back(std::move(lost));
    }
    void on_pli(const Pli &pli) override { plis.emplace_back(now, pli.media_ssrc); }
    void on_remb(const Remb &remb) override { rembs.push_back(remb.bitrate_bps); }
    void on_transport_cc(const TransportCc &report) override {
        Feedback f{now, report.base_sequence, report.status_count, {}, {}};
        report.for_each([&](uint16_t sequence, bool received, TimeNs arrival) {
            if (received)
                f.received.emplace_back(sequence, arrival);
            else
                f.missing.push_back(sequence);
        });
        feedback.push_back(std::move(f));
    }
};

class FakeTransport final : public Transport {
  public:
    std::span<uint8_t> reserve(size_t size) override {
        return blocked ? std::span<uint8_t>{} : std::span<uint8_t>(buffer_).first(size);
    }
    void commit_rtp(size_t) override {}
    void commit_rtcp(size_t size) override {
        if (!recording)
            return;
        ++sent.compounds;
        parse_failed |= !parse_rtcp(std::span<const uint8_t>(buffer_).first(size), sent);
    }
    void close(CloseReason) override {}

    SentRtcp sent;
    bool blocked = false;
    bool recording = true;
    bool parse_failed = false;

  private:
    std::array<uint8_t, kMaxPacketSize + 64> buffer_{};
};

struct Media {
    size_t track;
    uint32_t ssrc;
    uint16_t sequence;
    uint8_t payload_type;
    TimeNs arrival, capture;
    bool keyframe, repaired, new_stream;
    Bytes bytes;
};

struct Recorder final : PublisherObserver {
    bool recording = true;
    std::vector<Media> media;
    std::vector<std::pair<size_t, bool>> stalls;
    PublisherStats stats;
    unsigned media_count = 0;

    void on_connected(TimeNs) override {}
    void on_media(const MediaPacket &p) override {
        ++media_count;
        if (recording)
            media.push_back({p.track, p.ssrc, static_cast<uint16_t>(p.sequence), p.codec.payload_type, p.arrival,
                             p.capture, p.keyframe, p.repaired, p.new_stream, Bytes(p.bytes.begin(), p.bytes.end())});
    }
    void on_stalled(size_t track, bool stalled) override { stalls.emplace_back(track, stalled); }
    void on_stats(const PublisherStats &s) override { stats = s; }
    void on_closed(TimeNs, CloseReason) override {}
};

struct Packet {
    uint32_t ssrc = kVideoSsrc;
    uint16_t sequence = 0;
    uint32_t timestamp = 0;
    uint8_t payload_type = kVideoPt;
    bool marker = false;
    std::string mid = {}, rid = {}, repaired_rid = {};
    int transport_sequence = -1;
    Bytes payload = {0x10, 0x01, 0, 0}; ///< VP8, first packet of a frame that is not a keyframe
};

inline const Bytes kVp8Keyframe{0x10, 0x00, 0, 0};

inline Bytes make_packet(const Packet &p) {
    Bytes out(kMaxPacketSize);
    uint8_t transport[2];
    store_be16(transport, static_cast<uint16_t>(p.transport_sequence));
    std::vector<HeaderExtension> extensions;
    const auto text = [&](uint8_t id, const std::string &value) {
        if (!value.empty())
            extensions.push_back({id, {reinterpret_cast<const uint8_t *>(value.data()), value.size()}});
    };
    text(kMidId, p.mid);
    text(kRidId, p.rid);
    text(kRepairedRidId, p.repaired_rid);
    if (p.transport_sequence >= 0)
        extensions.push_back({kTransportCcId, transport});
    RtpHeader header;
    header.marker = p.marker;
    header.payload_type = p.payload_type;
    header.sequence = p.sequence;
    header.timestamp = p.timestamp;
    header.ssrc = p.ssrc;
    const size_t size = write_rtp_header(out, header, extensions);
    out.resize(size);
    out.insert(out.end(), p.payload.begin(), p.payload.end());
    return out;
}

inline Bytes make_rtx(uint16_t rtx_sequence, const Packet &original, uint32_t rtx_ssrc = kRtxSsrc) {
    Packet p = original;
    p.ssrc = rtx_ssrc;
    p.sequence = rtx_sequence;
    p.payload_type = kRtxPt;
    p.payload = {static_cast<uint8_t>(original.sequence >> 8), static_cast<uint8_t>(original.sequence)};
    p.payload.insert(p.payload.end(), original.payload.begin(), original.payload.end());
    return make_packet(p);
}

/// Video with RTX, NACK and PLI (VP8) on mid "1", audio without on mid "0".
inline PublisherConfig av_config() {
    PublisherConfig config;
    config.extensions = {kMidId, kRidId, kRepairedRidId, kTransportCcId};
    config.transport_cc = true;
    config.reduced_size = true;
    TrackConfig audio{TrackKind::Audio, "0", "", {}, {}, {}};
    audio.codecs.push_back({kAudioPt, 48000, PayloadFormat::Other, {}, false, false});
    TrackConfig video{TrackKind::Video, "1", "", {}, {}, {}};
    video.codecs.push_back({kVideoPt, 90000, PayloadFormat::Vp8, kRtxPt, true, true});
    config.tracks = {audio, video};
    return config;
}

inline PublisherConfig simulcast_config() {
    PublisherConfig config = av_config();
    TrackConfig layer = config.tracks[1];
    config.tracks.pop_back();
    for (const char *rid : {"q", "h", "f"}) {
        layer.rid = rid;
        config.tracks.push_back(layer);
    }
    return config;
}

class Rig {
  public:
    explicit Rig(PublisherConfig config = av_config()) : publisher(std::move(config), control, observer) {
        publisher.attach(transport);
        publisher.on_connected(now);
    }

    void receive(const Bytes &packet) { publisher.on_rtp(now, packet); }
    void send(const Packet &packet) { receive(make_packet(packet)); }
    void receive_rtcp(const Bytes &compound) { publisher.on_rtcp(now, compound); }
    /// Ticks to `until`, calling on_timeout() exactly when the publisher wants it.
    void run_until(TimeNs until) {
        while (publisher.next_timeout() <= until) {
            now = std::max(now, publisher.next_timeout());
            transport.sent.now = now;
            publisher.on_timeout(now);
        }
        now = until;
        transport.sent.now = now;
    }
    void run_for(TimeNs duration) { run_until(now + duration); }
    void wake() {
        transport.sent.now = now;
        publisher.on_wake(now);
    }

    TimeNs now = 100 * kNsPerSecond;
    FakeTransport transport;
    std::shared_ptr<PublisherControl> control = std::make_shared<PublisherControl>();
    std::shared_ptr<Recorder> observer = std::make_shared<Recorder>();
    Publisher publisher;

    SentRtcp &sent() { return transport.sent; }
};

inline Bytes sender_report(uint32_t ssrc, TimeNs remote, uint32_t rtp_timestamp) {
    Bytes out(256);
    out.resize(write_sender_report(out, {ssrc, to_ntp(remote), rtp_timestamp, 0, 0}));
    return out;
}

} // namespace peerwire::test
