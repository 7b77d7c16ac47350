// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "publish/publisher_config.h"
#include "wire/rtp.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace peerwire {

/// Which track a packet belongs to (BUNDLE, RFC 9143 §9.2): by an SSRC that was seen before, else by the MID and RID
/// header extensions, else by a signalled SSRC, else by a payload type that only one track uses. Browsers send MID and
/// RID only on the first packets, so what was found once is to be remembered by latch(). Bounded: an SSRC replaces the
/// one that its track had before. Reentrant, no allocation.
class Demuxer {
  public:
    explicit Demuxer(const PublisherConfig &config);

    struct Route {
        size_t track = 0;
        const ReceiveCodec *codec = nullptr; ///< of the original packet, also for a retransmission
        bool retransmission = false;
    };
    /// Nothing when no track fits.
    std::optional<Route> route(const RtpView &packet) const;

    /// From now on this SSRC is the track's media or retransmission stream.
    void latch(const Route &route, uint32_t ssrc);

    /// The track whose media SSRC this is.
    std::optional<size_t> track_of(uint32_t ssrc) const;
    /// The SSRC left (BYE): its track waits for another.
    void forget(uint32_t ssrc);

  private:
    struct Latched {
        std::optional<uint32_t> media, retransmission;
    };

    std::optional<size_t> find_track(const RtpView &packet) const;
    std::optional<size_t> by_extensions(const RtpView &packet, bool retransmission) const;
    std::optional<size_t> by_signalled_ssrc(uint32_t ssrc) const;
    std::optional<size_t> by_payload_type(uint8_t payload_type) const;
    std::optional<size_t> latched(uint32_t ssrc) const;
    std::optional<Route> match_codec(size_t track, uint8_t payload_type) const;
    bool is_retransmission(uint8_t payload_type) const;

    const PublisherConfig &config_;
    std::array<Latched, PublisherConfig::kMaxTracks> latched_{};
};

} // namespace peerwire
