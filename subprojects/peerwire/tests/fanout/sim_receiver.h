// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A viewer's receiving end on a simulated path: finds gaps, asks for repairs, asks for a keyframe when they do not
// come, and puts frames together.

#pragma once

#include "support/link.h"
#include "wire/bytes.h"
#include "wire/rtcp.h"
#include "wire/rtp.h"

#include <array>
#include <bit>
#include <map>
#include <optional>
#include <vector>

namespace peerwire::test {

/// What SimSource puts behind two bytes of VP8.
struct SimFrameMark {
    static constexpr size_t kAt = 2, kSize = 6;
    uint32_t frame = 0;
    uint8_t index = 0, count = 0;
};

class SimReceiver : private RtcpVisitor {
  public:
    SimReceiver(uint32_t ssrc, uint32_t rtx_ssrc) : ssrc_(ssrc), rtx_ssrc_(rtx_ssrc) {}

    void on_rtp(TimeNs now, std::span<const uint8_t> packet) {
        const auto rtp = parse_rtp(packet);
        if (!rtp || (rtp->ssrc != ssrc_ && rtp->ssrc != rtx_ssrc_))
            return;
        auto payload = rtp->payload;
        uint16_t sequence = rtp->sequence;
        if (rtp->ssrc == rtx_ssrc_) {
            if (payload.size() < 2)
                return; // a probe
            sequence = load_be16(payload.data());
            payload = payload.subspan(2);
        }
        note_sequence(now, sequence);
        note_frame(payload);
    }

    void on_rtcp(TimeNs now, std::span<const uint8_t> compound) {
        now_ = now;
        parse_rtcp(compound, *this);
    }

    /// NACK, PLI, receiver report: what is due.
    void poll(TimeNs now, Link &uplink) {
        std::array<uint8_t, 600> bytes;
        std::vector<uint16_t> wanted;
        for (auto &[number, gap] : missing_) {
            if (now - gap.noted > kGiveUp)
                return give_up(now, uplink);
            if (now - gap.noted < kDwell || now - gap.asked < kAskAgain || wanted.size() == 100)
                continue;
            gap.asked = now;
            wanted.push_back(static_cast<uint16_t>(number));
        }
        if (!wanted.empty())
            uplink.send(now, std::span(bytes).first(write_nack(bytes, 1, ssrc_, wanted)));
        if (decodes())
            decoded_ = now;
        else if (first_heard_ != 0 && now - std::max({first_heard_, decoded_, asked_keyframe_}) > kGiveUp / 2)
            ask_keyframe(now, uplink);
        if (now - reported_ >= kNsPerSecond && last_sr_ != 0) {
            const auto since = static_cast<uint32_t>((now - last_sr_at_) * 65536 / kNsPerSecond);
            const ReportBlock block{.ssrc = ssrc_, .last_sr = last_sr_, .delay_since_last_sr = since};
            uplink.send(now, std::span(bytes).first(write_receiver_report(bytes, 1, {&block, 1})));
            reported_ = now;
        }
    }

    bool is_whole(uint32_t frame) const {
        return frame < frames_.size() && frames_[frame].count > 0 &&
               std::popcount(frames_[frame].have) == frames_[frame].count;
    }
    unsigned restarts() const { return restarts_; } ///< gaps that were given up
    uint64_t asked() const { return asked_; }       ///< keyframes

  private:
    struct Gap {
        TimeNs noted = 0, asked = 0;
    };
    struct Frame {
        uint8_t count = 0;
        uint64_t have = 0;
    };

    static constexpr TimeNs kDwell = 10 * kNsPerMs;
    static constexpr TimeNs kAskAgain = 80 * kNsPerMs;
    static constexpr TimeNs kGiveUp = kNsPerSecond;

    void on_sender_report(const SenderReport &report) override {
        if (report.ssrc != ssrc_)
            return;
        last_sr_ = static_cast<uint32_t>(report.ntp >> 16);
        last_sr_at_ = now_;
    }

    void note_sequence(TimeNs now, uint16_t sequence) {
        if (first_heard_ == 0) {
            first_heard_ = now;
            highest_ = sequence;
            return;
        }
        const int64_t number = highest_ + static_cast<int16_t>(sequence - static_cast<uint16_t>(highest_));
        missing_.erase(number);
        for (; highest_ < number; ++highest_) {
            if (highest_ + 1 < number)
                missing_[highest_ + 1] = {now};
        }
    }

    void note_frame(std::span<const uint8_t> payload) {
        if (payload.size() < SimFrameMark::kAt + SimFrameMark::kSize)
            return;
        const uint8_t *mark = &payload[SimFrameMark::kAt];
        const uint32_t number = load_be32(mark);
        if (number >= frames_.size())
            frames_.resize(number + 1);
        frames_[number].count = mark[5];
        frames_[number].have |= uint64_t{1} << mark[4];
        if (payload[0] == 0x10 && payload[1] == 0x00)
            newest_key_ = std::max(newest_key_.value_or(0), number);
    }

    /// The newest keyframe that was begun is there.
    bool decodes() const { return newest_key_ && is_whole(*newest_key_); }

    void give_up(TimeNs now, Link &uplink) {
        missing_.clear();
        ++restarts_;
        ask_keyframe(now, uplink);
    }

    void ask_keyframe(TimeNs now, Link &uplink) {
        std::array<uint8_t, 64> bytes;
        uplink.send(now, std::span(bytes).first(write_pli(bytes, {.sender_ssrc = 1, .media_ssrc = ssrc_})));
        asked_keyframe_ = now;
        ++asked_;
    }

    const uint32_t ssrc_, rtx_ssrc_;
    int64_t highest_ = 0;
    std::map<int64_t, Gap> missing_;
    std::vector<Frame> frames_;
    std::optional<uint32_t> newest_key_;
    TimeNs first_heard_ = 0, decoded_ = 0, asked_keyframe_ = 0, reported_ = 0, now_ = 0, last_sr_at_ = 0;
    uint32_t last_sr_ = 0;
    unsigned restarts_ = 0;
    uint64_t asked_ = 0;
};

} // namespace peerwire::test
