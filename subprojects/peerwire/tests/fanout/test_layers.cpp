// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Which layer a viewer gets: the choice alone, by tables, under a clock that the test ticks.

#include "bench.h"

#include "fanout/layer_choice.h"

using namespace peerwire;
using namespace peerwire::test;

namespace {

constexpr uint64_t k = 1000;
constexpr unsigned kNone = kMaxLayers;

struct StartRow {
    const char *name;
    LayerRates rates; ///< kbit/s
    uint64_t available_kbps;
    LayerLimits limits;
    unsigned layer;
    LayerReason reason;
    uint64_t next_kbps;
};

const StartRow kStarts[] = {
    {"nothing flows", {}, 1000, {}, kNone, LayerReason::NoSource, 0},
    {"one layer, whatever it takes", {3000}, 100, {}, 0, LayerReason::Best, 0},
    {"the best fits", {120, 450, 1400}, 2000, {}, 2, LayerReason::Best, 0},
    {"the middle fits", {120, 450, 1400}, 1000, {}, 1, LayerReason::Bandwidth, 1540},
    {"none fits", {120, 450, 1400}, 50, {}, 0, LayerReason::Bandwidth, 495},
    {"pads in any order", {1400, 120, 450}, 1000, {}, 2, LayerReason::Bandwidth, 1540},
    {"gaps", {0, 450, 0, 120}, 5000, {}, 1, LayerReason::Best, 0},
    {"capped by number", {120, 450, 1400}, 5000, {.max_layer = 1}, 1, LayerReason::Limit, 0},
    {"capped by bitrate", {120, 450, 1400}, 5000, {.max_bps = 1000 * k}, 1, LayerReason::Limit, 0},
    {"no layer is below the cap", {120, 450}, 5000, {.max_bps = 10 * k}, 0, LayerReason::Limit, 0},
    {"a cap above what there is", {120, 450}, 5000, {.max_layer = 7, .max_bps = 9000 * k}, 1, LayerReason::Best, 0},
    {"equal layers are one", {500, 500, 500}, 5000, {}, 2, LayerReason::Best, 0},
    {"equal layers, little room", {500, 500, 500}, 400, {}, 0, LayerReason::Best, 0},
};

LayerRates kilo(LayerRates rates) {
    for (uint64_t &rate : rates)
        rate *= k;
    return rates;
}

void test_start(gconstpointer data) {
    const auto &row = *static_cast<const StartRow *>(data);
    LayerChooser chooser;
    const auto choice = chooser.choose(0, kilo(row.rates), {.available_bps = row.available_kbps * k}, row.limits);
    g_assert_cmpuint(choice.layer, ==, row.layer);
    g_assert_cmpstr(to_string(choice.reason), ==, to_string(row.reason));
    g_assert_cmpuint(choice.next_bps, ==, row.next_kbps * k);
    g_assert_false(choice.urgent);
}

/// What a viewer's path says from a time on, and what it must have at the end of that.
struct Phase {
    TimeNs until_ms;
    uint64_t available_kbps;
    bool congested; ///< there is a sign of it all the time
    unsigned layer;
    bool paused;
};

struct CourseRow {
    const char *name;
    std::vector<Phase> phases;
};

const CourseRow kCourses[] = {
    {"without a sign of congestion nothing falls", {{500, 2000, false, 2, false}, {9000, 100, false, 2, false}}},
    {"falls at once where it is far too much", {{500, 2000, false, 2, false}, {600, 300, true, 0, false}}},
    {"a close thing gets a second",
     {{500, 2000, false, 2, false}, {1400, 1200, true, 2, false}, {2700, 1200, true, 1, false}}},
    {"pauses when nothing fits for two seconds",
     {{500, 2000, false, 2, false}, {2300, 80, true, 0, false}, {2900, 80, true, 0, true}}},
    {"stays paused", {{500, 2000, false, 2, false}, {3000, 80, true, 0, true}, {9000, 100, false, 0, true}}},
    {"goes on after a pause", {{500, 2000, false, 2, false}, {3000, 80, true, 0, true}, {12000, 200, false, 0, false}}},
    {"climbs when there is room", {{500, 600, false, 1, false}, {1500, 2000, false, 2, false}}},
    {"needs some room to climb", {{500, 600, false, 1, false}, {5000, 1450, false, 1, false}}},
    {"does not climb while congested", {{500, 600, false, 1, false}, {5000, 2000, true, 1, false}}},
    // Fell 1 s after it climbed: hesitates for 4 s, then after a second vain climb for 8 s.
    {"hesitates after a vain climb",
     {{500, 600, false, 1, false},
      {1500, 2000, false, 2, false},
      {1600, 500, true, 1, false},
      {5400, 2000, false, 1, false},
      {6500, 2000, false, 2, false}}},
};

void test_course(gconstpointer data) {
    const auto &row = *static_cast<const CourseRow *>(data);
    LayerChooser chooser;
    TimeNs now = 0, sign = kLongAgo;
    for (const Phase &phase : row.phases) {
        LayerChooser::Choice choice;
        for (; now <= ms(phase.until_ms); now += ms(50)) {
            if (phase.congested)
                sign = now;
            LayerChooser::Path path{.available_bps = phase.available_kbps * k};
            path.since_congestion = now - sign;
            choice = chooser.choose(now, kilo({120, 450, 1400}), path, {});
        }
        g_assert_cmpuint(choice.layer, ==, phase.layer);
        g_assert_true(choice.paused() == phase.paused);
    }
}

struct StarvingRow {
    const char *name;
    LayerRates rates; ///< kbit/s
    uint64_t available_kbps;
    bool congested;
    LayerLimits limits;
    TimeNs from_ms; ///< when it begins to starve; -1 = never within 5 s
};

const StarvingRow kStarving[] = {
    {"one layer that does not fit", {2500}, 600, true, {}, 450},
    {"several, and none fits", {600, 2500}, 100, true, {}, 450},
    {"several, and one fits", {150, 600, 2500}, 300, true, {}, -1},
    {"a close thing", {2500}, 2300, true, {}, -1},
    {"no sign of congestion", {2500}, 600, false, {}, -1},
    {"it asks for less than there is", {2500}, 9000, false, {.max_bps = 800 * k}, 0},
    {"it asks for less, and there is less", {600, 2500}, 9000, false, {.max_bps = 800 * k}, -1},
    {"nothing flows", {}, 600, true, {}, -1},
};

/// Who starves is told long before it is paused, and goes on to starve then.
void test_starving(gconstpointer data) {
    const auto &row = *static_cast<const StarvingRow *>(data);
    LayerChooser chooser;
    TimeNs since = -1;
    for (TimeNs now = 0; now <= ms(5000); now += ms(50)) {
        const LayerChooser::Path path{.available_bps = row.available_kbps * k,
                                      .since_congestion = row.congested ? 0 : kNever};
        const auto choice = chooser.choose(now, kilo(row.rates), path, row.limits);
        if (choice.starving && since < 0)
            since = now / kNsPerMs;
        g_assert_true(choice.starving == (since >= 0));
    }
    g_assert_cmpint(since, ==, row.from_ms);
}

/// A layer that stops flowing is left at once, whatever the path says; one that comes back is climbed to.
void test_source_changes() {
    LayerChooser chooser;
    const LayerChooser::Path wide{.available_bps = 9000 * k};
    g_assert_cmpuint(chooser.choose(ms(0), kilo({120, 450, 1400}), wide, {}).layer, ==, 2);
    g_assert_cmpuint(chooser.choose(ms(100), kilo({120, 450, 0}), wide, {}).layer, ==, 1);
    const auto gone = chooser.choose(ms(200), {}, wide, {});
    g_assert_cmpuint(gone.layer, ==, 1);
    g_assert_true(gone.reason == LayerReason::NoSource);
    chooser.choose(ms(300), kilo({120, 450, 1400}), wide, {});
    g_assert_cmpuint(chooser.choose(ms(700), kilo({120, 450, 1400}), wide, {}).layer, ==, 2);
}

/// A cap that comes while the viewer watches counts at once.
void test_cap_changes() {
    LayerChooser chooser;
    const LayerChooser::Path wide{.available_bps = 9000 * k};
    const LayerRates rates = kilo({120, 450, 1400});
    g_assert_cmpuint(chooser.choose(ms(0), rates, wide, {}).layer, ==, 2);
    g_assert_cmpuint(chooser.choose(ms(100), rates, wide, {.max_layer = 0}).layer, ==, 0);
    chooser.choose(ms(200), rates, wide, {});
    g_assert_cmpuint(chooser.choose(ms(600), rates, wide, {}).layer, ==, 2);
}

// The viewer: how it moves between rings.

constexpr size_t kPacketBytes = 1000;

/// Three layers of one picture, 30 frames a second; each layer has more packets a frame than the one below.
struct LayeredStage : Stage {
    LayeredStage() {
        for (unsigned layer = 1; layer < 3; ++layer) {
            writers[layer] = std::make_unique<TrackWriter>(feed->open_video(layer));
            writers[layer]->begin_source({Codec::Vp8, 90000, {}});
        }
        for (unsigned layer = 0; layer < 3; ++layer)
            senders[layer] =
                std::make_unique<Sender>(layer == 0 ? *video : *writers[layer], 10 + layer, 100, 5000 * layer);
    }

