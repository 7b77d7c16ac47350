// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// One track of one viewer: reads a ring, rewrites the RTP headers, answers NACKs, reports the clock.

#pragma once

#include "fanout/feed.h"
#include "fanout/header_extensions.h"
#include "fanout/packet_ring.h"
#include "fanout/redundancy.h"
#include "fanout/retransmission.h"
#include "fanout/send_log.h"
#include "fanout/viewer_counters.h"
#include "net/media_endpoint.h"
#include "wire/rtcp.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace peerwire {

/// What was negotiated for the track.
struct TrackSetup {
    static constexpr uint8_t kNoPayloadType = 0xff;
    struct PayloadTypes {
        uint8_t media = kNoPayloadType;
        uint8_t rtx = kNoPayloadType;
        bool nack = true; ///< lost packets are sent again
    };

    uint32_t ssrc = 0;
    uint32_t rtx_ssrc = 0;
    std::array<PayloadTypes, kCodecCount> payload_types{}; ///< by Codec
    uint8_t red = kNoPayloadType;                          ///< RED whose blocks are Opus
    ExtensionSetup extensions;
    uint16_t first_sequence = 0;  ///< random (RFC 3550 §5.1)
    uint32_t first_timestamp = 0; ///< random

    /// For some codec.
    bool has_rtx() const {
        return rtx_ssrc != 0 && std::any_of(payload_types.begin(), payload_types.end(),
                                            [](const PayloadTypes &types) { return types.rtx != kNoPayloadType; });
    }
    PayloadTypes &operator[](Codec codec) { return payload_types[static_cast<size_t>(codec)]; }
    const PayloadTypes &operator[](Codec codec) const { return payload_types[static_cast<size_t>(codec)]; }
};

/// The track begins at a keyframe and goes on in *segments*: a jump to a newer keyframe or to another ring begins a new
/// one. Sequence numbers and timestamps are continuous over segments, by one and by the difference of the pts; so are
/// the numbers of pictures. Thread-bound: the viewer's shard.
class TrackSender {
  public:
    /// `feed` tells the clock; `log` is the viewer's.
    TrackSender(const TrackSetup &setup, const Feed &feed, SendLog &log, ViewerCounters &counters);

    /// Follow `ring` from its next keyframe on, or from its newest one when what came since has at most
    /// `catch_up_bytes`; until then the current one goes on.
    void follow(const PacketRing *ring, uint64_t catch_up_bytes = 0);
    /// Of the current ring only the rest of a frame that has begun is still sent, and nothing is sent again: its
    /// packets are in the way of what follows.
    void leave();
    /// leave(), and follow nothing.
    void pause();
    /// Enough waited for a keyframe after leave(): the newest one in the ring will do.
    void enter_anyway();

    /// What is followed has no keyframe to begin with.
    bool needs_keyframe() const {
        const uint64_t keyframe = wanted_ ? wanted_->newest_keyframe() : PacketRing::kNone;
        return wanted_ && (keyframe == PacketRing::kNone || keyframe < wanted_not_before_);
    }

    struct PumpResult {
        bool more = false;           ///< stopped at a limit: call again soon
        size_t caught_up = 0;        ///< bytes sent of the past that follows the keyframe where a viewer enters
        bool wants_keyframe = false; ///< the followed ring has no keyframe to begin with
    };
    struct PumpLimits {
        unsigned max_packets = 0;
        size_t catch_up_bytes = SIZE_MAX; ///< of the past, about
        bool whole_frames = false;        ///< leave the beginning of a frame for later
        bool rider = false;               ///< a packet of another track will follow
    };
    PumpResult pump(Transport &transport, TimeNs now, const PumpLimits &limits);

    /// There are packets that pump() would send.
    bool has_waiting() const { return live_ && current().ring == wanted_ && cursor_ < wanted_->head(); }

    /// Fetches what pump() needs.
    void prefetch() const;

    /// Answers a NACK for `sequence` (the viewer's numbers).
    void resend(Transport &transport, uint16_t sequence, TimeNs now);

    /// Sends a packet that is nothing but load, as RTX: a recent one again, or padding. Its size; 0 when that cannot
    /// be.
    size_t probe(Transport &transport, TimeNs now);

    /// The viewer reports losses, `fraction_lost` of 256.
    void on_loss(TimeNs now, uint8_t fraction_lost) { redundancy_.on_report(now, fraction_lost); }
    /// The path has room for what losses call for.
    void allow_redundancy(bool fits) { redundancy_.allow(fits); }

    bool started() const { return started_; }
    /// A ring is being sent, whether it is the followed one or the one before.
    bool live() const { return live_; }
    uint32_t ssrc() const { return setup_.ssrc; }
    uint32_t clock_rate() const { return clock_rate_; }
    RetransmissionGate &gate() { return gate_; }
    /// Where the newest keyframe began that was sent; grows. PacketRing::kNone before the first.
    uint64_t keyframe_sent() const { return keyframe_sent_; }

