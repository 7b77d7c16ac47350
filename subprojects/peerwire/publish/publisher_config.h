// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What an answer agreed on with a publisher, as far as receiving needs it.

#pragma once

#include "wire/keyframe.h"
#include "wire/time.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace peerwire {

enum class TrackKind { Audio, Video };

/// One payload type that a track may use, with the feedback agreed for it.
struct ReceiveCodec {
    uint8_t payload_type = 0;
    uint32_t clock_rate = 90000;
    PayloadFormat format = PayloadFormat::Other;
    std::optional<uint8_t> rtx_payload_type; ///< RFC 4588 §8.6, its apt is payload_type
    bool nack = false;
    bool pli = false;
};

/// One stream of media: an m-section, or one simulcast layer (RFC 8853) of it.
struct TrackConfig {
    TrackKind kind = TrackKind::Video;
    std::string mid;
    std::string rid; ///< empty without simulcast
    std::vector<ReceiveCodec> codecs;
    std::optional<uint32_t> ssrc;          ///< as signalled by a=ssrc
    std::optional<uint32_t> rtx_ssrc;      ///< as signalled by a=ssrc-group:FID
    TimeNs stall_after = 2 * kNsPerSecond; ///< without RTP for this long it is stalled
};

/// Header extension ids (RFC 8285), the same for all bundled m-sections; 0 when not agreed on.
struct ExtensionIds {
    uint8_t mid = 0;
    uint8_t rid = 0;
    uint8_t repaired_rid = 0;
    uint8_t transport_cc = 0;
};

struct PublisherConfig {
    std::vector<TrackConfig> tracks; ///< at most kMaxTracks
    ExtensionIds extensions;
    bool transport_cc = false; ///< feedback is agreed on; needs extensions.transport_cc
    bool remb = false;         ///< used only without transport_cc
    bool reduced_size = false; ///< a=rtcp-rsize (RFC 5506)
    uint32_t local_ssrc = 1;   ///< sender of our RTCP
    std::string cname = "rostrum";
    uint64_t max_bitrate_bps = 8'000'000; ///< upper bound of REMB

    static constexpr size_t kMaxTracks = 24; // their report blocks fit one packet
};

} // namespace peerwire
