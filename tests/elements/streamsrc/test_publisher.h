// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A publisher for element tests: makes offers, connects over loopback, sends RTP by hand.

#pragma once

#include "support/loopback_peer.h"
#include "wire/rtp.h"

#include <gst/gst.h>

#include <string>
#include <vector>

namespace rostrum::test {

class TestPublisher {
  public:
    static constexpr uint8_t kOpus = 111, kH264 = 108, kVp8 = 96;

    struct Offer {
        std::vector<std::string> rids = {};
        bool audio = true;
        bool video = true;
        uint32_t audio_ssrc = 1000, video_ssrc = 2000;
    };
    TestPublisher() : TestPublisher(Offer{}) {}
    explicit TestPublisher(Offer offer) : offer_(std::move(offer)) {}

    std::string sdp() const;
    /// Offers to the element, follows the answer until connected.
    void connect(GstElement *streamsrc);
    void follow_answer(const std::string &answer);
    /// After an ICE restart with these credentials of ours.
    void follow_restart(const std::string &fragment, const peerwire::IceCredentials &local);

    /// One frame of one packet; a VP8 keyframe is 320 (rid q), 640 (h) or 1280 wide, of 16:9. Times advance by 20 or 33
    /// ms per call.
    void send_audio();
    void send_video(uint8_t payload_type = kVp8, bool keyframe = false, const std::string &rid = "");
    /// As a browser does when its connection is thin.
    void stop_layer(const std::string &rid) { std::erase(offer_.rids, rid); }
    /// Sends both each 20 ms until `done`.
    void stream_until(const std::function<bool()> &done, int deadline_ms = 10'000);
    unsigned plis() const;

    /// A packet of one's own; pump() sends it.
    void send(const peerwire::RtpHeader &header, const std::string &mid, const std::string &rid,
              std::span<const uint8_t> payload);

    peerwire::test::LoopbackPeer loopback;

  private:
    Offer offer_;
    uint16_t audio_sequence_ = 65530, video_sequence_ = 65530;
    uint32_t audio_timestamp_ = 0xffffff00, video_timestamp_ = 0xffffff00;
};

} // namespace rostrum::test