    /// SR for the instant `now`. Only when started().
    SenderReport report(TimeNs now) const;

  private:
    struct Segment {
        const PacketRing *ring = nullptr;
        int64_t first_out = 0;       // the viewer's number of the first packet
        int64_t sequence_offset = 0; // viewer's = ring's + offset
        int64_t key_timestamp = 0;   // ring's, where the segment began
        int64_t live_timestamp = 0;  // ring's, of the newest packet at that time
        int64_t live_out = 0;        // the viewer's for it
        PictureOffset picture_offset;
    };

    /// Waiting packets of one frame, to leave as one message.
    struct Run {
        uint64_t end = 0;   // position behind the last
        size_t largest = 0; // bytes of the largest
    };

    /// A packet that goes a second time, inside the one after it.
    struct Redundant {
        uint64_t position = 0;
        PacketInfo info;
        uint16_t distance = 0; // timestamp units
    };

    /// What surrounds a payload.
    struct Form {
        bool rtx = false;
        ExtensionChoice extensions;
        std::optional<Redundant> redundant;
    };

    enum class Start { Begun, NoKeyframe, OtherCodec };
    Start begin_at_keyframe(const PacketRing *ring, uint64_t not_before);
    void begin_segment(const PacketRing *ring, uint64_t position, const PacketInfo &key, const PacketInfo &live);
    bool fell_behind(uint64_t head) const;
    bool within_frame() const;
    void jump_if_behind(PumpResult &result);
    void send_waiting(Transport &transport, TimeNs now, const PumpLimits &limits, PumpResult &result);
    bool send(Transport &transport, const PacketInfo &info, TimeNs now, const Run &run, bool rider);
    void note_sent(const Segment &segment, const PacketInfo &info, size_t size);
    Form form_of(const Segment &segment, const PacketInfo &info, bool rtx) const;
    size_t packet_size(const PacketInfo &info, const Form &form) const;
    size_t write_packet(std::span<uint8_t> room, const Segment &segment, uint64_t position, const PacketInfo &info,
                        const Form &form, TimeNs now);
    std::optional<Redundant> redundant_for(const Segment &segment, const PacketInfo &info, TimeNs now) const;
    bool has_rtx(Codec codec) const;
    bool repaired_by_rtx(const PacketInfo &info) const;
    bool may_vary(const PacketInfo &info) const;
    void commit(Transport &transport, std::span<uint8_t> packet, ExtensionChoice extensions, TimeNs now);
    void choose_capture_frame(const PacketInfo &first);
    const Segment *find_segment(int64_t out) const;
    size_t repeat_recent(Transport &transport, TimeNs now);
    size_t send_padding(Transport &transport, TimeNs now);
    void count_probe(Transport &transport, std::span<uint8_t> packet, ExtensionChoice extensions, TimeNs now);
    Run plan_run(uint64_t limit, unsigned max_packets);
    uint8_t padding_in(const Run &run, const PacketInfo &info, size_t size, bool rider) const;
    int64_t first_out() const { return int64_t{setup_.first_sequence} + 65536; }
    uint16_t rtx_sequence() const { return static_cast<uint16_t>((setup_.first_timestamp & 0x7fff) + rtx_count_); }
    Segment &current() { return segments_[segment_count_ % segments_.size()]; }
    const Segment &current() const { return segments_[segment_count_ % segments_.size()]; }

    const TrackSetup setup_;
    const HeaderExtensions extensions_;
    const Feed &feed_;
    SendLog &log_;
    ViewerCounters &counters_;
    RetransmissionGate gate_;
    RedundancySwitch redundancy_;

    const PacketRing *wanted_ = nullptr;
    uint64_t wanted_not_before_ = 0;
    bool started_ = false;
    bool live_ = false;           // the current segment goes on
    bool leaving_ = false;        // to the end of its frame
    bool frame_end_ = false;      // the newest packet sent was the last of its frame
    int64_t repairable_from_ = 0; // the viewer's numbers
    uint64_t cursor_ = 0;
    uint64_t keyframe_sent_ = PacketRing::kNone;
    std::array<Segment, 4> segments_; // the newest ones, for NACKs
    uint64_t segment_count_ = 0;

    int64_t last_out_ = 0;       // highest sequence number sent
    PictureOffset next_picture_; // the numbers that come after it
    uint64_t rtx_count_ = 0;
    uint32_t packet_count_ = 0, octet_count_ = 0;

    // The newest frame that carries its capture time, in its ring's numbers.
    static constexpr int64_t kNoFrame = INT64_MIN;
    int64_t capture_timestamp_ = kNoFrame;
    TimeNs capture_pts_ = 0;

    // A packet's pts and the viewer's timestamp for it: where reports extrapolate from.
    TimeNs reference_pts_ = 0;
    int64_t reference_timestamp_ = 0;
    uint32_t clock_rate_ = 90000;
};

} // namespace peerwire