    /// A frame of each layer; `key` has a bit for each that begins a keyframe.
    void frame(TimeNs pts, unsigned key) {
        constexpr unsigned kPackets[] = {1, 2, 6};
        for (unsigned layer = 0; layer < 3; ++layer) {
            std::vector<Bytes> payloads;
            for (unsigned i = 0; i < kPackets[layer]; ++i) {
                payloads.push_back(i == 0 ? vp8(key >> layer & 1, 0) : vp8_more(0));
                payloads.back().resize(kPacketBytes, static_cast<uint8_t>(layer)); // the tag tells the layer
                payloads.back().back() = static_cast<uint8_t>(layer);
            }
            senders[layer]->frame(payloads, pts);
        }
    }

    std::unique_ptr<TrackWriter> writers[3];
    std::unique_ptr<Sender> senders[3];
};

struct Watched {
    LayeredStage stage;
    std::shared_ptr<ViewerWishes> wishes = std::make_shared<ViewerWishes>();
    std::vector<LayerChooser::Choice> changes;
    Seat seat;
    TimeNs now = 0;
    unsigned frames = 0;

    explicit Watched(uint64_t start_bps)
        : seat(stage.feed, [this, start_bps](ViewerSetup &setup) {
              setup.start_bps = start_bps;
              setup.wishes = wishes;
              setup.on_quality = [this](const LayerChooser::Choice &choice, uint64_t) { changes.push_back(choice); };
          }) {
        for (int i = 0; i < 30; ++i) // known rates
            next_frame();
        seat.viewer->on_connected(Stage::at(now));
        seat.run_until(Stage::at(now + ms(30)));
    }

