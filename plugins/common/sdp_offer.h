// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What a WHIP or WHEP client offers (RFC 8866, JSEP RFC 8829), as plain data. Error codes are HTTP status codes.

#pragma once

#include "wire/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rostrum {

using peerwire::Error;
using peerwire::Result;

constexpr size_t kMaxSdpBytes = 64 * 1024; // a Chromium offer with every codec and simulcast is 7 KiB

enum class MediaKind { Audio, Video, Other };
enum class Direction { SendRecv, SendOnly, RecvOnly, Inactive };

/// One payload type. `name` is as the offer writes it ("H264", "opus"); compare without case.
struct SdpCodec {
    std::string name;
    uint8_t payload_type = 0;
    uint32_t clock_rate = 0;
    unsigned channels = 0;             // 0 = not given
    std::string fmtp;                  // "" = none
    std::optional<uint8_t> rtx;        // payload type of its retransmissions (RFC 4588)
    std::vector<std::string> feedback; // "nack", "nack pli", "transport-cc", ... including those given for "*"

    bool is(std::string_view codec_name) const; // without case
    bool has_feedback(std::string_view value) const;
    std::string parameter(std::string_view key) const; // value of `key` in fmtp, "" when absent
};

struct SdpExtension { // RFC 8285
    uint8_t id = 0;
    std::string uri;
};

struct SdpMedia {
    MediaKind kind = MediaKind::Other;
    std::string media;     // first word of the m-line: "audio", "video", "application"
    std::string protocol;  // "UDP/TLS/RTP/SAVPF"
    std::string formats;   // rest of the m-line, kept for a rejected section
    std::string mid;       // "" when not given
    bool rejected = false; // port 0 without bundle-only, or not in the BUNDLE group
    bool rtcp_mux = false;
    bool mixed_extensions = false; // one- and two-byte header extensions may follow each other (RFC 8285 §4.1.2)
    Direction direction = Direction::SendRecv;
    std::vector<SdpCodec> codecs; // in the offer's order, without rtx
    std::vector<SdpExtension> extensions;
    std::vector<uint32_t> ssrcs;                            // in order of appearance
    std::vector<std::pair<uint32_t, uint32_t>> flow_groups; // ssrc-group:FID (media, retransmission)
    std::string msid_stream, msid_track;
    std::vector<std::string> send_rids; // RFC 8853, lowest preference kept as offered; only those that the offer sends

    const SdpCodec *find_payload(uint8_t payload_type) const;
    std::optional<uint8_t> extension_id(std::string_view uri) const;
};

struct SdpOffer {
    std::string ice_ufrag, ice_pwd;
    std::string fingerprint;      // "sha-256 AA:BB:…"
    bool offerer_passive = false; // a=setup:passive: the answerer has to be the DTLS client
    bool bundled = false;         // has a=group:BUNDLE
    std::vector<SdpMedia> media;
};

/// 400 with a text that names what is missing or wrong; 413 when too large. Never throws. Reentrant.
Result<SdpOffer> parse_offer(std::string_view text);

/// At least `min` and at most 256 ice-char (RFC 8839 §5.4).
bool is_ice_text(std::string_view text, size_t min);

namespace extension_uri {
inline constexpr std::string_view kMid = "urn:ietf:params:rtp-hdrext:sdes:mid";
inline constexpr std::string_view kRid = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id";
inline constexpr std::string_view kRepairedRid = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id";
inline constexpr std::string_view kTransportCc =
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
inline constexpr std::string_view kAbsSendTime = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time";
inline constexpr std::string_view kAbsCaptureTime = "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time";
inline constexpr std::string_view kAudioLevel = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";
inline constexpr std::string_view kVideoOrientation = "urn:3gpp:video-orientation";
} // namespace extension_uri

} // namespace rostrum
