// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// One peer on its shard: joins the connection (Peer) with the media logic (MediaEndpoint) and the shard's send queue.

#pragma once

#include "net/media_endpoint.h"
#include "net/send_queue.h"
#include "net/timer_queue.h"
#include "peer/peer.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace peerwire {

class PeerHost;

/// What a PeerHost reports to its shard.
class PeerHostOwner {
  public:
    virtual ~PeerHostOwner() = default;
    virtual void on_address(PeerHost &host, const Address &address, const std::optional<Address> &forgotten) = 0;
    virtual void on_connected(PeerHost &host) = 0;
    /// The host must be destroyed soon, not from inside.
    virtual void on_closed(PeerHost &host, CloseReason reason) = 0;
    virtual bool busy() const = 0;
};

/// Thread-bound: its shard's thread.
class PeerHost final : private PeerEvents, private Transport {
  public:
    PeerHost(uint64_t id, std::unique_ptr<MediaEndpoint> endpoint, SendQueue &queue, PeerHostOwner &owner);
    ~PeerHost() override;

    /// False when OpenSSL fails: the peer is closed then.
    bool start(TimeNs now, PeerConfig config);

    DatagramFate handle_datagram(TimeNs now, const Address &from, std::span<uint8_t> datagram);
    void handle_timeout(TimeNs now);
    void wake(TimeNs now);
    void close(TimeNs now, CloseReason reason);
    TimeNs next_timeout(TimeNs now) const;

    /// wake() comes soon. What one step fetches the next one reads, so that none of them waits.
    enum class Fetch { Host, Parts, Insides };
    void prefetch(Fetch step) const;

    uint64_t id() const { return id_; }
    /// Null when start() failed.
    Peer *peer() { return peer_.get(); }
    bool closed() const { return closed_; }

    // The shard's own notes about the host.
    std::vector<std::string> ufrags;  ///< that checks may be addressed to: now, and before an ICE restart
    TimerSlot timer;                  ///< of the shard's TimerQueue
    size_t connected_at = ~size_t{0}; ///< index in the shard's list of connected hosts
    std::optional<Address> handshake; ///< counted in HandshakeLimits

  private:
    void send_datagram(const Address &to, std::span<const uint8_t> datagram) override;
    void on_address(const Address &address, const std::optional<Address> &forgotten) override;
    void on_connected(TimeNs now) override;
    void on_rtp(TimeNs now, std::span<const uint8_t> packet) override;
    void on_rtcp(TimeNs now, std::span<const uint8_t> compound) override;
    void on_closed(TimeNs now, CloseReason reason) override;

    std::span<uint8_t> reserve(size_t plaintext_max) override;
    void commit_rtp(size_t size) override;
    void commit_rtcp(size_t size) override;
    bool busy() const override { return owner_.busy(); }
    void close(CloseReason reason) override;

    /// Does what the endpoint asked for by close() while it was being called.
    void close_if_wanted(TimeNs now);

    const uint64_t id_;
    SendQueue &queue_;
    PeerHostOwner &owner_;
    std::unique_ptr<MediaEndpoint> endpoint_;
    std::unique_ptr<Peer> peer_;
    std::span<uint8_t> room_; ///< reserved, with the trailer's room
    std::optional<CloseReason> wanted_close_;
    bool closed_ = false;
};

} // namespace peerwire