    void next_frame(bool key = false) {
        now = ms(33) * frames;
        stage.frame(now, key || frames == 0 ? 7 : 0);
        ++frames;
        if (seat.connected) {
            seat.viewer->on_wake(Stage::at(now));
            seat.run_until(Stage::at(now + ms(32)));
        }
    }
    unsigned layer_shown() const { return seat.video().back().tag(); }

    /// A report block with that loss, on what was sent so far.
    void report(uint8_t fraction_lost) {
        const auto sent = static_cast<uint32_t>(65533 + seat.counters->packets.get());
        const ReportBlock block{.ssrc = kVideoSsrc, .fraction_lost = fraction_lost, .highest_sequence = sent};
        std::array<uint8_t, 64> bytes;
        seat.viewer->on_rtcp(Stage::at(now), std::span(bytes).first(write_receiver_report(bytes, 1, {&block, 1})));
        seat.run_until(Stage::at(now));
    }

    void assert_unbroken() const {
        const auto packets = seat.video();
        for (size_t i = 1; i < packets.size(); ++i) {
            g_assert_cmpuint(packets[i].rtp.sequence, ==, static_cast<uint16_t>(packets[i - 1].rtp.sequence + 1));
            g_assert_cmpint(static_cast<int32_t>(packets[i].rtp.timestamp - packets[i - 1].rtp.timestamp), >=, 0);
        }
    }
};

/// Heavy loss: the rest of the frame, then nothing of the rich layer any more; the host is asked for one keyframe.
void test_falls_at_a_keyframe() {
    Watched watched(9'000'000);
    g_assert_cmpuint(watched.layer_shown(), ==, 2);
    for (int i = 0; i < 12; ++i) {
        watched.next_frame();
        watched.report(0);
    }
    watched.stage.requests.clear();
    for (int i = 0; i < 20 && watched.seat.counters->layer.get() == 2; ++i) {
        watched.next_frame();
        watched.report(220);
    }
    g_assert_cmpuint(watched.seat.counters->layer.get(), <, 2);
    g_assert_false(watched.changes.empty());
    g_assert_cmpuint(watched.stage.requests.size(), ==, 1);
    g_assert_cmpuint(watched.stage.requests[0], ==, watched.seat.counters->layer.get());
    const size_t sent = watched.seat.video().size();
    watched.next_frame();
    g_assert_cmpuint(watched.seat.video().size(), ==, sent); // waits
    watched.next_frame(true);
    for (int i = 0; i < 5; ++i) // the path drains first
        watched.next_frame();
    g_assert_cmpuint(watched.layer_shown(), ==, watched.seat.counters->layer.get());
    g_assert_cmpuint(watched.seat.video()[sent].rtp.payload[1] & 1, ==, 0); // a keyframe
    watched.assert_unbroken();
}

/// No keyframe comes: half a second later the one in the ring is taken.
void test_falls_without_a_keyframe() {
    Watched watched(9'000'000);
    for (int i = 0; i < 12; ++i) {
        watched.next_frame();
        watched.report(0);
    }
    for (int i = 0; i < 35; ++i) {
        watched.next_frame();
        watched.report(220);
    }
    g_assert_cmpuint(watched.layer_shown(), <, 2);
    watched.assert_unbroken();
}

/// A layer whose source ended is left with the next feedback, not when it is missed.
void test_layer_ends() {
    Watched watched(9'000'000);
    watched.next_frame();
    watched.report(0);
    g_assert_cmpuint(watched.layer_shown(), ==, 2);
    watched.stage.feed->set_silent(2, true);
    watched.next_frame();
    watched.report(0);
    watched.next_frame(true);
    g_assert_cmpuint(watched.layer_shown(), ==, 1);
    g_assert_cmpuint(watched.changes.back().layer, ==, 1);
    g_assert_true(watched.changes.back().reason == LayerReason::Best);
    watched.assert_unbroken();
}

void test_wishes() {
    Watched watched(9'000'000);
    watched.wishes->set({.max_layer = 0});
    watched.report(0);
    g_assert_cmpuint(watched.changes.back().layer, ==, 0);
    watched.next_frame(true);
    g_assert_cmpuint(watched.layer_shown(), ==, 0);
    g_assert_true(watched.changes.back().reason == LayerReason::Limit);
    watched.assert_unbroken();
}

/// Nobody complained, and there is a better layer: packets that are nothing but load, on the RTX stream, then the
/// layer.
void test_probes_and_climbs() {
    Watched watched(800'000);
    g_assert_cmpuint(watched.layer_shown(), ==, 1);
    for (int i = 0; i < 150; ++i) {
        watched.next_frame(i % 60 == 0);
        watched.report(0);
    }
    g_assert_cmpuint(watched.seat.counters->probes.get(), >, 0);
    g_assert_cmpuint(watched.seat.rtx().size(), >, 10);
    g_assert_cmpuint(watched.layer_shown(), ==, 2);
    g_assert_cmpuint(watched.changes.back().layer, ==, 2);
    const uint64_t spent = watched.seat.counters->probe_bytes.get();
    for (int i = 0; i < 150; ++i)
        watched.next_frame(i % 60 == 0);
    g_assert_cmpuint(watched.seat.counters->probe_bytes.get(), ==, spent); // there is nothing to climb to
    watched.assert_unbroken();
}

/// Each layer switch waits for a keyframe that comes by itself where the host makes them, and asks where it does not.
void test_climb_asks_late() {
    Watched watched(800'000);
    watched.stage.requests.clear();
    for (int i = 0; i < 50; ++i) { // keyframes every second
        watched.next_frame(i % 30 == 0);
        watched.report(0);
    }
    g_assert_cmpuint(watched.stage.requests.size(), ==, 0);
    Watched rare(800'000);
    rare.stage.requests.clear();
    for (int i = 0; i < 150; ++i) {
        rare.next_frame();
        rare.report(0);
    }
    g_assert_cmpuint(rare.stage.requests.size(), >, 0);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    for (const auto &row : kStarts)
        g_test_add_data_func((std::string("/layers/start/") + row.name).c_str(), &row, test_start);
    for (const auto &row : kCourses)
        g_test_add_data_func((std::string("/layers/course/") + row.name).c_str(), &row, test_course);
    for (const auto &row : kStarving)
        g_test_add_data_func((std::string("/layers/starving/") + row.name).c_str(), &row, test_starving);
    g_test_add_func("/layers/source-changes", test_source_changes);
    g_test_add_func("/layers/cap-changes", test_cap_changes);
    g_test_add_func("/layers/viewer/falls-at-a-keyframe", test_falls_at_a_keyframe);
    g_test_add_func("/layers/viewer/falls-without-a-keyframe", test_falls_without_a_keyframe);
    g_test_add_func("/layers/viewer/layer-ends", test_layer_ends);
    g_test_add_func("/layers/viewer/wishes", test_wishes);
    g_test_add_func("/layers/viewer/probes-and-climbs", test_probes_and_climbs);
    g_test_add_func("/layers/viewer/climb-asks-late", test_climb_asks_late);
    return g_test_run();
}
