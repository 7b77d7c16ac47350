// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Real shards, real sockets on the loopback interface, both ends in this process.

#include "net/server.h"
#include "net/clock.h"
#include "support/hex.h"
#include "support/loopback_peer.h"
#include "sync/mutex.h"

#include <glib.h>

#include <array>
#include <atomic>
#include <optional>
#include <vector>

using namespace peerwire;
using test::Bytes;
using test::LoopbackPeer;
using test::rtp_packet;

namespace {

/// What happened to an endpoint; outlives it. Thread-safe.
struct Log {
    std::atomic<bool> connected{false};
    std::atomic<bool> destroyed{false};
    std::atomic<int> wakes{0}, timeouts{0}, rtp{0}, rtcp{0};
    std::atomic<int> closed{-1}; ///< CloseReason

    bool closed_with(CloseReason reason) const { return closed == static_cast<int>(reason); }
};

/// Returns every packet to its sender.
class Echo final : public MediaEndpoint {
  public:
    explicit Echo(Log &log) : log_(log) {}
    ~Echo() override { log_.destroyed = true; }

    void attach(Transport &transport) override {
        transport_ = &transport;
        g_assert_cmpuint(transport.reserve(100).size(), ==, 0); // not connected
    }
    void on_connected(TimeNs now) override {
        log_.connected = true;
        timeout_ = now + 5 * kNsPerMs;
    }
    void on_rtp(TimeNs, std::span<const uint8_t> packet) override {
        ++log_.rtp;
        if (packet.size() == 13) // the test's word for "hang up"
            return transport_->close(CloseReason::Local);
        const auto room = transport_->reserve(packet.size());
        std::copy(packet.begin(), packet.end(), room.begin());
        transport_->commit_rtp(packet.size());
    }
    void on_rtcp(TimeNs, std::span<const uint8_t> compound) override {
        ++log_.rtcp;
        const auto room = transport_->reserve(compound.size());
        std::copy(compound.begin(), compound.end(), room.begin());
        transport_->commit_rtcp(compound.size());
    }
    void on_wake(TimeNs) override {
        ++log_.wakes;
        if (burst_ == 0)
            return;
        for (uint16_t i = 0; i < burst_; ++i) { // sizes that make runs of several shapes
            const auto packet = rtp_packet(i, 7, i % 10 == 9 ? 50 : 1000);
            const auto room = transport_->reserve(kMaxPacketSize);
            std::copy(packet.begin(), packet.end(), room.begin());
            transport_->commit_rtp(packet.size());
        }
        burst_ = 0;
    }
    TimeNs next_timeout() const override { return timeout_; }
    void on_timeout(TimeNs now) override {
        g_assert_cmpint(now, >=, timeout_);
        ++log_.timeouts;
        timeout_ = kNever;
    }
    void on_closed(TimeNs, CloseReason reason) override {
        g_assert_cmpint(log_.closed, ==, -1);
        log_.closed = static_cast<int>(reason);
    }

    uint16_t burst_ = 0; ///< packets to send at the next wake; set before the server has the endpoint

