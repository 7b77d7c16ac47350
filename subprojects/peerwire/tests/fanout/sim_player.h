// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A viewer's receiving end that reports as browsers do: receiver reports, NACK, PLI, and REMB or transport-cc.

#pragma once

#include "support/link.h"
#include "wire/bytes.h"
#include "wire/rtcp.h"
#include "wire/rtp.h"
#include "wire/twcc.h"

#include <array>
#include <deque>
#include <map>

namespace peerwire::test {

enum class Estimate { Remb, TransportCc, None };

/// What is behind two bytes of VP8 in each packet of the picture.
struct LayerMark {
    static constexpr size_t kAt = 2, kSize = 8;
    uint32_t frame = 0;
    uint8_t layer = 0, index = 0, count = 0, key = 0;

    void write(uint8_t *out) const {
        store_be32(out, frame);
        out[4] = layer;
        out[5] = index;
        out[6] = count;
        out[7] = key;
    }
    static LayerMark read(const uint8_t *in) { return {load_be32(in), in[4], in[5], in[6], in[7]}; }
};

class SimPlayer : private RtcpVisitor {
  public:
    static constexpr uint8_t kTransportCcId = 5;

    SimPlayer(uint32_t ssrc, uint32_t rtx_ssrc, Estimate estimate)
        : ssrc_(ssrc), rtx_ssrc_(rtx_ssrc), estimate_(estimate) {}

    void on_rtp(TimeNs now, TimeNs sent, std::span<const uint8_t> packet) {
        const auto rtp = parse_rtp(packet);
        if (!rtp)
            return;
        const auto number = find_extension(*rtp, kTransportCcId);
        if (number.size() == 2)
            arrivals_.on_packet(load_be16(number.data()), now);
        if (rtp->ssrc != ssrc_ && rtp->ssrc != rtx_ssrc_)
            return;
        estimate_from(now, now - sent, packet.size());
        auto payload = rtp->payload;
        (rtp->ssrc == ssrc_ ? picture_at_ : repairs_at_) = now;
        if (rtp->ssrc == ssrc_) {
            note_sequence(now, rtp->sequence);
        } else {
            if (payload.size() < 2)
                return; // padding
            missing_.erase(extend(load_be16(payload.data())));
            payload = payload.subspan(2);
        }
        if (payload.size() >= LayerMark::kAt + LayerMark::kSize)
            note_frame(now, LayerMark::read(&payload[LayerMark::kAt]));
    }

    void on_rtcp(TimeNs now, std::span<const uint8_t> compound) {
        now_ = now;
        parse_rtcp(compound, *this);
    }

    /// Sends what is due.
    void poll(TimeNs now, Link &uplink) {
        ask_again(now, uplink);
        // Chromium: with transport-cc once a second, and not on a stream of which nothing came.
        const bool transport_cc = estimate_ == Estimate::TransportCc;
        const bool trouble = !transport_cc && lost_since_report_ > 0 && now - reported_at_ > 15 * kNsPerMs;
        const bool due = now - reported_at_ > (transport_cc ? kNsPerSecond : 240 * kNsPerMs) &&
                         (!transport_cc || highest_ > reported_highest_);
        if (last_sr_ != 0 && (trouble || due || (fell_ && !transport_cc)))
            report(now, uplink);
        if (transport_cc && now - fed_back_at_ > 62 * kNsPerMs && arrivals_.pending()) {
            std::array<uint8_t, 1200> bytes;
            fed_back_at_ = now;
            uplink.send(now, std::span(bytes).first(arrivals_.write(bytes, 1, ssrc_)));
        }
        const bool stuck = shown_at_ != 0 && now - shown_at_ > 500 * kNsPerMs && now - asked_at_ > 500 * kNsPerMs;
        if (stuck) {
            std::array<uint8_t, 64> bytes;
            asked_at_ = now;
            uplink.send(now, std::span(bytes).first(write_pli(bytes, {.sender_ssrc = 1, .media_ssrc = ssrc_})));
        }
    }

