// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Many joins at once on the shard of a viewer who is already there. ROSTRUM_STORM=1000 makes it as large as the real
// thing.

#include "net/clock.h"
#include "net/server.h"
#include "support/loopback_peer.h"

#include <glib.h>
#include <time.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

using namespace peerwire;
using test::LoopbackPeer;

namespace {

TimeNs shard_cpu_time() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return TimeNs{time.tv_sec} * kNsPerSecond + time.tv_nsec;
}

/// Notes how much the shard works between two of its turns.
class Metronome final : public MediaEndpoint {
  public:
    struct Notes {
        std::atomic<bool> connected{false}, counting{false};
        std::atomic<int> turns{0};
        std::atomic<TimeNs> longest{0};         // time of the shard's own thread, so that other processes do not count
        std::atomic<uint64_t> most_finished{0}; // handshakes while a wake() waited
        std::atomic<bool> waiting{false};
        std::atomic<uint64_t> finished_before{0};
    };
    Metronome(Notes &notes, const Server &server) : notes_(notes), server_(server) {}
    void attach(Transport &) override {}
    void on_connected(TimeNs) override { notes_.connected = true; }
    void on_rtp(TimeNs, std::span<const uint8_t>) override {}
    void on_rtcp(TimeNs, std::span<const uint8_t>) override {}
    void on_wake(TimeNs) override {
        const TimeNs now = shard_cpu_time();
        const uint64_t finished = server_.counters().peers_connected;
        if (notes_.counting) {
            ++notes_.turns;
            notes_.longest = std::max(notes_.longest.load(), now - last_);
            if (notes_.waiting)
                notes_.most_finished = std::max(notes_.most_finished.load(), finished - notes_.finished_before);
        }
        notes_.waiting = false;
        last_ = now;
    }
    TimeNs next_timeout() const override { return kNever; }
    void on_timeout(TimeNs) override {}
    void on_closed(TimeNs, CloseReason) override {}

  private:
    Notes &notes_;
    const Server &server_;
    TimeNs last_ = 0;
};

class Quiet final : public MediaEndpoint {
  public:
    explicit Quiet(std::atomic<unsigned> &connected) : connected_(connected) {}
    void attach(Transport &) override {}
    void on_connected(TimeNs) override { ++connected_; }
    void on_rtp(TimeNs, std::span<const uint8_t>) override {}
    void on_rtcp(TimeNs, std::span<const uint8_t>) override {}
    void on_wake(TimeNs) override {}
    TimeNs next_timeout() const override { return kNever; }
    void on_timeout(TimeNs) override {}
    void on_closed(TimeNs, CloseReason) override {}

  private:
    std::atomic<unsigned> &connected_;
};

/// A frame every 2 ms.
class Beat {
  public:
    Beat(Server &server, Metronome::Notes &notes)
        : thread_([this, &server, &notes] {
              while (!stop_) {
                  if (!notes.waiting) {
                      notes.finished_before = server.counters().peers_connected;
                      notes.waiting = true;
                  }
                  server.wake();
                  g_usleep(2000);
              }
          }) {}
    ~Beat() {
        stop_ = true;
        thread_.join();
    }

  private:
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

unsigned storm_size() {
    const char *wanted = std::getenv("ROSTRUM_STORM");
    return wanted ? static_cast<unsigned>(std::atoi(wanted)) : 300;
}

void add(Server &server, LoopbackPeer &remote, std::atomic<unsigned> &connected) {
    auto setup = remote.peer.setup();
    setup.endpoint = std::make_unique<Quiet>(connected);
    setup.connect_timeout = 60 * kNsPerSecond; // both ends and other tests on few cores
    remote.aim(server.add_peer(std::move(setup)).value());
}

struct Storm {
    DtlsRole role;          // of the remote peers
    unsigned most_finished; // in a slice of 2 ms on a fast machine; a slow one finishes fewer
};
// The server's own last step is to sign and verify, or only to compare the other end's Finished.
constexpr Storm kViewersCall{DtlsRole::Client, 20}, kServerCalls{DtlsRole::Server, 120};

void test_storm(gconstpointer data) {
    const auto &storm = *static_cast<const Storm *>(data);
    auto server = Server::create({}).value();
    Metronome::Notes notes;
    LoopbackPeer viewer;
    viewer.connect(*server, std::make_unique<Metronome>(notes, *server));
    viewer.run_until([&] { return notes.connected.load(); });

    const unsigned count = storm_size();
    std::atomic<unsigned> connected{0};
    std::vector<std::unique_ptr<LoopbackPeer>> crowd;
    std::vector<LoopbackPeer *> everybody{&viewer};
    Beat beat(*server, notes);
    notes.counting = true;
    for (unsigned i = 0; i < count; ++i) {
        crowd.push_back(std::make_unique<LoopbackPeer>(storm.role));
        add(*server, *crowd.back(), connected);
        everybody.push_back(crowd.back().get());
    }
    test::run_all_until(
        everybody, [&] { return connected == count; }, 60'000);
    notes.counting = false;

    const auto counters = server->counters();
    g_test_message("%u joins: %.1f ms of work between two turns of media; %u handshakes finished at most while it "
                   "waited, %.1f ms at "
                   "most; %d turns",
                   count, static_cast<double>(notes.longest) / kNsPerMs, static_cast<unsigned>(notes.most_finished),
                   static_cast<double>(counters.longest_wake_us) / 1000, notes.turns.load());
    g_assert_cmpuint(notes.most_finished, <, storm.most_finished);
    g_assert_cmpint(notes.turns, >=, 10);
    g_assert_cmpuint(counters.handshake_datagrams, >=, 2 * count); // ClientHello or check, and the flight that follows
    g_assert_cmpuint(counters.peers_connected, ==, count + 1);
}

/// Who is beyond the limit waits for a free place, nobody is refused.
void test_limit() {
    ServerConfig config;
    config.max_handshakes_per_address = 2;
    auto server = Server::create(config).value();
    std::atomic<unsigned> connected{0};
    LoopbackPeer idle[2], late;
    for (auto &peer : idle) {
        add(*server, peer, connected);
        peer.run_until([&] { return peer.peer.checks_answered > 0 || peer.peer.failed(); });
    }
    // Two that never answer the server's flight hold the places.
    late.run_until([&] { return server->counters().handshake_datagrams >= 2; });
    add(*server, late, connected);
    late.run_until([&] { return server->counters().dropped_handshake > 0 || late.peer.connected(); });
    g_assert_cmpuint(server->counters().dropped_handshake, >, 0);
    g_assert_false(late.peer.connected());
    test::run_all_until({&idle[0], &idle[1], &late}, [&] { return connected == 3; });
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_data_func("/join-storm/viewers-call", &kViewersCall, test_storm);
    g_test_add_data_func("/join-storm/server-calls", &kServerCalls, test_storm);
    g_test_add_func("/join-storm/limit", test_limit);
    return g_test_run();
}
