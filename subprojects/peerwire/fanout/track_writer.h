// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Puts the RTP packets of one source after another into a PacketRing so that they read as one stream.

#pragma once

#include "fanout/packet_ring.h"
#include "fanout/picture_numbers.h"
#include "fanout/sequence_window.h"
#include "sync/counter.h"
#include "wire/rtp.h"

#include <cstdint>
#include <span>
#include <vector>

namespace peerwire {

/// What sends into the track from now on.
struct Source {
    Codec codec = Codec::Unknown;
    uint32_t clock_rate = 90000;
    /// H.264: SPS and PPS as NAL units (sprop-parameter-sets), sent before an IDR picture that comes without.
    std::vector<std::vector<uint8_t>> parameter_sets;
};

/// Written by the writer, read by anyone.
struct WriterCounters {
    Counter packets, bytes; ///< into the ring; bytes of payload
    Counter keyframes;
    Counter sources;
    Counter picture_width, picture_height; ///< of the newest keyframe that tells; 0 = not known
    Counter dropped_malformed;
    Counter dropped_waiting;   ///< of a new source, before its first keyframe
    Counter dropped_old;       ///< older than the source's first packet in the ring
    Counter dropped_duplicate; ///< a number that was used, or is too old to know
};

/// Sequence numbers and timestamps go on from one source to the next: by one, and by the difference of the pts; so do
/// the numbers of pictures. Each source begins at a keyframe. Within a source both keep their distances, so gaps and
/// late packets stay what they are. Thread-bound: the track's writer.
class TrackWriter {
  public:
    explicit TrackWriter(PacketRing &ring) : ring_(ring) {}

    /// The next packet is the first of another source.
    void begin_source(Source source);

    enum class Outcome { Stored, WaitsForKeyframe, Dropped };
    /// One RTP packet; `pts` on the feed's clock. A new SSRC, or a leap in the sequence numbers, is a new source too.
    Outcome write(std::span<const uint8_t> packet, TimeNs pts);

    const WriterCounters &counters() const { return counters_; }
    Codec codec() const { return source_.codec; }

  private:
    void restart();
    bool is_continuation(const RtpView &packet) const;
    void enter_source(const RtpView &packet, TimeNs pts);
    void note_frame(int64_t timestamp);
    void note_size(std::span<const uint8_t> payload);
    void insert_parameter_sets(const PacketInfo &before);
    void store(const PacketInfo &info, std::span<const uint8_t> payload);
    void note_complete(const PacketInfo &newest);

    PacketRing &ring_;
    Source source_;
    WriterCounters counters_;

    // The source.
    bool entered_ = false; // its first keyframe came
    bool seen_ = false;    // a packet of it came
    uint32_t ssrc_ = 0;
    SequenceUnwrapper sequences_;
    TimestampUnwrapper timestamps_;
    int64_t first_sequence_ = 0; // in the source's numbers
    int64_t sequence_offset_ = 0, timestamp_offset_ = 0;
    int64_t shifted_from_ = 0; // packets before it have one less: parameter sets were inserted here

    // The track so far.
    SequenceWindow used_;
    bool any_ = false;
    int64_t last_sequence_ = 0, last_timestamp_ = 0;
    TimeNs last_pts_ = 0;

    PictureNumbering pictures_;

    // The newest frame.
    int64_t frame_timestamp_ = 0;
    uint64_t frame_position_ = 0;
    bool frame_is_key_ = false, frame_has_parameter_sets_ = false;
};

} // namespace peerwire
