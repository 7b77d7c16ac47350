// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "publish/demuxer.h"

namespace peerwire {
namespace {

std::string_view as_text(std::span<const uint8_t> bytes) {
    return {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
}

bool uses(const TrackConfig &track, uint8_t payload_type) {
    for (const ReceiveCodec &codec : track.codecs) {
        if (codec.payload_type == payload_type || codec.rtx_payload_type == payload_type)
            return true;
    }
    return false;
}

} // namespace

Demuxer::Demuxer(const PublisherConfig &config) : config_(config) {}

std::optional<Demuxer::Route> Demuxer::route(const RtpView &packet) const {
    const auto track = find_track(packet);
    return track ? match_codec(*track, packet.payload_type) : std::nullopt;
}

void Demuxer::latch(const Route &route, uint32_t ssrc) {
    Latched &latch = latched_[route.track];
    (route.retransmission ? latch.retransmission : latch.media) = ssrc;
}

std::optional<size_t> Demuxer::find_track(const RtpView &packet) const {
    if (auto track = latched(packet.ssrc))
        return track;
    if (config_.extensions.mid && !find_extension(packet, config_.extensions.mid).empty())
        return by_extensions(packet, is_retransmission(packet.payload_type));
    if (auto track = by_extensions(packet, is_retransmission(packet.payload_type)))
        return track;
    if (auto track = by_signalled_ssrc(packet.ssrc))
        return track;
    return by_payload_type(packet.payload_type);
}

std::optional<size_t> Demuxer::latched(uint32_t ssrc) const {
    for (size_t i = 0; i < config_.tracks.size(); ++i) {
        if (latched_[i].media == ssrc || latched_[i].retransmission == ssrc)
            return i;
    }
    return {};
}

std::optional<size_t> Demuxer::by_extensions(const RtpView &packet, bool retransmission) const {
    const auto text = [&packet](uint8_t id) { return id ? as_text(find_extension(packet, id)) : std::string_view{}; };
    const std::string_view mid = text(config_.extensions.mid);
    const std::string_view rid = text(retransmission ? config_.extensions.repaired_rid : config_.extensions.rid);
    if (mid.empty() && rid.empty())
        return {};
    std::optional<size_t> found;
    for (size_t i = 0; i < config_.tracks.size(); ++i) {
        const TrackConfig &track = config_.tracks[i];
        if ((!mid.empty() && track.mid != mid) || (!track.rid.empty() && track.rid != rid))
            continue;
        if (mid.empty() && track.rid.empty())
            continue;
        if (found) // rids may repeat in other m-sections
            return {};
        found = i;
    }
    return found;
}

std::optional<size_t> Demuxer::by_signalled_ssrc(uint32_t ssrc) const {
    for (size_t i = 0; i < config_.tracks.size(); ++i) {
        if (config_.tracks[i].ssrc == ssrc || config_.tracks[i].rtx_ssrc == ssrc)
            return i;
    }
    return {};
}

std::optional<size_t> Demuxer::by_payload_type(uint8_t payload_type) const {
    std::optional<size_t> found;
    for (size_t i = 0; i < config_.tracks.size(); ++i) {
        if (!uses(config_.tracks[i], payload_type))
            continue;
        if (found)
            return {};
        found = i;
    }
    return found;
}

std::optional<Demuxer::Route> Demuxer::match_codec(size_t track, uint8_t payload_type) const {
    for (const ReceiveCodec &codec : config_.tracks[track].codecs) {
        if (codec.payload_type == payload_type)
            return Route{track, &codec, false};
        if (codec.rtx_payload_type == payload_type)
            return Route{track, &codec, true};
    }
    return {};
}

bool Demuxer::is_retransmission(uint8_t payload_type) const {
    for (const TrackConfig &track : config_.tracks) {
        for (const ReceiveCodec &codec : track.codecs) {
            if (codec.rtx_payload_type == payload_type)
                return true;
        }
    }
    return false;
}

std::optional<size_t> Demuxer::track_of(uint32_t ssrc) const {
    for (size_t i = 0; i < config_.tracks.size(); ++i) {
        if (latched_[i].media == ssrc)
            return i;
    }
    return {};
}

void Demuxer::forget(uint32_t ssrc) {
    for (Latched &latch : latched_) {
        if (latch.media == ssrc)
            latch.media.reset();
        if (latch.retransmission == ssrc)
            latch.retransmission.reset();
    }
}

} // namespace peerwire
