// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Who is let in: a table, and a shard that gets too much to do.

#include "net/admission.h"

#include "net/clock.h"
#include "net/server.h"
#include "support/loopback_peer.h"

#include <glib.h>

#include <atomic>
#include <memory>
#include <thread>

using namespace peerwire;
using test::LoopbackPeer;

namespace {

struct Row {
    const char *name;
    MeasuredLoad measured;
    size_t members;
    double max_load;
    bool room;
};

const Row kRows[] = {
    {"nobody there", {0, 0, false}, 1, 0.9, true},
    {"the thousandth of a storm", {0.005, 1, false}, 1000, 0.9, true},
    {"more at once than anybody has measured", {0.005, 1, false}, 1502, 0.9, false},
    {"half full", {0.45, 1500, true}, 1501, 0.9, true},
    {"the last place", {0.89, 3000, true}, 3001, 0.9, true},
    {"full", {0.91, 3000, true}, 3001, 0.9, false},
    {"those on their way fill it", {0.5, 1000, true}, 1900, 0.9, false},
    {"and as many do not", {0.5, 1000, true}, 1700, 0.9, true},
    {"holding packets will save a part", {0.45, 500, false}, 1500, 0.9, true},
    {"but not that much", {0.45, 500, false}, 1750, 0.9, false},
    {"few viewers of a large stream", {0.15, 20, false}, 240, 0.9, false},
    {"many have left", {0.95, 3000, true}, 2000, 0.9, true},
    {"a hiccup while two are there", {0.5, 1, false}, 3, 0.9, true},
    {"busy with nobody", {0.95, 0, true}, 1, 0.9, false},
    {"no limit", {1, 5000, true}, 5001, 1, true},
    {"closed", {0, 0, false}, 1, 0, false},
};

void test_row(gconstpointer data) {
    const auto &row = *static_cast<const Row *>(data);
    g_assert_cmpint(has_room(row.measured, row.members, row.max_load), ==, row.room);
}

/// Takes 9 ms of each turn while it is told to.
class Glutton final : public MediaEndpoint {
  public:
    struct Orders {
        std::atomic<bool> eat{false}, connected{false};
        std::atomic<unsigned> turns{0}, closed{0};
    };
    explicit Glutton(Orders &orders) : orders_(orders) {}
    void attach(Transport &) override {}
    void on_connected(TimeNs) override { orders_.connected = true; }
    void on_rtp(TimeNs, std::span<const uint8_t>) override {}
    void on_rtcp(TimeNs, std::span<const uint8_t>) override {}
    void on_wake(TimeNs) override {
        ++orders_.turns;
        for (const TimeNs end = monotonic_now() + 9 * kNsPerMs; orders_.eat && monotonic_now() < end;) {
        }
    }
    TimeNs next_timeout() const override { return kNever; }
    void on_timeout(TimeNs) override {}
    void on_closed(TimeNs, CloseReason) override { ++orders_.closed; }

  private:
    Orders &orders_;
};

class Beat {
  public:
    explicit Beat(Server &server)
        : thread_([this, &server] {
              while (!stop_) {
                  server.wake();
                  g_usleep(1000);
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

Result<PeerLocal> add(Server &server, LoopbackPeer &remote, Glutton::Orders &orders) {
    auto setup = remote.peer.setup();
    setup.endpoint = std::make_unique<Glutton>(orders);
    return server.add_peer(std::move(setup));
}

void test_busy_shard() {
    ServerConfig config;
    config.max_load = 0.9;
    Glutton::Orders orders, unused; // the server's end still writes into them
    auto server = Server::create(config).value();
    LoopbackPeer viewer, late;
    viewer.aim(add(*server, viewer, orders).value());
    viewer.run_until([&] { return orders.connected.load(); });
    {
        Beat beat(*server);
        orders.eat = true;
        viewer.run_until([&] { return server->load() > 0.95; }, 60'000);
        const auto refused = add(*server, late, unused);
        g_assert_false(refused.ok());
        g_assert_cmpint(refused.error().code, ==, 503);
        g_assert_cmpuint(server->counters().peers_refused, ==, 1);
        server->set_max_load(1);
        g_assert_true(add(*server, late, unused).ok());
        server->set_max_load(0.9);
        orders.eat = false;
        viewer.run_until([&] { return add(*server, late, unused).ok(); }, 60'000);
    }
    g_assert_cmpuint(orders.closed, ==, 0); // who is in stays in
    const unsigned turns = orders.turns;
    server->wake();
    viewer.run_until([&] { return orders.turns > turns; });
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    for (const auto &row : kRows)
        g_test_add_data_func((std::string("/admission/") + row.name).c_str(), &row, test_row);
    g_test_add_func("/admission/busy-shard", test_busy_shard);
    return g_test_run();
}
