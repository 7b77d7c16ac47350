// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Viewers come and leave in every way there is, seeded: whoever is gone has left no memory behind.
// ROSTRUM_CHURN=ROUNDS makes it as long as is wanted.

#include "fanout/track_writer.h"
#include "fanout/viewer.h"
#include "net/clock.h"
#include "net/counting.h"
#include "net/server.h"
#include "support/link.h"
#include "support/loopback_peer.h"
#include "wire/rtp.h"

#include <glib.h>

#include <cstdlib>
#include <memory>
#include <vector>

using namespace peerwire;
using test::Bytes;
using test::Dice;
using test::LoopbackPeer;

namespace {

constexpr uint64_t kSeed = 20;
constexpr unsigned kPeers = 16;   // of a round
constexpr int64_t kTolerance = 8; // tables and queues that an unlucky round made larger

enum class Leaving { CloseNotify, Removed, Silence, WithinHandshake, Unanswered };
constexpr Leaving kLeavings[] = {Leaving::CloseNotify, Leaving::Removed, Leaving::Silence, Leaving::WithinHandshake,
                                 Leaving::Unanswered};

struct Guest {
    LoopbackPeer remote;
    Leaving leaving;
    uint64_t id = 0;

    Guest(Dice &dice)
        : remote(dice.chance(0.5) ? DtlsRole::Client : DtlsRole::Server),
          leaving(kLeavings[dice.next() % std::size(kLeavings)]) {}
    bool sees_media() const { return leaving == Leaving::CloseNotify || leaving == Leaving::Removed; }
};

class House {
  public:
    House() : writer_(feed_->open_video(0)) { writer_.begin_source({Codec::Vp8, 90000, {}}); }

    void round(Dice &dice) {
        std::vector<std::unique_ptr<Guest>> guests;
        std::vector<LoopbackPeer *> remotes;
        for (unsigned i = 0; i < kPeers; ++i) {
            guests.push_back(std::make_unique<Guest>(dice));
            invite(*guests.back());
            if (guests.back()->leaving != Leaving::Unanswered)
                remotes.push_back(&guests.back()->remote);
        }
        write_keyframe();
        test::run_all_until(
            remotes,
            [&] {
                for (const auto &guest : guests) {
                    if (guest->sees_media() && guest->remote.peer.rtp.empty())
                        return false;
                    if (guest->leaving == Leaving::Silence && !guest->remote.peer.connected())
                        return false;
                    if (guest->leaving == Leaving::WithinHandshake && guest->remote.peer.checks_answered == 0)
                        return false;
                }
                return true;
            },
            60'000);
        for (const auto &guest : guests)
            see_off(*guest);
        LoopbackPeer waits;
        waits.run_until(
            [&] {
                const auto counters = server_->counters();
                return counters.peers_closed == counters.peers_added && server_->peer_count() == 0;
            },
            60'000);
    }

  private:
    void invite(Guest &guest) {
        auto setup = guest.remote.peer.setup();
        ViewerSetup viewer;
        viewer.cname = "cname";
        viewer.video.emplace();
        viewer.video->ssrc = 0x1111;
        viewer.video->rtx_ssrc = 0x2222;
        (*viewer.video)[Codec::Vp8] = {96, 97};
        setup.endpoint = std::make_unique<Viewer>(feed_, std::move(viewer), std::make_shared<ViewerCounters>());
        if (guest.leaving == Leaving::Silence)
            setup.consent_timeout = 150 * kNsPerMs;
        if (guest.leaving == Leaving::Unanswered)
            setup.connect_timeout = 50 * kNsPerMs;
        const auto local = server_->add_peer(std::move(setup)).value();
        guest.id = local.id;
        guest.remote.aim(local);
    }

    void see_off(Guest &guest) {
        switch (guest.leaving) {
        case Leaving::CloseNotify:
            guest.remote.peer.close();
            return guest.remote.pump();
        case Leaving::Removed:
        case Leaving::WithinHandshake:
            return server_->remove_peer(guest.id, CloseReason::Removed);
        case Leaving::Silence:
        case Leaving::Unanswered:
            return;
        }
    }

    void write_keyframe() {
        const TimeNs pts = frames_ * 33 * kNsPerMs;
        Bytes packet(kRtpFixedHeaderSize + 500, 0x42);
        write_rtp_header(packet, {true, 96, static_cast<uint16_t>(frames_), frames_ * 2970, 7});
        packet[kRtpFixedHeaderSize] = 0x10;  // VP8 descriptor: first packet of the frame
        packet[kRtpFixedHeaderSize + 1] = 0; // a keyframe
        feed_->observe(monotonic_now(), pts);
        writer_.write(packet, pts);
        ++frames_;
        server_->wake();
    }

    std::shared_ptr<Feed> feed_ = std::make_shared<Feed>(FeedConfig{});
    TrackWriter writer_;
    uint32_t frames_ = 0;
    std::unique_ptr<Server> server_ = Server::create({}).value();
};

void test_churn() {
    const char *wanted = std::getenv("ROSTRUM_CHURN");
    const int rounds = wanted ? std::atoi(wanted) : 30;
    House house;
    Dice dice(kSeed);
    for (int i = 0; i < 10; ++i) // tables and pools reach their size
        house.round(dice);
    const int64_t before = test::allocation_count.live;
    for (int i = 0; i < rounds; ++i)
        house.round(dice);
    const int64_t after = test::allocation_count.live;
    g_test_message("%u joins: %" G_GINT64_FORMAT " allocations before, %" G_GINT64_FORMAT " after",
                   kPeers * static_cast<unsigned>(rounds), before, after);
    g_assert_cmpint(after, <=, before + kTolerance);
}

} // namespace

int main(int argc, char **argv) {
    if (!test::count_openssl())
        return 1;
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/churn/nothing-stays", test_churn);
    return g_test_run();
}
