// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The newest packets of one track: written once, read by every shard for sending, for retransmission and for starting
// at a keyframe. One copy of the bytes for all viewers.

#pragma once

#include "fanout/codec.h"
#include "fanout/picture_numbers.h"
#include "fanout/rate_meter.h"
#include "wire/time.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

namespace peerwire {

/// One packet's place in the track. Sequence and timestamp do not wrap and are continuous over sources.
struct PacketInfo {
    int64_t sequence = 0;
    int64_t timestamp = 0; ///< units of the clock rate
    TimeNs pts = 0;        ///< the feed's clock
    uint64_t word = 0;     ///< where the payload is; the ring's own business
    uint32_t clock_rate = 0;
    uint16_t size = 0; ///< payload bytes
    Codec codec = Codec::Unknown;
    bool marker = false;
    PictureMark picture;
};

struct RingConfig {
    size_t packets = 8192;          ///< power of two
    size_t bytes = size_t{4} << 20; ///< 3 s of 10 Mbit/s
    TimeNs history = 3 * kNsPerSecond;
};

/// Positions count packets in order of arrival. One writer, any number of readers, nobody waits: a reader copies and
/// then learns whether the writer came by in the meantime (a seqlock whose version is the floor). All shared words are
/// atomics, so that this is no data race; copying word by word costs about 20 ns more than memcpy for 1200 bytes.
class PacketRing {
  public:
    static constexpr uint64_t kNone = UINT64_MAX;

    explicit PacketRing(const RingConfig &config);

    // Writer's thread only.

    /// `info.word` and `info.size` are filled in. Returns the position; kNone when the payload is larger than 64 KiB.
    uint64_t push(PacketInfo info, std::span<const uint8_t> payload);
    /// A picture that decodes by itself begins at `position`.
    void mark_keyframe(uint64_t position) { keyframe_.store(position, std::memory_order_release); }
    /// No packet before `position` waits for the rest of its frame.
    void mark_complete(uint64_t position) { complete_.store(position, std::memory_order_release); }

    /// Forgets everything.
    void clear();

    // Any thread.

    void set_history(TimeNs history) { history_.store(history, std::memory_order_relaxed); }
    /// One past the newest packet.
    uint64_t head() const { return head_.load(std::memory_order_acquire); }
    /// One past the newest packet that need not wait for the rest of its frame.
    uint64_t complete() const { return complete_.load(std::memory_order_acquire); }
    /// The oldest packet that may still be read.
    uint64_t floor() const { return floor_.load(std::memory_order_acquire); }
    /// Where the newest keyframe begins; kNone when it is not in the ring any more.
    uint64_t newest_keyframe() const;
    /// Of the packets as a viewer gets them, over the last two seconds of media; what it was when they stopped coming.
    uint64_t rate_bps() const { return rate_bps_.load(std::memory_order_relaxed); }
    /// Payload bytes from `position` up to the newest packet, a little more where the arena wrapped; nothing when it is
    /// not there.
    std::optional<uint64_t> bytes_since(uint64_t position) const;
    /// False when it was overwritten, or is not there yet; `info` then may hold rubbish.
    bool read_info(uint64_t position, PacketInfo &info) const;
    /// Copies info.size bytes; false when they were overwritten (then `out` holds rubbish).
    bool read_payload(uint64_t position, const PacketInfo &info, uint8_t *out) const;
    /// Where the packet with that sequence number is.
    std::optional<uint64_t> find(int64_t sequence) const;

  private:
    using Word = std::atomic<uint64_t>;
    static constexpr size_t kInfoWords = sizeof(PacketInfo) / sizeof(uint64_t);
    struct Slot {
        std::array<Word, kInfoWords> words;
    };

    void evict_for(size_t words, TimeNs pts);
    bool still_there(uint64_t position) const;
    void load_slot(uint64_t position, PacketInfo &info) const;

    // Constant after construction.
    const size_t slot_mask_;
    const size_t arena_words_;
    const std::unique_ptr<Slot[]> slots_;
    const std::unique_ptr<Word[]> arena_;
    const std::unique_ptr<Word[]> by_sequence_;

    // Writer's thread only.
    uint64_t next_word_ = 0; // grows; modulo arena_words_ it is an index
    RateMeter<20, 100 * kNsPerMs> meter_;

    std::atomic<TimeNs> history_;
    std::atomic<uint64_t> head_{0};
    std::atomic<uint64_t> floor_{0}; // raised before anything below it is overwritten
    std::atomic<uint64_t> keyframe_{kNone};
    std::atomic<uint64_t> complete_{0};
    std::atomic<uint64_t> rate_bps_{0};
};

} // namespace peerwire