    unsigned layer() const { return layer_; }
    /// Frames that could be shown, and the longest time between two of them, since the last call of begin().
    unsigned shown() const { return shown_; }
    TimeNs longest_gap() const { return longest_gap_; }
    TimeNs longest_delay() const { return longest_delay_; }
    void begin() { shown_ = 0, longest_gap_ = 0, longest_delay_ = 0; }
    uint64_t remb() const { return remb_; }

  private:
    struct Gap {
        TimeNs noted = 0, asked = 0;
    };
    struct Frame {
        uint64_t have = 0;
        uint8_t count = 0;
        bool key = false;
    };

    int64_t extend(uint16_t sequence) const {
        return highest_ + static_cast<int16_t>(sequence - static_cast<uint16_t>(highest_));
    }

    void note_sequence(TimeNs now, uint16_t sequence) {
        if (highest_ == 0) {
            highest_ = reported_highest_ = 65536 + sequence;
            return;
        }
        const int64_t number = extend(sequence);
        missing_.erase(number);
        for (; highest_ < number; ++highest_) {
            if (highest_ + 1 < number) {
                missing_[highest_ + 1] = {now};
                ++lost_since_report_;
            }
        }
    }

    /// A frame is shown when it is whole and the one before in its layer was, or it is a keyframe.
    void note_frame(TimeNs now, const LayerMark &mark) {
        Frame &frame = frames_[mark.layer][mark.frame];
        frame.have |= uint64_t{1} << mark.index;
        frame.count = mark.count;
        frame.key = mark.key;
        if (std::popcount(frame.have) != frame.count)
            return;
        auto &frames = frames_[mark.layer];
        for (auto next = frames.find(mark.frame); next != frames.end(); ++next) {
            const bool whole = std::popcount(next->second.have) == next->second.count;
            const bool follows = mark.layer == layer_ && next->first == last_shown_ + 1;
            if (!whole || !(next->second.key || follows) || (mark.layer == layer_ && next->first <= last_shown_))
                break;
            show(now, mark.layer, next->first);
        }
        frames.erase(frames.begin(), frames.lower_bound(mark.frame > 200 ? mark.frame - 200 : 0));
    }

    void show(TimeNs now, unsigned layer, uint32_t frame) {
        if (shown_at_ != 0)
            longest_gap_ = std::max(longest_gap_, now - shown_at_);
        shown_at_ = now;
        layer_ = layer;
        last_shown_ = frame;
        ++shown_;
    }

    void ask_again(TimeNs now, Link &uplink) {
        std::vector<uint16_t> wanted;
        for (auto gap = missing_.begin(); gap != missing_.end();) {
            if (now - gap->second.noted > kNsPerSecond) {
                gap = missing_.erase(gap);
                continue;
            }
            if (now - gap->second.noted > 10 * kNsPerMs && now - gap->second.asked > 100 * kNsPerMs &&
                wanted.size() < 100) {
                gap->second.asked = now;
                wanted.push_back(static_cast<uint16_t>(gap->first));
            }
            ++gap;
        }
        std::array<uint8_t, 600> bytes;
        if (!wanted.empty())
            uplink.send(now, std::span(bytes).first(write_nack(bytes, 1, ssrc_, wanted)));
    }

