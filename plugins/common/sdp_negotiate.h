// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Chooses what an answer takes from an offer: codecs, feedback, header extensions, one section per medium.

#pragma once

#include "common/sdp_offer.h"

namespace rostrum {

/// One m-section of the answer, at the same index as in the offer.
struct AnswerMedia {
    bool accepted = false;
    MediaKind kind = MediaKind::Other;
    std::string mid;
    std::vector<SdpCodec> codecs; // in our order of preference; feedback is what the answer lists
    std::vector<SdpExtension> extensions;
    bool mixed_extensions = false;
    std::vector<std::string> receive_rids; // simulcast layers that we receive

    uint32_t ssrc = 0, rtx_ssrc = 0; // what we send; 0 = none
    std::string cname, msid_stream, msid_track;
};

struct Answer {
    bool sends = false; // sendonly (viewers) or recvonly (publishers)
    bool dtls_client = false;
    std::vector<AnswerMedia> media;

    const AnswerMedia *find(MediaKind kind) const; // first accepted section of that kind, or null
};

struct ViewerPreferences {
    std::vector<std::string> video_codecs{"h264", "vp8"}; // every one that the offer has is answered, in this order
    std::vector<std::string> audio_codecs{"opus"};
    bool transport_cc = false; // where REMB is offered too; it costs 4-5 times the feedback packets
};

struct PublisherPreferences {
    std::vector<std::string> video_codecs{"h264", "vp8", "vp9", "av1"};
    std::vector<std::string> audio_codecs{"opus"};
    unsigned start_bitrate_kbps = 0;       // > 0: x-google-start-bitrate on the video codecs
    unsigned max_video = 1, max_audio = 1; // m-sections taken of each kind
};

/// 406 when no section and codec of the offer can be used; 422 when a publisher offers sound or picture of which only a
/// part can. SSRCs are random and distinct. Reentrant.
Result<Answer> negotiate_viewer(const SdpOffer &offer, const ViewerPreferences &preferences);
Result<Answer> negotiate_publisher(const SdpOffer &offer, const PublisherPreferences &preferences);

/// "h264, vp8" → {"h264","vp8"}: lower case, trimmed, empties dropped.
std::vector<std::string> split_codecs(std::string_view list);

} // namespace rostrum
