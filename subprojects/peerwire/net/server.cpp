// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "net/server.h"

#include "net/shard.h"
#include "peer/certificate.h"
#include "peer/credentials.h"
#include "sync/mutex.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace peerwire {

namespace {

constexpr unsigned kMaxShards = 64;

/// Thread-safe.
class ShardedServer final : public Server {
  public:
    ShardedServer(size_t max_peers, double max_load) : max_peers_(max_peers), max_load_(max_load) {}

    Result<bool> open(const ServerConfig &config) {
        for (unsigned i = 0; i < config.shards; ++i) {
            auto socket = UdpSocket::bind(config.bind_address, config.port_min, config.port_max);
            if (!socket)
                return socket.error();
            std::optional<TcpListener> listener;
            if (config.ice_tcp) {
                auto bound =
                    TcpListener::bind(config.bind_address, socket.value().port, config.port_min, config.port_max);
                if (!bound)
                    return bound.error();
                listener = std::move(bound).value();
            }
            const ShardLimits limits{config.max_handshakes, config.max_handshakes_per_address, config.tcp_limits};
            auto shard = Shard::create(i, std::move(socket).value(), std::move(listener), limits,
                                       [this](uint64_t id) { forget(id); });
            if (!shard)
                return shard.error();
            shards_.push_back(std::move(shard).value());
        }
        return true;
    }

    Result<PeerLocal> add_peer(PeerSetup setup) override {
        auto fingerprint = Fingerprint::parse(setup.remote_fingerprint);
        if (!fingerprint)
            return fingerprint.error();
        if (!valid_ice_credentials(setup.remote_ufrag, setup.remote_pwd))
            return Error{400, "ICE user name fragment or password is missing or malformed"};
        if (!setup.endpoint)
            return Error{500, "a peer without an endpoint"};
        const auto enlisted = enlist();
        if (!enlisted)
            return enlisted.error();
        const uint64_t id = enlisted.value();
        auto local = make_ice_credentials();
        PeerLocal result = describe(id, local);
        shard_of(id).post(
            AddPeerCommand{id,
                           PeerConfig{std::move(local), std::move(setup.remote_ufrag), std::move(fingerprint).value(),
                                      setup.dtls_client ? DtlsRole::Client : DtlsRole::Server, setup.connect_timeout,
                                      setup.consent_timeout},
                           std::move(setup.endpoint)});
        return result;
    }

    Result<PeerLocal> restart_ice(uint64_t id, std::string remote_ufrag, std::string remote_pwd) override {
        if (!valid_ice_credentials(remote_ufrag, remote_pwd))
            return Error{400, "ICE user name fragment or password is missing or malformed"};
        {
            MutexLock lock(mutex_);
            if (ids_.count(id) == 0)
                return Error{404, "there is no such peer"};
        }
        auto local = make_ice_credentials();
        PeerLocal result = describe(id, local);
        shard_of(id).post(RestartIceCommand{id, std::move(local), std::move(remote_ufrag)});
        return result;
    }

    void set_max_load(double max) override {
        MutexLock lock(mutex_);
        max_load_ = max;
    }

    void remove_peer(uint64_t id, CloseReason reason) override { shard_of(id).post(RemovePeerCommand{id, reason}); }

    void wake() override {
        for (const auto &shard : shards_)
            shard->wake();
    }

    void wake_lazily() override {
        for (const auto &shard : shards_)
            shard->wake_lazily();
    }

    std::vector<uint16_t> ports() const override {
        std::vector<uint16_t> ports;
        for (const auto &shard : shards_)
            ports.push_back(shard->port());
        return ports;
    }

    size_t peer_count() const override {
        MutexLock lock(mutex_);
        return ids_.size();
    }

    ServerCounters counters() const override {
        ServerCounters sum;
        for (const auto &shard : shards_)
            shard->counters().add_to(sum);
        MutexLock lock(mutex_);
        sum.peers_refused = refused_;
        return sum;
    }

    double load() const override {
        double most = 0;
        for (const auto &shard : shards_)
            most = std::max(most, shard->load().load());
        return most;
    }

  private:
    /// A new id on the shard with the fewest peers of those that have room.
    Result<uint64_t> enlist() EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        if (ids_.size() >= max_peers_)
            return Error{503, "there is no room for another peer"};
        members_.resize(shards_.size());
        size_t best = shards_.size();
        for (size_t i = 0; i < shards_.size(); ++i) {
            if ((best == shards_.size() || members_[i] < members_[best]) &&
                has_room(shards_[i]->load().measured(), members_[i] + 1, max_load_))
                best = i;
        }
        if (best == shards_.size()) {
            ++refused_;
            return Error{503, "this server is as busy as it may be"};
        }
        const uint64_t id = ++last_ * shards_.size() + best; // the id tells the shard
        ids_.insert(id);
        ++members_[best];
        return id;
    }

    void forget(uint64_t id) EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        if (ids_.erase(id) > 0)
            --members_[id % members_.size()];
    }

    Shard &shard_of(uint64_t id) const { return *shards_[id % shards_.size()]; }

    PeerLocal describe(uint64_t id, const IceCredentials &local) const {
        return {id,
                local.ufrag,
                local.pwd,
                Certificate::process().fingerprint(),
                shard_of(id).port(),
                shard_of(id).tcp_port()};
    }

    const size_t max_peers_;
    mutable Mutex mutex_;
    std::unordered_set<uint64_t> ids_ GUARDED_BY(mutex_);
    double max_load_ GUARDED_BY(mutex_);
    std::vector<size_t> members_ GUARDED_BY(mutex_); ///< peers of each shard
    uint64_t refused_ GUARDED_BY(mutex_) = 0;
    uint64_t last_ GUARDED_BY(mutex_) = 0;
    /// Constant after open(). Last: a shard that ends still reports to forget().
    std::vector<std::unique_ptr<Shard>> shards_;
};

} // namespace

Result<std::unique_ptr<Server>> Server::create(const ServerConfig &config) {
    if (config.shards == 0 || config.shards > kMaxShards)
        return Error{400, "a server has 1 to " + std::to_string(kMaxShards) + " shards"};
    Certificate::process(); // now, not in the first peer's way
    auto server = std::make_unique<ShardedServer>(config.max_peers, config.max_load);
    if (auto opened = server->open(config); !opened)
        return opened.error();
    return std::unique_ptr<Server>(std::move(server));
}

} // namespace peerwire