  private:
    Log &log_;
    Transport *transport_ = nullptr;
    TimeNs timeout_ = kNever;
};

std::unique_ptr<Server> make_server(ServerConfig config = {}) {
    auto server = Server::create(config);
    g_assert_true(server.ok());
    return std::move(server).value();
}

void test_session(gconstpointer role) {
    Log log;
    auto server = make_server();
    LoopbackPeer remote(GPOINTER_TO_INT(role) ? DtlsRole::Server : DtlsRole::Client);
    const auto local = remote.connect(*server, std::make_unique<Echo>(log));
    g_assert_cmpuint(server->peer_count(), ==, 1);
    g_assert_true(remote.peer.profile() == SrtpProfile::AeadAes128Gcm);
    remote.run_until([&] { return log.connected && log.timeouts == 1; });

    for (uint16_t i = 0; i < 100; ++i)
        remote.peer.send_rtp(rtp_packet(i, 1));
    remote.peer.send_rtcp(test::unhex("80c90001 00000001"));
    remote.run_until([&] { return remote.peer.rtp.size() == 100 && remote.peer.rtcp.size() == 1; });
    g_assert_true(remote.peer.rtp.front() == rtp_packet(0, 1));
    g_assert_cmpuint(remote.peer.undecryptable, ==, 0);

    server->wake();
    remote.run_until([&] { return log.wakes == 1; });

    server->remove_peer(local.id, CloseReason::Removed);
    remote.run_until([&] { return remote.peer.closed() && log.destroyed && server->peer_count() == 0; });
    g_assert_true(log.closed_with(CloseReason::Removed));
    const auto counters = server->counters();
    g_assert_cmpuint(counters.peers_connected, ==, 1);
    g_assert_cmpuint(counters.peers_closed, ==, 1);
    g_assert_cmpuint(counters.dropped_auth + counters.dropped_stun + counters.dropped_unknown, ==, 0);
}

void test_burst() {
    Log log;
    auto server = make_server();
    auto echo = std::make_unique<Echo>(log);
    echo->burst_ = 200;
    LoopbackPeer remote;
    remote.connect(*server, std::move(echo));
    remote.run_until([&] { return log.connected.load(); });
    const auto before = server->counters();
    server->wake();
    remote.run_until([&] { return remote.peer.rtp.size() == 200; });
    for (uint16_t i = 0; i < 200; ++i)
        g_assert_true(remote.peer.rtp[i] == rtp_packet(i, 7, i % 10 == 9 ? 50 : 1000));
    const auto after = server->counters();
    g_assert_cmpuint(after.datagrams_out - before.datagrams_out, >=, 200); // a late check may be answered in between
    g_assert_cmpuint(after.send_calls - before.send_calls, <, 20);
}

/// Takes its time whenever it is woken, and notes how the shard feels.
class Slow final : public MediaEndpoint {
  public:
    struct Notes {
        std::atomic<int> wakes{0}, busy{0};
        std::atomic<bool> connected{false};
    };
    explicit Slow(Notes &notes) : notes_(notes) {}
    void attach(Transport &transport) override { transport_ = &transport; }
    void on_connected(TimeNs) override { notes_.connected = true; }
    void on_rtp(TimeNs, std::span<const uint8_t>) override {}
    void on_rtcp(TimeNs, std::span<const uint8_t>) override {}
    void on_wake(TimeNs now) override {
        notes_.busy += transport_->busy() ? 1 : 0;
        ++notes_.wakes;
        while (monotonic_now() < now + 40 * kNsPerMs) {
        }
    }
    TimeNs next_timeout() const override { return kNever; }
    void on_timeout(TimeNs) override {}
    void on_closed(TimeNs, CloseReason) override {}