    /// Chromium: of a stream of which nothing came for 8 s there is no block.
    void report(TimeNs now, Link &uplink) {
        ReportBlock block{.ssrc = ssrc_, .highest_sequence = static_cast<uint32_t>(highest_), .last_sr = last_sr_};
        const int64_t expected = highest_ - reported_highest_;
        block.fraction_lost = expected > 0
                                  ? static_cast<uint8_t>(std::min<int64_t>(255, lost_since_report_ * 256 / expected))
                                  : uint8_t{0};
        block.delay_since_last_sr = static_cast<uint32_t>((now - last_sr_at_) * 65536 / kNsPerSecond);
        reported_highest_ = highest_;
        lost_since_report_ = 0;
        reported_at_ = now;
        fell_ = false;
        std::array<ReportBlock, 2> blocks;
        size_t count = 0;
        if (now - picture_at_ < kSilence)
            blocks[count++] = block;
        block.ssrc = rtx_ssrc_;
        if (now - repairs_at_ < kSilence)
            blocks[count++] = block;
        if (count == 0)
            return;
        std::array<uint8_t, 256> bytes;
        size_t size = write_receiver_report(bytes, 1, std::span(blocks).first(count));
        if (estimate_ == Estimate::Remb && remb_ > 0)
            size += write_remb(std::span(bytes).subspan(size), 1, remb_, {&ssrc_, 1});
        uplink.send(now, std::span(bytes).first(size));
    }

    /// None for 5 s unless there is overuse; then 8 % a second up to 1.5 times of what comes, and 0.85 of what came in
    /// the last second when a queue builds up.
    void estimate_from(TimeNs now, TimeNs delay, size_t bytes) {
        longest_delay_ = std::max(longest_delay_, delay);
        if (first_at_ == 0)
            first_at_ = now;
        recent_.push_back({now, delay, bytes});
        window_bytes_ += bytes;
        for (; now - recent_.front().at > kNsPerSecond; recent_.pop_front())
            window_bytes_ -= recent_.front().bytes;
        const uint64_t incoming = window_bytes_ * 8;
        TimeNs before = delay;
        for (auto it = recent_.rbegin(); it != recent_.rend() && now - it->at < 200 * kNsPerMs; ++it)
            before = std::min(before, it->delay);
        const bool over = delay - before > 40 * kNsPerMs;
        if (over && now - overused_at_ > 300 * kNsPerMs) {
            overused_at_ = now;
            const uint64_t fallen = incoming * 85 / 100;
            fell_ = remb_ == 0 || fallen < remb_ * 97 / 100;
            remb_ = remb_ == 0 ? fallen : std::min(remb_, fallen);
        } else if (remb_ == 0 && now - first_at_ > 5 * kNsPerSecond) {
            remb_ = incoming;
        } else if (remb_ > 0 && !over) {
            const double seconds = static_cast<double>(now - grown_at_) / kNsPerSecond;
            const auto grown = static_cast<uint64_t>(static_cast<double>(remb_) * (1 + 0.08 * std::min(seconds, 1.0)));
            remb_ = std::max(remb_, std::min(grown, incoming * 3 / 2 + 10'000));
        }
        grown_at_ = now;
    }

    void on_sender_report(const SenderReport &sender) override {
        if (sender.ssrc != ssrc_)
            return;
        last_sr_ = static_cast<uint32_t>(sender.ntp >> 16);
        last_sr_at_ = now_;
    }

    struct Arrival {
        TimeNs at = 0, delay = 0;
        size_t bytes = 0;
    };

    const uint32_t ssrc_, rtx_ssrc_;
    const Estimate estimate_;
    TimeNs now_ = 0;

    int64_t highest_ = 0, reported_highest_ = 0, lost_since_report_ = 0;
    std::map<int64_t, Gap> missing_;
    uint32_t last_sr_ = 0;
    static constexpr TimeNs kSilence = 8 * kNsPerSecond;
    TimeNs picture_at_ = 0, repairs_at_ = kLongAgo;
    TimeNs last_sr_at_ = 0, reported_at_ = 0, asked_at_ = 0, fed_back_at_ = 0;

    TwccBuilder arrivals_;
    std::deque<Arrival> recent_;
    uint64_t window_bytes_ = 0, remb_ = 0;
    TimeNs first_at_ = 0, overused_at_ = 0, grown_at_ = 0;
    bool fell_ = false;

    std::array<std::map<uint32_t, Frame>, 8> frames_;
    unsigned layer_ = 99, shown_ = 0;
    uint32_t last_shown_ = 0;
    TimeNs shown_at_ = 0, longest_gap_ = 0, longest_delay_ = 0;
};

} // namespace peerwire::test
