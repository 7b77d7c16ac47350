// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "fanout/packet_ring.h"

#include <bit>
#include <cstring>
#include <type_traits>

namespace peerwire {

static_assert(std::is_trivially_copyable_v<PacketInfo> && sizeof(PacketInfo) % sizeof(uint64_t) == 0);

namespace {

constexpr size_t kWord = sizeof(uint64_t);

// RTP header with one extension, SRTP tag, UDP and IP headers: what a packet costs a viewer's path on top.
constexpr size_t kOverhead = 12 + 8 + 16 + 28;

constexpr size_t words_for(size_t bytes) {
    return (bytes + kWord - 1) / kWord;
}

// Words are released and acquired one by one (plain moves on x86): a reader that saw any word which the writer put over
// an old packet also sees the floor that was raised before.

void store_bytes(std::atomic<uint64_t> *out, std::span<const uint8_t> bytes) {
    while (!bytes.empty()) {
        const size_t n = bytes.size() < kWord ? bytes.size() : kWord;
        uint64_t word = 0;
        std::memcpy(&word, bytes.data(), n);
        (out++)->store(word, std::memory_order_release);
        bytes = bytes.subspan(n);
    }
}

void load_bytes(const std::atomic<uint64_t> *in, uint8_t *out, size_t size) {
    for (; size >= kWord; size -= kWord, out += kWord) {
        const uint64_t word = (in++)->load(std::memory_order_acquire);
        std::memcpy(out, &word, kWord);
    }
    if (size > 0) {
        const uint64_t word = in->load(std::memory_order_acquire);
        std::memcpy(out, &word, size);
    }
}

} // namespace

PacketRing::PacketRing(const RingConfig &config)
    : slot_mask_(std::bit_ceil(config.packets) - 1), arena_words_(words_for(config.bytes)),
      slots_(new Slot[slot_mask_ + 1]), arena_(new Word[arena_words_]), by_sequence_(new Word[slot_mask_ + 1]),
      history_(config.history) {}

void PacketRing::evict_for(size_t words, TimeNs pts) {
    const uint64_t head = head_.load(std::memory_order_relaxed);
    const uint64_t old_floor = floor_.load(std::memory_order_relaxed);
    uint64_t floor = old_floor;
    const uint64_t end = next_word_ + words;
    PacketInfo oldest;
    while (floor < head) {
        load_slot(floor, oldest);
        const bool slot_needed = head - floor > slot_mask_;
        const bool bytes_needed = end - oldest.word > arena_words_;
        const bool outdated = pts - oldest.pts > history_.load(std::memory_order_relaxed);
        if (!slot_needed && !bytes_needed && !outdated)
            break;
        ++floor;
    }
    if (floor != old_floor)
        floor_.store(floor, std::memory_order_relaxed);
}

uint64_t PacketRing::push(PacketInfo info, std::span<const uint8_t> payload) {
    if (payload.size() > UINT16_MAX || words_for(payload.size()) > arena_words_ / 2)
        return kNone;
    const size_t words = words_for(payload.size());
    const size_t to_end = arena_words_ - next_word_ % arena_words_;
    if (words > to_end) // payloads lie in one piece
        next_word_ += to_end;
    evict_for(words, info.pts);

    info.word = next_word_;
    info.size = static_cast<uint16_t>(payload.size());
    store_bytes(&arena_[next_word_ % arena_words_], payload);
    next_word_ += words;

    const uint64_t position = head_.load(std::memory_order_relaxed);
    uint8_t bytes[sizeof(PacketInfo)];
    std::memcpy(bytes, &info, sizeof bytes);
    store_bytes(slots_[position & slot_mask_].words.data(), bytes);
    by_sequence_[static_cast<uint64_t>(info.sequence) & slot_mask_].store(position, std::memory_order_relaxed);
    head_.store(position + 1, std::memory_order_release);
    meter_.add(info.pts, payload.size() + kOverhead);
    rate_bps_.store(meter_.bps(info.pts), std::memory_order_relaxed);
    return position;
}

void PacketRing::clear() {
    floor_.store(head(), std::memory_order_relaxed);
}

/// Word by word to where it is wanted: a copy in between would be read before its words have left the store buffer.
void PacketRing::load_slot(uint64_t position, PacketInfo &info) const {
    const Slot &slot = slots_[position & slot_mask_];
    auto *out = reinterpret_cast<uint8_t *>(&info);
    for (size_t i = 0; i < kInfoWords; ++i) {
        const uint64_t word = slot.words[i].load(std::memory_order_acquire);
        std::memcpy(out + i * kWord, &word, kWord);
    }
}

bool PacketRing::still_there(uint64_t position) const {
    return position >= floor_.load(std::memory_order_relaxed);
}

bool PacketRing::read_info(uint64_t position, PacketInfo &info) const {
    if (position >= head() || position < floor())
        return false;
    load_slot(position, info);
    return still_there(position);
}

bool PacketRing::read_payload(uint64_t position, const PacketInfo &info, uint8_t *out) const {
    load_bytes(&arena_[info.word % arena_words_], out, info.size);
    return still_there(position);
}

uint64_t PacketRing::newest_keyframe() const {
    const uint64_t position = keyframe_.load(std::memory_order_acquire);
    return position == kNone || position < floor() ? kNone : position;
}

std::optional<uint64_t> PacketRing::bytes_since(uint64_t position) const {
    PacketInfo from, newest;
    const uint64_t end = head();
    if (end == 0 || !read_info(position, from) || !read_info(end - 1, newest))
        return std::nullopt;
    return (newest.word - from.word) * kWord + newest.size;
}

std::optional<uint64_t> PacketRing::find(int64_t sequence) const {
    const uint64_t position =
        by_sequence_[static_cast<uint64_t>(sequence) & slot_mask_].load(std::memory_order_relaxed);
    PacketInfo info;
    if (!read_info(position, info) || info.sequence != sequence)
        return std::nullopt;
    return position;
}

} // namespace peerwire