  private:
    Notes &notes_;
    Transport *transport_ = nullptr;
};

/// A busy shard says so, and what may wait for company does not wait for ever.
void test_busy() {
    Slow::Notes notes;
    auto server = make_server();
    LoopbackPeer remote;
    remote.connect(*server, std::make_unique<Slow>(notes));
    remote.run_until([&] { return notes.connected.load(); });
    g_assert_cmpfloat(server->load(), <, 0.5);
    remote.run_until([&] {
        server->wake();
        return notes.busy > 0;
    });
    g_assert_cmpfloat(server->load(), >=, 0.5);
    const int wakes = notes.wakes, busy = notes.busy;
    remote.run_until([&] {
        server->wake_lazily(); // again: the first may have met a wake() that was under way
        return notes.wakes - wakes > notes.busy - busy;
    });
}

void test_remote_close() {
    Log log;
    auto server = make_server();
    LoopbackPeer remote;
    remote.connect(*server, std::make_unique<Echo>(log));
    remote.peer.close();
    remote.run_until([&] { return log.destroyed.load(); });
    g_assert_true(log.closed_with(CloseReason::RemoteClose));
}

void test_local_close() {
    Log log;
    auto server = make_server();
    LoopbackPeer remote;
    remote.connect(*server, std::make_unique<Echo>(log));
    remote.peer.send_rtp(rtp_packet(0, 1, 1));
    remote.run_until([&] { return log.destroyed && remote.peer.closed(); });
    g_assert_true(log.closed_with(CloseReason::Local));
}

void test_shutdown() {
    Log logs[3];
    ServerConfig config;
    config.shards = 2;
    auto server = make_server(config);
    LoopbackPeer first, second, third;
    first.connect(*server, std::make_unique<Echo>(logs[0]));
    second.connect(*server, std::make_unique<Echo>(logs[1]));
    g_assert_true(server
                      ->add_peer([&] { // never connects
                          auto setup = third.peer.setup();
                          setup.endpoint = std::make_unique<Echo>(logs[2]);
                          return setup;
                      }())
                      .ok());
    server.reset();
    for (const auto &log : logs) {
        g_assert_true(log.destroyed);
        g_assert_true(log.closed_with(CloseReason::Shutdown));
    }
    test::run_all_until({&first, &second}, [&] { return first.peer.closed() && second.peer.closed(); });
}

void test_timeouts() {
    Log silent, absent;
    auto server = make_server();
    LoopbackPeer remote, nobody;
    PeerSetup setup;
    setup.endpoint = std::make_unique<Echo>(silent);
    setup.consent_timeout = 300 * kNsPerMs;
    remote.connect(*server, std::move(setup));
    auto never = nobody.peer.setup();
    never.endpoint = std::make_unique<Echo>(absent);
    never.connect_timeout = 100 * kNsPerMs;
    g_assert_true(server->add_peer(std::move(never)).ok());
    remote.run_until([&] { return silent.destroyed && absent.destroyed; });
    g_assert_true(silent.closed_with(CloseReason::ConsentExpired));
    g_assert_true(absent.closed_with(CloseReason::ConnectTimeout));
    g_assert_false(absent.connected);
}

void test_wrong_fingerprint() {
    Log log;
    auto server = make_server();
    LoopbackPeer remote;
    auto setup = remote.peer.setup();
    setup.remote_fingerprint.back() = setup.remote_fingerprint.back() == '0' ? '1' : '0';
    setup.endpoint = std::make_unique<Echo>(log);
    remote.aim(server->add_peer(std::move(setup)).value());
    remote.run_until([&] { return log.destroyed.load(); });
    g_assert_true(log.closed_with(CloseReason::DtlsFailed));
    g_assert_false(log.connected);
    g_assert_false(remote.peer.connected());
}

void test_garbage() {
    Log log;
    auto server = make_server();
    LoopbackPeer remote, stranger;
    const auto local = remote.connect(*server, std::make_unique<Echo>(log));
    stranger.aim(local);

    // From a stranger: nothing is answered, each kind has its counter. From the peer's own address: dropped as well.
    GRand *random = g_rand_new_with_seed(1);
    const auto before = server->counters();
    constexpr uint64_t kCount = 500;
    for (uint64_t i = 0; i < kCount; ++i) {
        Bytes bytes(static_cast<size_t>(g_rand_int_range(random, 0, 300)));
        for (auto &byte : bytes)
            byte = static_cast<uint8_t>(g_rand_int(random));
        if (!bytes.empty())
            bytes[0] = static_cast<uint8_t>(std::array{0x00, 0x16, 0x80, 0xff}[i % 4]);
        (i % 8 < 4 ? stranger : remote).send_raw(bytes);
        if (i % 50 == 49)
            remote.run_until([&] { return server->counters().datagrams_in - before.datagrams_in >= i + 1; });
    }
    g_rand_free(random);
    stranger.send_raw(Bytes(4000, 0x80));
    stranger.peer.send_check(test::RemotePeer::Check::WrongPassword);
    remote.run_until([&] {
        stranger.pump();
        return server->counters().dropped_malformed > before.dropped_malformed;
    });
    const auto after = server->counters();
    g_assert_cmpuint(after.dropped_stun, >, before.dropped_stun + kCount / 5);
    g_assert_cmpuint(after.dropped_unchecked, >, before.dropped_unchecked + kCount / 10);
    g_assert_cmpuint(after.dropped_unknown, >, before.dropped_unknown + kCount / 10);
    g_assert_cmpuint(stranger.peer.checks_answered, ==, 0);

    remote.peer.send_rtp(rtp_packet(1, 1)); // the peer itself is well
    remote.run_until([&] { return remote.peer.rtp.size() == 1; });
}

void test_refusals() {
    Log log;
    ServerConfig config;
    config.max_peers = 1;
    auto server = make_server(config);
    LoopbackPeer remote;
    struct Row {
        const char *name;
        std::string PeerSetup::*field;
        const char *value;
    };
    const Row rows[] = {
        {"no ufrag", &PeerSetup::remote_ufrag, ""},
        {"short password", &PeerSetup::remote_pwd, "short"},
        {"password of other characters", &PeerSetup::remote_pwd, "0123456789 0123456789 0123456789"},
        {"no fingerprint", &PeerSetup::remote_fingerprint, ""},
        {"old hash", &PeerSetup::remote_fingerprint,
         "sha-1 00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:00:11:22:33"},
        {"short fingerprint", &PeerSetup::remote_fingerprint, "sha-256 00:11"},
        {"no hex", &PeerSetup::remote_fingerprint, "sha-256 zz"},
    };
    for (const auto &row : rows) {
        auto setup = remote.peer.setup();
        setup.endpoint = std::make_unique<Echo>(log);
        setup.*row.field = row.value;
        const auto refused = server->add_peer(std::move(setup));
        g_test_message("%s: %s", row.name, refused.ok() ? "accepted" : refused.error().text.c_str());
        g_assert_false(refused.ok());
        g_assert_cmpint(refused.error().code, ==, 400);
    }
    remote.connect(*server, std::make_unique<Echo>(log));
    auto setup = remote.peer.setup();
    setup.endpoint = std::make_unique<Echo>(log);
    const auto full = server->add_peer(std::move(setup));
    g_assert_cmpint(full.error().code, ==, 503);
    g_assert_cmpint(server->restart_ice(4711, "abcd", std::string(22, 'x')).error().code, ==, 404);
    server->remove_peer(4711, CloseReason::Removed); // ignored
}

void test_ice_restart() {
    Log log;
    auto server = make_server();
    LoopbackPeer remote;
    const auto local = remote.connect(*server, std::make_unique<Echo>(log));
    const auto fresh = make_ice_credentials();
    const auto again = server->restart_ice(local.id, fresh.ufrag, fresh.pwd);
    g_assert_true(again.ok());
    g_assert_cmpuint(again.value().port, ==, local.port);
    g_assert_true(again.value().ufrag != local.ufrag);

    unsigned answered = remote.peer.checks_answered;
    remote.peer.send_check(); // the old credentials still count
    remote.run_until([&] { return remote.peer.checks_answered == answered + 1; });
    remote.peer.restart(again.value(), fresh);
    remote.peer.send_check();
    remote.run_until([&] { return remote.peer.checks_answered == answered + 2; });
    remote.peer.send_rtp(rtp_packet(1, 1));
    remote.run_until([&] { return remote.peer.rtp.size() == 1; });

    remote.peer.restart(local, remote.peer.local()); // no longer
    const auto dropped = server->counters().dropped_stun;
    remote.peer.send_check();
    remote.run_until([&] { return server->counters().dropped_stun == dropped + 1; });
}

void test_ports() {
    ServerConfig config;
    auto first = make_server(config);
    config.port_min = config.port_max = first->ports()[0];
    const auto taken = Server::create(config);
    g_assert_cmpint(taken.error().code, ==, 503);
    config = {};
    config.bind_address = "localhost";
    g_assert_cmpint(Server::create(config).error().code, ==, 400);
    config = {};
    config.shards = 0;
    g_assert_cmpint(Server::create(config).error().code, ==, 400);
    config.shards = 3;
    g_assert_cmpuint(make_server(config)->ports().size(), ==, 3);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_data_func("/server/session/dtls-server", GINT_TO_POINTER(0), test_session);
    g_test_add_data_func("/server/session/dtls-client", GINT_TO_POINTER(1), test_session);
    g_test_add_func("/server/burst", test_burst);
    g_test_add_func("/server/busy", test_busy);
    g_test_add_func("/server/remote-close", test_remote_close);
    g_test_add_func("/server/local-close", test_local_close);
    g_test_add_func("/server/shutdown", test_shutdown);
    g_test_add_func("/server/timeouts", test_timeouts);
    g_test_add_func("/server/wrong-fingerprint", test_wrong_fingerprint);
    g_test_add_func("/server/garbage", test_garbage);
    g_test_add_func("/server/refusals", test_refusals);
    g_test_add_func("/server/ice-restart", test_ice_restart);
    g_test_add_func("/server/ports", test_ports);
    return g_test_run();
}
