// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "streamsrc/publish_session.h"

#include "streamsrc/rtp_caps.h"
#include "wire/picture_size.h"
#include "wire/rtp.h"

namespace rostrum {

using peerwire::MutexLock;

namespace {

constexpr unsigned kReportsToWait = 3; // seconds: a camera that is off sends nothing for longer than this

GstBuffer *copy_packet(std::span<const uint8_t> bytes) {
    GstBuffer *buffer = gst_buffer_new_allocate(nullptr, bytes.size(), nullptr);
    gst_buffer_fill(buffer, 0, bytes.data(), bytes.size());
    return buffer;
}

} // namespace

PublishSession::PublishSession(uint64_t id, PublishPlan plan, std::vector<GstRef<GstRtpFeed>> feeds,
                               PublishEvents &events)
    : id_(id), plan_(std::move(plan)), events_(events) {
    for (auto &feed : feeds)
        routes_.push_back({.feed = std::move(feed)});
}

bool PublishSession::request_keyframe(const std::string &pad) {
    for (size_t i = 0; i < plan_.tracks.size(); ++i) {
        if (plan_.tracks[i].pad == pad) {
            control_->request_keyframe(i);
            return true;
        }
    }
    return false;
}

peerwire::PublisherStats PublishSession::stats() const {
    MutexLock lock(mutex_);
    return stats_;
}

void PublishSession::on_connected(peerwire::TimeNs) {
    connected_ = true;
    if (!silenced_)
        events_.on_publish_state({"connected", "", ""});
}

void PublishSession::on_media(const peerwire::MediaPacket &packet) {
    if (silenced_)
        return;
    Route &route = routes_[packet.track];
    if (route.ssrc != packet.ssrc || route.payload_type != packet.codec.payload_type)
        announce_format(packet.track, packet);
    note_picture(packet.track, packet);
    if (!gst_rtp_feed_queue(route.feed.get()).push_buffer(copy_packet(packet.bytes), packet.capture))
        control_->request_keyframe(packet.track);
}

/// The first packet of a picture, and what its keyframes say.
void PublishSession::note_picture(size_t track, const peerwire::MediaPacket &packet) {
    Route &route = routes_[track];
    if (plan_.receiver.tracks[track].kind != peerwire::TrackKind::Video ||
        (!packet.keyframe && !route.picture.pad.empty()))
        return;
    PictureState picture = route.picture;
    picture.pad = plan_.tracks[track].pad;
    const auto view = packet.keyframe ? peerwire::parse_rtp(packet.bytes) : std::nullopt;
    if (const auto size = view ? peerwire::picture_size(packet.codec.format, view->payload) : std::nullopt) {
        picture.width = size->width;
        picture.height = size->height;
    }
    tell_picture(route, picture);
}

void PublishSession::tell_picture(Route &route, const PictureState &picture) {
    if (picture == route.picture)
        return;
    route.picture = picture;
    events_.on_publish_picture(picture);
}

void PublishSession::announce_format(size_t track, const peerwire::MediaPacket &packet) {
    Route &route = routes_[track];
    const PublishPlan::Track &planned = plan_.tracks[track];
    for (const SdpCodec &codec : planned.media.codecs) {
        if (codec.payload_type == packet.codec.payload_type)
            gst_rtp_feed_queue(route.feed.get())
                .push_caps(make_rtp_caps(planned.media, codec, packet.ssrc, planned.rid), !route.started);
    }
    route.started = true;
    route.ssrc = packet.ssrc;
    route.payload_type = packet.codec.payload_type;
}

bool PublishSession::all_stalled(peerwire::TrackKind kind) const {
    for (size_t i = 0; i < routes_.size(); ++i) {
        if (plan_.receiver.tracks[i].kind == kind && routes_[i].started && !routes_[i].stalled)
            return false;
    }
    return true;
}

// One message per medium: a camera that is switched off says "stalled" for the picture, not for each of its layers.
void PublishSession::on_stalled(size_t track, bool stalled) {
    Route &route = routes_[track];
    route.stalled = stalled;
    if (!silenced_ && !route.picture.pad.empty()) {
        PictureState picture = route.picture;
        picture.flowing = !stalled;
        tell_picture(route, picture);
    }
    const peerwire::TrackKind kind = plan_.receiver.tracks[track].kind;
    const bool video = kind == peerwire::TrackKind::Video;
    bool &told = video ? video_stalled_ : audio_stalled_;
    const bool all = all_stalled(kind);
    if (silenced_ || told == all)
        return;
    told = all;
    events_.on_publish_state({all ? "stalled" : "resumed", all ? "no-packets" : "", video ? "video" : "audio"});
}

void PublishSession::on_stats(const peerwire::PublisherStats &stats) {
    {
        MutexLock lock(mutex_);
        stats_ = stats;
    }
    if (++reports_ == kReportsToWait && !silenced_)
        events_.on_publish_waited();
}

void PublishSession::on_closed(peerwire::TimeNs, peerwire::CloseReason reason) {
    connected_ = false;
    if (!silenced_)
        events_.on_publish_closed(id_, peerwire::to_string(reason));
}

} // namespace rostrum
