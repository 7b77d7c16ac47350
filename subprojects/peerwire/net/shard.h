// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A shard: one thread, one UDP socket, its peers and timers.

#pragma once

#include "net/counters.h"
#include "net/handshake_limits.h"
#include "net/handshake_queue.h"
#include "net/load_meter.h"
#include "net/peer_host.h"
#include "net/receive_batch.h"
#include "net/send_queue.h"
#include "net/socket.h"
#include "net/tcp_links.h"
#include "net/timer_queue.h"
#include "sync/mutex.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <variant>
#include <vector>

namespace peerwire {

/// What other threads ask of a shard.
struct AddPeerCommand {
    uint64_t id;
    PeerConfig config;
    std::unique_ptr<MediaEndpoint> endpoint;
};
struct RestartIceCommand {
    uint64_t id;
    IceCredentials local;
    std::string remote_ufrag;
};
struct RemovePeerCommand {
    uint64_t id;
    CloseReason reason;
};
struct StopCommand {};
using ShardCommand = std::variant<AddPeerCommand, RestartIceCommand, RemovePeerCommand, StopCommand>;

/// Of one shard; see HandshakeLimits.
struct ShardLimits {
    size_t handshakes;
    size_t handshakes_per_address;
    TcpLimits tcp;
};

/// post(), wake() and counters() are thread-safe; all else is thread-bound to the shard's own thread. No lock is taken
/// and nothing is allocated per packet.
class Shard final : private PeerHostOwner, private TcpLinksOwner {
  public:
    /// `closed` is called on the shard's thread after a peer's endpoint is gone.
    using ClosedFn = std::function<void(uint64_t id)>;

    /// Error 500 when the kernel has no descriptors left.
    static Result<std::unique_ptr<Shard>> create(unsigned index, UdpSocket socket, std::optional<TcpListener> listener,
                                                 const ShardLimits &limits, ClosedFn closed);
    /// Closes every peer and joins the thread.
    ~Shard() override;

    void post(ShardCommand command) EXCLUDES(mutex_);
    void wake();
    void wake_lazily();
    const ShardCounters &counters() const { return counters_; }
    const LoadMeter &load() const { return load_; }
    uint16_t port() const { return socket_.port; }
    /// 0 without ICE-TCP.
    uint16_t tcp_port() const { return tcp_ ? tcp_->port() : uint16_t{0}; }

  private:
    struct TextHash {
        using is_transparent = void;
        size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
    };

    Shard(UdpSocket socket, const ShardLimits &limits, ClosedFn closed);

    void run();
    void wait_for_events();
    void signal();

    void receive(TimeNs now);
    void dispatch(TimeNs now, const ReceiveBatch::Datagram &datagram);
    PeerHost *find_receiver(const ReceiveBatch::Datagram &datagram) const;
    void count(DatagramFate fate);

    void run_commands(TimeNs now) EXCLUDES(mutex_);
    bool take_commands() EXCLUDES(mutex_);
    void execute(TimeNs now, AddPeerCommand &command);
    void execute(TimeNs now, RestartIceCommand &command);
    void execute(TimeNs now, RemovePeerCommand &command);
    void execute(TimeNs now, StopCommand &command);
    void answer_to(PeerHost &host, const std::string &ufrag);
    void queue_handshake(PeerHost &host, const ReceiveBatch::Datagram &datagram);
    void work_on_handshakes();
    void end_handshake(PeerHost &host);
    /// More is to be done at once.
    bool has_backlog() const { return commands_left_ || !handshakes_.empty(); }
    void run_timers(TimeNs due);
    TimeNs hold_ends(TimeNs now) const;
    void wake_peers_if_wanted(TimeNs now);
    void wake_peers();
    void prefetch_after(size_t i) const;
    void rearm(PeerHost &host, TimeNs now);
    void bury_closed();

    void on_address(PeerHost &host, const Address &address, const std::optional<Address> &forgotten) override;
    void on_connected(PeerHost &host) override;
    void on_closed(PeerHost &host, CloseReason reason) override;
    bool busy() const override { return busy_; }
    void on_datagram(TimeNs now, const Address &from, std::span<uint8_t> datagram) override;
    void on_link_closed(const Address &remote) override;

    // Constant after construction.
    UdpSocket socket_;
    FileDescriptor event_; ///< eventfd: there are commands, or wake() was called
    FileDescriptor epoll_;
    const ClosedFn closed_;

    ShardCounters counters_;
    LoadMeter load_;
    std::atomic<TimeNs> wake_since_{kNever}; ///< wake() was called, and nobody woken since
    std::atomic<TimeNs> lazy_since_{kNever}; ///< wake_lazily() was called, and nobody woken since

    Mutex mutex_;
    std::vector<ShardCommand> commands_ GUARDED_BY(mutex_);

    // Shard thread only.
    SendQueue queue_;
    std::unique_ptr<TcpLinks> tcp_; ///< null without ICE-TCP
    ReceiveBatch batch_;
    TimerQueue<PeerHost> timers_;
    std::unordered_map<uint64_t, std::unique_ptr<PeerHost>> hosts_;
    std::unordered_map<Address, PeerHost *, AddressHash> by_address_;
    std::unordered_map<std::string, PeerHost *, TextHash, std::equal_to<>> by_ufrag_;
    std::vector<PeerHost *> connected_;
    std::vector<uint64_t> closed_ids_; ///< to be destroyed before the next wait
    std::vector<ShardCommand> running_commands_;
    size_t next_command_ = 0; ///< of running_commands_
    bool commands_left_ = false;
    HandshakeQueue handshakes_;
    HandshakeLimits handshake_limits_;
    bool busy_ = false;
    bool socket_ready_ = false;
    bool tcp_ready_ = false;
    bool has_pwait2_ = true;
    bool stopping_ = false;

    std::thread thread_; ///< last: started when everything else is there
};

} // namespace peerwire
