// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "streamsrc/publish_plan.h"

#include <algorithm>

namespace rostrum {
namespace {

// Browsers stop their upper layers when the connection is thin; whoever shows such a layer needs another one soon. The
// lowest has the patience of any track: without it the picture itself stalls.
constexpr peerwire::TimeNs kUpperLayerStall = 700 * peerwire::kNsPerMs;

using peerwire::ReceiveCodec;
using peerwire::TrackConfig;
using peerwire::TrackKind;

ReceiveCodec receive_codec(const SdpCodec &codec) {
    return {.payload_type = codec.payload_type,
            .clock_rate = codec.clock_rate,
            .format = peerwire::payload_format(codec.name),
            .rtx_payload_type = codec.rtx,
            .nack = codec.has_feedback("nack"),
            .pli = codec.has_feedback("nack pli")};
}

TrackConfig receive_track(const SdpMedia &offered, const AnswerMedia &media, const std::string &rid) {
    TrackConfig track;
    track.kind = media.kind == MediaKind::Video ? TrackKind::Video : TrackKind::Audio;
    track.mid = media.mid;
    track.rid = rid;
    std::transform(media.codecs.begin(), media.codecs.end(), std::back_inserter(track.codecs), receive_codec);
    if (!rid.empty()) // the SSRCs of layers are not signalled
        return track;
    if (!offered.flow_groups.empty()) {
        track.ssrc = offered.flow_groups.front().first;
        track.rtx_ssrc = offered.flow_groups.front().second;
    } else if (!offered.ssrcs.empty()) {
        track.ssrc = offered.ssrcs.front();
    }
    return track;
}

uint8_t extension_id(const AnswerMedia &media, std::string_view uri) {
    for (const SdpExtension &extension : media.extensions) {
        if (extension.uri == uri)
            return extension.id;
    }
    return 0;
}

void note_extensions(peerwire::PublisherConfig &config, const AnswerMedia &media) {
    const auto note = [&media](uint8_t &id, std::string_view uri) {
        if (id == 0)
            id = extension_id(media, uri);
    };
    note(config.extensions.mid, extension_uri::kMid);
    note(config.extensions.rid, extension_uri::kRid);
    note(config.extensions.repaired_rid, extension_uri::kRepairedRid);
    note(config.extensions.transport_cc, extension_uri::kTransportCc);
    for (const SdpCodec &codec : media.codecs) {
        config.transport_cc |= config.extensions.transport_cc != 0 && codec.has_feedback("transport-cc");
        config.remb |= codec.has_feedback("goog-remb");
    }
}

} // namespace

std::vector<std::string> PublishPlan::pads() const {
    std::vector<std::string> names;
    std::transform(tracks.begin(), tracks.end(), std::back_inserter(names), [](const Track &t) { return t.pad; });
    return names;
}

PublishPlan make_publish_plan(const SdpOffer &offer, const Answer &answer) {
    PublishPlan plan;
    plan.receiver.reduced_size = true; // every answer has a=rtcp-rsize, and browsers offer it
    unsigned videos = 0, audios = 0;
    for (size_t i = 0; i < answer.media.size(); ++i) {
        const AnswerMedia &media = answer.media[i];
        if (!media.accepted)
            continue;
        note_extensions(plan.receiver, media);
        std::vector<std::string> rids = media.receive_rids;
        if (rids.empty())
            rids.emplace_back();
        for (const std::string &rid : rids) {
            if (plan.tracks.size() == peerwire::PublisherConfig::kMaxTracks)
                return plan;
            const bool video = media.kind == MediaKind::Video;
            plan.tracks.push_back(
                {video ? "video_" + std::to_string(videos++) : "audio_" + std::to_string(audios++), media, rid});
            plan.receiver.tracks.push_back(receive_track(offer.media[i], media, rid));
            if (rid != rids.front())
                plan.receiver.tracks.back().stall_after = kUpperLayerStall;
        }
    }
    return plan;
}

} // namespace rostrum
