// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "fanout/track_sender.h"

#include "sync/prefetch.h"
#include "wire/bytes.h"
#include "wire/rtp.h"

#include <algorithm>
#include <cstdlib>
#include <optional>

namespace peerwire {

namespace {

// A viewer that starts at a keyframe of the past gets what followed it at once. Those timestamps are squeezed by this
// much, so that the player shows the newest picture at once instead of playing the past at its own pace.
constexpr int64_t kCatchUp = 32;

// Further behind than this, a newer keyframe is worth more than what is missing.
constexpr TimeNs kMaxLag = kNsPerSecond;
constexpr uint64_t kLagWorthALook = 64; // packets

constexpr size_t kMaxPadding = 255; // RFC 3550 §5.1
constexpr size_t kRtxHeader = 2;    // original sequence number, RFC 4588 §4

// The first packets of each SSRC carry all extensions. Later ones need no mid, and the capture time now and then.
constexpr int64_t kIntroduction = 64;
constexpr TimeNs kCaptureTimeInterval = kNsPerSecond;

int64_t out_timestamp(int64_t timestamp, int64_t live_timestamp, int64_t live_out) {
    const int64_t distance = timestamp - live_timestamp;
    return live_out + (distance >= 0 ? distance : distance / kCatchUp);
}

int64_t ticks(TimeNs duration, uint32_t clock_rate) {
    return duration / kNsPerUs * int64_t{clock_rate} / 1'000'000;
}

} // namespace

TrackSender::TrackSender(const TrackSetup &setup, const Feed &feed, SendLog &log, ViewerCounters &counters)
    : setup_(setup), extensions_(setup.extensions), feed_(feed), log_(log), counters_(counters),
      last_out_(first_out() - 1), reference_timestamp_(setup.first_timestamp) {}

void TrackSender::follow(const PacketRing *ring, uint64_t catch_up_bytes) {
    if (ring == wanted_)
        return;
    wanted_ = ring;
    leaving_ = false;
    // The first ring may be entered in its past, another one only where that is near.
    wanted_not_before_ = started_ && ring ? ring->head() : 0;
    if (wanted_not_before_ == 0)
        return;
    const uint64_t keyframe = ring->newest_keyframe();
    const auto since = keyframe == PacketRing::kNone ? std::nullopt : ring->bytes_since(keyframe);
    if (since && *since <= catch_up_bytes)
        wanted_not_before_ = keyframe;
}

void TrackSender::leave() {
    repairable_from_ = last_out_ + 1;
    leaving_ = live_ && !frame_end_;
    live_ = leaving_;
}

void TrackSender::pause() {
    follow(nullptr);
    leave();
}

void TrackSender::enter_anyway() {
    if (wanted_ && !live_ && current().ring != wanted_)
        wanted_not_before_ = 0;
}

void TrackSender::prefetch() const {
    peerwire::prefetch(this, &gate_);
    peerwire::prefetch(&wanted_, this + 1);
}

TrackSender::Start TrackSender::begin_at_keyframe(const PacketRing *ring, uint64_t not_before) {
    const uint64_t position = ring->newest_keyframe();
    PacketInfo key, live;
    if (position == PacketRing::kNone || position < not_before || !ring->read_info(position, key))
        return Start::NoKeyframe;
    if (setup_[key.codec].media == TrackSetup::kNoPayloadType) {
        const uint64_t from = std::max(cursor_, position), head = ring->head();
        counters_.unsupported_codec.add(head > from ? head - from : 0);
        cursor_ = std::max(cursor_, head);
        return Start::OtherCodec;
    }
    if (!ring->read_info(ring->head() - 1, live) || live.timestamp < key.timestamp)
        live = key;
    begin_segment(ring, position, key, live);
    return Start::Begun;
}

void TrackSender::begin_segment(const PacketRing *ring, uint64_t position, const PacketInfo &key,
                                const PacketInfo &live) {
    Segment next;
    next.ring = ring;
    next.first_out = last_out_ + 1;
    next.sequence_offset = next.first_out - key.sequence;
    next.key_timestamp = key.timestamp;
    next.live_timestamp = live.timestamp;
    next.live_out = reference_timestamp_;
    if (started_) {
        const int64_t squeezed = (live.timestamp - key.timestamp) / kCatchUp;
        next.picture_offset = {static_cast<uint16_t>(next_picture_.id - key.picture.id),
                               static_cast<uint8_t>(next_picture_.tl0 - key.picture.tl0)};
        next.live_out += std::max(ticks(live.pts - reference_pts_, live.clock_rate), squeezed + 1);
    }
    ++segment_count_;
    current() = next;
    cursor_ = position;
    started_ = live_ = true;
    leaving_ = false;
    capture_timestamp_ = kNoFrame;
    reference_pts_ = live.pts;
    reference_timestamp_ = next.live_out;
    clock_rate_ = live.clock_rate;
}

bool TrackSender::fell_behind(uint64_t head) const {
    const PacketRing *ring = segments_[segment_count_ % segments_.size()].ring;
    if (cursor_ < ring->floor())
        return true;
    if (head - cursor_ < kLagWorthALook)
        return false;
    PacketInfo mine, newest;
    const uint64_t keyframe = ring->newest_keyframe();
    return keyframe != PacketRing::kNone && keyframe > cursor_ && ring->read_info(cursor_, mine) &&
           ring->read_info(head - 1, newest) && newest.pts - mine.pts > kMaxLag;
}

bool TrackSender::within_frame() const {
    const PacketRing *ring = current().ring;
    PacketInfo before, next;
    return cursor_ > 0 && ring->read_info(cursor_ - 1, before) && ring->read_info(cursor_, next) &&
           before.timestamp == next.timestamp;
}

TrackSender::PumpResult TrackSender::pump(Transport &transport, TimeNs now, const PumpLimits &limits) {
    PumpResult result;
    if (wanted_ && (!live_ || current().ring != wanted_)) {
        const Start start = begin_at_keyframe(wanted_, wanted_not_before_);
        result.wants_keyframe = start == Start::NoKeyframe && wanted_->head() > 0;
    }
    if (live_)
        jump_if_behind(result);
    if (live_)
        send_waiting(transport, now, limits, result);
    return result;
}

void TrackSender::jump_if_behind(PumpResult &result) {
    const PacketRing *ring = current().ring;
    const uint64_t head = ring->head();
    if (cursor_ >= head || !fell_behind(head))
        return;
    const bool overtaken = cursor_ < ring->floor();
    if (!overtaken && within_frame())
        return; // half a frame helps nobody
    counters_.jumps.add();
    if (overtaken && !frame_end_)
        ++last_out_; // a number that is missing tells that the frame has no end
    const Start start = begin_at_keyframe(ring, cursor_ + 1);
    live_ = start == Start::Begun;
    result.wants_keyframe = result.wants_keyframe || start == Start::NoKeyframe;
}

void TrackSender::send_waiting(Transport &transport, TimeNs now, const PumpLimits &limits, PumpResult &result) {
    const PacketRing *ring = current().ring;
    const uint64_t limit = limits.whole_frames ? std::min(ring->complete(), ring->head()) : ring->head();
    PacketInfo info;
    Run run;
    for (unsigned sent = 0; cursor_ < limit && live_; ++cursor_, ++sent) {
        result.more = true;
        if (sent == limits.max_packets)
            return;
        if (cursor_ >= run.end)
            run = plan_run(limit, limits.max_packets - sent);
        const bool there = ring->read_info(cursor_, info);
        const bool past =
            there && info.timestamp > current().key_timestamp && info.timestamp < current().live_timestamp;
        if (past && result.caught_up >= limits.catch_up_bytes)
            return;
        result.caught_up += past ? info.size : 0;
        if (!there || !send(transport, info, now, run, limits.rider)) {
            result.more = cursor_ < ring->floor(); // overtaken by the writer, or the peer cannot send
            return;
        }
        if (!live_) {
            result.more = true; // the codec changed to one that the viewer does not have
            return;
        }
        frame_end_ = info.marker;
        if (leaving_ && frame_end_)
            leaving_ = live_ = false;
    }
    result.more = false;
}

TrackSender::Run TrackSender::plan_run(uint64_t limit, unsigned max_packets) {
    const PacketRing *ring = current().ring;
    PacketInfo first, info;
    Run run{.end = cursor_ + 1};
    if (!ring->read_info(cursor_, first))
        return run;
    choose_capture_frame(first);
    run.largest = packet_size(first, form_of(current(), first, false));
    const uint64_t last = std::min(limit, cursor_ + max_packets);
    for (; run.end < last && ring->read_info(run.end, info) && info.timestamp == first.timestamp; ++run.end)
        run.largest = std::max(run.largest, packet_size(info, form_of(current(), info, false)));
    return run;
}

/// The kernel cuts a message into packets of one size, the last one may be shorter: a byte that is missing in the
/// middle, or before a rider, costs a message. RFC 3550 §5.1: at most 255 bytes.
uint8_t TrackSender::padding_in(const Run &run, const PacketInfo &info, size_t size, bool rider) const {
    const size_t missing = run.largest - std::min(run.largest, size);
    const bool last = cursor_ + 1 == run.end;
    return missing <= kMaxPadding && (!last || rider) && may_vary(info) ? static_cast<uint8_t>(missing) : 0;
}

bool TrackSender::has_rtx(Codec codec) const {
    return setup_.rtx_ssrc && setup_[codec].rtx != TrackSetup::kNoPayloadType;
}

bool TrackSender::repaired_by_rtx(const PacketInfo &info) const {
    return setup_[info.codec].nack && has_rtx(info.codec) && info.size > 0 &&
           kRtpFixedHeaderSize + extensions_.largest_size() + kRtxHeader + info.size <= kMaxPacketSize;
}

/// A packet that may have to be sent again under its own number must be the same bytes then: with AES-GCM a number used
/// for two different packets gives away the authentication key. So only what is repaired by RTX, or not at all, carries
/// what depends on the moment: times, transport-wide numbers, padding.
bool TrackSender::may_vary(const PacketInfo &info) const {
    if (setup_[info.codec].nack)
        return repaired_by_rtx(info);
    return kRtpFixedHeaderSize + extensions_.largest_size() + info.size < kMaxPacketSize;
}

/// Packets that may not vary carry what depends on themselves alone.
TrackSender::Form TrackSender::form_of(const Segment &segment, const PacketInfo &info, bool rtx) const {
    const bool introduces =
        rtx ? rtx_count_ < kIntroduction : info.sequence + segment.sequence_offset < first_out() + kIntroduction;
    if (may_vary(info))
        return {rtx, {introduces, true, introduces || info.timestamp == capture_timestamp_}, std::nullopt};
    const Form only_mid{rtx, {.mid = introduces}, std::nullopt};
    return packet_size(info, only_mid) <= kMaxPacketSize ? only_mid : Form{rtx, {}, std::nullopt};
}

size_t TrackSender::packet_size(const PacketInfo &info, const Form &form) const {
    return kRtpFixedHeaderSize + extensions_.size(form.extensions) + (form.rtx ? kRtxHeader : 0) +
           (form.redundant ? RedHeader::kSize + form.redundant->info.size : 0) + std::max<size_t>(info.size, 1);
}

/// One frame in a while carries its capture time, in all its packets: they stay equal in size. So does the first that
/// is not squeezed, as receivers extrapolate from it.
void TrackSender::choose_capture_frame(const PacketInfo &first) {
    const int64_t live = current().live_timestamp;
    const bool goes_live = capture_timestamp_ < live && first.timestamp >= live;
    if (first.timestamp == capture_timestamp_ ||
        (capture_timestamp_ != kNoFrame && !goes_live && std::abs(first.pts - capture_pts_) < kCaptureTimeInterval))
        return;
    capture_timestamp_ = first.timestamp;
    capture_pts_ = first.pts;
}

void TrackSender::commit(Transport &transport, std::span<uint8_t> packet, ExtensionChoice extensions, TimeNs now) {
    if (extensions_.has_transport_number(extensions))
        HeaderExtensions::put_transport_number(packet, log_.take_number(now, packet.size()));
    else
        log_.add(now, packet.size());
    transport.commit_rtp(packet.size());
}

/// False when the packet could not be read or written any more; the cursor then stays.
bool TrackSender::send(Transport &transport, const PacketInfo &info, TimeNs now, const Run &run, bool rider) {
    if (setup_[info.codec].media == TrackSetup::kNoPayloadType) {
        live_ = false;
        wanted_not_before_ = cursor_;
        return true;
    }
    const Segment &segment = current();
    if (info.sequence + segment.sequence_offset < segment.first_out) // a late packet from before the keyframe
        return true;
    Form form = form_of(segment, info, false);
    form.redundant = redundant_for(segment, info, now);
    size_t size = packet_size(info, form);
    const uint8_t padding = form.redundant ? 0 : padding_in(run, info, size, rider);
    size += padding;
    if (size > kMaxPacketSize) {
        counters_.oversized.add();
        return true;
    }
    const auto room = transport.reserve(size);
    if (room.empty() || write_packet(room, segment, cursor_, info, form, now) == 0)
        return false;
    if (padding > 0)
        write_rtp_padding(room.first(size), padding);
    commit(transport, room.first(size), form.extensions, now);
    octet_count_ += size - padding - kRtpFixedHeaderSize - extensions_.size(form.extensions);
    if (form.redundant)
        counters_.redundant.add();
    note_sent(segment, info, size);
    return true;
}

void TrackSender::note_sent(const Segment &segment, const PacketInfo &info, size_t size) {
    const int64_t out = info.sequence + segment.sequence_offset;
    if (out > last_out_) {
        last_out_ = out;
        const PictureOffset after = following(info.picture);
        next_picture_ = {static_cast<uint16_t>(after.id + segment.picture_offset.id),
                         static_cast<uint8_t>(after.tl0 + segment.picture_offset.tl0)};
    }
    const int64_t timestamp = out_timestamp(info.timestamp, segment.live_timestamp, segment.live_out);
    if (timestamp > reference_timestamp_) {
        reference_timestamp_ = timestamp;
        reference_pts_ = info.pts;
        clock_rate_ = info.clock_rate;
    }
    const uint64_t keyframe = segment.ring->newest_keyframe();
    if (keyframe != PacketRing::kNone && keyframe <= cursor_)
        keyframe_sent_ = keyframe;
    gate_.sent(size);
    ++packet_count_;
    counters_.packets.add();
    counters_.bytes.add(size);
}

/// The packet before, while that helps: only where it is not sent again under its number without it.
std::optional<TrackSender::Redundant> TrackSender::redundant_for(const Segment &segment, const PacketInfo &info,
                                                                 TimeNs now) const {
    if (setup_.red == TrackSetup::kNoPayloadType || info.codec != Codec::Opus || !redundancy_.is_on(now) ||
        !may_vary(info) || info.sequence + segment.sequence_offset <= segment.first_out)
        return std::nullopt;
    constexpr size_t kOverhead = kRtpFixedHeaderSize + RedHeader::kSize;
    Redundant before;
    const auto position = segment.ring->find(info.sequence - 1);
    if (!position || !segment.ring->read_info(*position, before.info) || before.info.codec != info.codec)
        return std::nullopt;
    const int64_t distance = out_timestamp(info.timestamp, segment.live_timestamp, segment.live_out) -
                             out_timestamp(before.info.timestamp, segment.live_timestamp, segment.live_out);
    if (distance <= 0 || distance > RedHeader::kMaxDistance || before.info.size == 0 ||
        before.info.size > RedHeader::kMaxBlock ||
        size_t{before.info.size} + info.size > kMaxPacketSize - kOverhead - extensions_.largest_size())
        return std::nullopt;
    before.position = *position;
    before.distance = static_cast<uint16_t>(distance);
    return before;
}

/// Header; for RTX the original sequence number (RFC 4588 §4), or the headers and the first block of RED; payload. 0
/// when a payload is gone.
size_t TrackSender::write_packet(std::span<uint8_t> room, const Segment &segment, uint64_t position,
                                 const PacketInfo &info, const Form &form, TimeNs now) {
    const auto out = static_cast<uint16_t>(info.sequence + segment.sequence_offset);
    const auto &types = setup_[info.codec];
    RtpHeader header;
    header.marker = info.marker;
    header.payload_type = form.redundant ? setup_.red : form.rtx ? types.rtx : types.media;
    header.sequence = form.rtx ? rtx_sequence() : out;
    header.timestamp = static_cast<uint32_t>(out_timestamp(info.timestamp, segment.live_timestamp, segment.live_out));
    header.ssrc = form.rtx ? setup_.rtx_ssrc : setup_.ssrc;

    const HeaderExtensions::Times times{now, now - feed_.feed_time(now) + info.pts};
    size_t at = extensions_.write(room, header, form.extensions, times);
    if (form.rtx) {
        store_be16(&room[at], out);
        at += kRtxHeader;
    }
    if (info.size == 0) { // a probe: padding only, so that the number is not missing
        write_rtp_padding(room.first(at + 1), 1);
        return at + 1;
    }
    if (const auto &redundant = form.redundant) {
        RedHeader{types.media, redundant->distance, redundant->info.size}.write(room.subspan(at));
        at += RedHeader::kSize;
        if (!segment.ring->read_payload(redundant->position, redundant->info, &room[at]))
            return 0;
        at += redundant->info.size;
    }
    if (!segment.ring->read_payload(position, info, &room[at]))
        return 0;
    write_picture_numbers(room.subspan(at, info.size), info.picture, segment.picture_offset);
    return at + info.size;
}

SenderReport TrackSender::report(TimeNs now) const {
    SenderReport report;
    report.ssrc = setup_.ssrc;
    report.ntp = to_ntp(now);
    report.rtp_timestamp =
        static_cast<uint32_t>(reference_timestamp_ + ticks(feed_.feed_time(now) - reference_pts_, clock_rate_));
    report.packet_count = packet_count_;
    report.octet_count = octet_count_;
    return report;
}

} // namespace peerwire
