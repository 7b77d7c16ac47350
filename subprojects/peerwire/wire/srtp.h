// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// SRTP and SRTCP of one direction (RFC 3711, RFC 7714): packet index estimation, rollover counter, replay protection.

#pragma once

#include "sync/prefetch.h"
#include "wire/srtp_cipher.h"
#include "wire/srtp_keys.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace peerwire {

/// SSRCs that one direction of one peer may use. A publisher with three simulcast layers, retransmission and sound
/// has seven at a time; what a peer may make us remember is bounded.
inline constexpr size_t kMaxSrtpSsrcs = 64;

/// Which of the last kBits packet indices were seen (RFC 3711 §3.3.2). Reentrant.
class ReplayWindow {
  public:
    static constexpr uint64_t kBits = 512; // 64 is the minimum; a burst of a 4K keyframe reorders more

    bool seen_or_too_old(uint64_t index) const;
    void add(uint64_t index);

  private:
    static constexpr uint64_t kWords = kBits / 64;
    std::array<uint64_t, kWords> bits_{};
    uint64_t end_ = 0; ///< highest index + 1; 0 = nothing yet
};

/// Rollover state of one SSRC. Reentrant.
class PacketIndex {
  public:
    /// RFC 3711 §3.3.1 and appendix A: the 48-bit index that `sequence` most likely stands for.
    uint64_t estimate(uint16_t sequence) const;
    /// Moves the highest index forward; on the receiving side only after authentication.
    void update(uint64_t index);

  private:
    uint64_t highest_ = 0;
    bool started_ = false;
};

/// Protects what we send. A sequence number may be sent again only with identical bytes: anything else reuses a
/// nonce (RFC 7714 §8.1); retransmissions with other bytes go out as RTX. Thread-bound to its peer.
class SrtpSender {
  public:
    static std::unique_ptr<SrtpSender> create(SrtpProfile profile, std::span<const uint8_t> master_key,
                                              std::span<const uint8_t> master_salt);

    /// Protects room[0, size) in place; room.size() >= size + kMaxSrtpTrailer. Returns the new size, 0 when the packet
    /// is malformed, there are too many SSRCs or the keys are worn out.
    size_t protect_rtp(std::span<uint8_t> room, size_t size);
    size_t protect_rtcp(std::span<uint8_t> room, size_t size);

    void prefetch() const { peerwire::prefetch(this); }

  private:
    SrtpSender() = default;

    struct Stream {
        uint32_t ssrc;
        PacketIndex index;
    };

    std::unique_ptr<SrtpCipher> rtp_, rtcp_;
    std::vector<Stream> streams_;
    uint32_t rtcp_index_ = 0; ///< one for all SSRCs: it only has to grow (RFC 3711 §3.4)
};

enum class SrtpError {
    Malformed,    ///< too short, not RTP or RTCP
    AuthFailed,   ///< the tag does not verify
    Replayed,     ///< seen before, or older than the window
    TooManySsrcs, ///< authentic, but kMaxSrtpSsrcs are known already
};

struct SrtpOpened {
    std::optional<SrtpError> error;
    size_t size = 0; ///< of the plaintext, which replaced the protected bytes
};

/// Opens what we receive. State changes only for packets that verify. Thread-bound to its peer.
class SrtpReceiver {
  public:
    static std::unique_ptr<SrtpReceiver> create(SrtpProfile profile, std::span<const uint8_t> master_key,
                                                std::span<const uint8_t> master_salt);

    /// In place; after an error the bytes are worthless.
    SrtpOpened unprotect_rtp(std::span<uint8_t> packet);
    SrtpOpened unprotect_rtcp(std::span<uint8_t> packet);

  private:
    SrtpReceiver() = default;

    struct Stream {
        uint32_t ssrc;
        PacketIndex index;
        ReplayWindow replay;
    };
    struct ControlStream {
        uint32_t ssrc;
        ReplayWindow replay;
    };

    SrtpSessionKeys rtp_keys_;
    std::unique_ptr<SrtpCipher> rtp_; ///< made at the first packet: a viewer sends no RTP and costs no context
    std::unique_ptr<SrtpCipher> rtcp_;
    std::vector<Stream> streams_;
    std::vector<ControlStream> control_streams_;
};

} // namespace peerwire
