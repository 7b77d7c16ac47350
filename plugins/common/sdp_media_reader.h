// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Collects the attributes of one m-section into an SdpMedia.

#pragma once

#include "common/sdp_offer.h"

namespace rostrum {

constexpr unsigned kMaxFormats = 128; // Chromium offers 50 payload types

/// A line that makes no sense is left out, as SDP asks for. Reentrant; `media` and all values outlive it.
class MediaReader {
  public:
    explicit MediaReader(SdpMedia &media) : media_(media) {}

    /// One a= line.
    void take(std::string_view key, std::string_view value);

    /// After the last line: joins what refers to each other, whatever the order of the lines was.
    void finish();

  private:
    using Line = std::pair<std::string_view, std::string_view>; // payload type, rest

    void take_rtpmap(std::string_view value);
    void take_fmtp(std::string_view value);
    void take_feedback(std::string_view value);
    void take_extmap(std::string_view value);
    void take_ssrc(std::string_view value);
    void take_ssrc_group(std::string_view value);
    void take_msid(std::string_view value);
    void take_rid(std::string_view value);
    SdpCodec *codec(std::string_view payload_type);
    void join_formats();
    void join_retransmissions();
    void join_simulcast();

    SdpMedia &media_;
    std::vector<SdpCodec> codecs_; // including rtx
    std::vector<Line> fmtps_, feedbacks_;
    std::vector<std::string> rids_;
    std::string_view simulcast_;
};

} // namespace rostrum
