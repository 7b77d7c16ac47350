// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "viewerfanout/track_input.h"

#include "viewerfanout/rtp_source.h"

#include <array>

namespace rostrum {

namespace {

// An RTP packet that fits a datagram, with room for those that do not so that they are counted, not cut.
constexpr size_t kMaxRtpBytes = 2048;

peerwire::PacketRing &ring_of(peerwire::Feed &feed, unsigned layer) {
    return layer == TrackInput::kAudio ? feed.audio() : feed.open_video(layer);
}

peerwire::TimeNs monotonic_now() {
    return g_get_monotonic_time() * peerwire::kNsPerUs;
}

} // namespace

TrackInput::TrackInput(std::shared_ptr<peerwire::Feed> feed, SourceWatch &watch, unsigned layer)
    : feed_(std::move(feed)), watch_(watch), layer_(layer), writer_(ring_of(*feed_, layer)) {
    gst_segment_init(&segment_, GST_FORMAT_TIME);
}

void TrackInput::begin_stream() {
    new_stream_ = true;
    live_ = Live::Unknown;
}

void TrackInput::set_caps(const GstCaps *caps) {
    if (!new_stream_ && caps_ && gst_caps_is_equal(caps_, caps))
        return;
    new_stream_ = false;
    gst_caps_replace(&caps_, const_cast<GstCaps *>(caps));
    peerwire::Source source = source_from_caps(caps);
    codec_.store(source.codec, std::memory_order_relaxed);
    writer_.begin_source(std::move(source));
}

void TrackInput::set_segment(const GstSegment &segment) {
    segment_ = segment;
    live_ = Live::Unknown;
}

void TrackInput::flush() {
    gst_segment_init(&segment_, GST_FORMAT_TIME);
}

void TrackInput::end() {
    watch_.ended(layer_);
}

bool TrackInput::is_live(GstPad *pad) {
    if (live_ == Live::Unknown) {
        g_autoptr(GstQuery) query = gst_query_new_latency();
        gboolean live = TRUE; // whoever does not answer is not made to wait
        if (gst_pad_peer_query(pad, query))
            gst_query_parse_latency(query, &live, nullptr, nullptr);
        live_ = live ? Live::Yes : Live::No;
    }
    return live_ == Live::Yes;
}

GstClockTime TrackInput::running_time(GstElement *element, GstBuffer *buffer) const {
    const GstClockTime pts = GST_BUFFER_PTS_IS_VALID(buffer) ? GST_BUFFER_PTS(buffer) : GST_BUFFER_DTS(buffer);
    if (!GST_CLOCK_TIME_IS_VALID(pts))
        return gst_element_get_current_running_time(element);
    return gst_segment_to_running_time(&segment_, GST_FORMAT_TIME, pts);
}

GstFlowReturn TrackInput::take(GstPad *pad, GstElement *element, GstBuffer *buffer) {
    const GstClockTime time = running_time(element, buffer);
    if (!GST_CLOCK_TIME_IS_VALID(time))
        return GST_FLOW_OK; // outside of its segment
    if (!is_live(pad)) {
        const GstFlowReturn flow = pacer_.wait(element, time);
        if (flow != GST_FLOW_OK)
            return flow;
    }
    // Payloaders make a header and a payload memory; copying both costs less than the merged buffer of a map.
    std::array<uint8_t, kMaxRtpBytes> bytes;
    const gsize size = gst_buffer_extract(buffer, 0, bytes.data(), bytes.size());
    write(std::span(bytes).first(size), time);
    return GST_FLOW_OK;
}

void TrackInput::write(std::span<const uint8_t> packet, GstClockTime pts) {
    const peerwire::TimeNs now = monotonic_now();
    feed_->observe(now, static_cast<peerwire::TimeNs>(pts));
    watch_.arrived(layer_, now);
    if (!is_audio())
        feed_->set_silent(layer_, false);
    const auto outcome = writer_.write(packet, static_cast<peerwire::TimeNs>(pts));
    const peerwire::PacketRing *ring = is_audio() ? nullptr : feed_->video(layer_);
    whole_ = ring && ring->complete() == ring->head();
    if (outcome == peerwire::TrackWriter::Outcome::Stored)
        watch_.flows(layer_);
    else if (outcome == peerwire::TrackWriter::Outcome::WaitsForKeyframe && !is_audio())
        feed_->request_keyframe(layer_, now);
}

} // namespace rostrum
