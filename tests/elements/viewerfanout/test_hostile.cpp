// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Signalling that is not meant well, beside a viewer who watches: every frame arrives, and what is asked for is
// bounded.

#include "stage.h"

#include "peer/credentials.h"

using stage::Stage;
using stage::Viewer;

namespace {

constexpr unsigned kRounds = 20;

/// Somebody watches while `round` is called again and again.
void watch_through(Stage &s, const std::function<void(unsigned)> &round) {
    Viewer viewer;
    viewer.connect(s.add_viewer("watches", viewer.offer()));
    for (unsigned n = 0; n < kRounds; ++n) {
        s.push_vp8(n, n == 0);
        round(n);
        viewer.run_until([&] { return viewer.video().size() == n + 1; });
    }
}

std::string patch(Stage &s, const char *id, const std::string &fragment) {
    g_autofree char *answer = nullptr;
    g_signal_emit_by_name(s.fanout, "patch-viewer", id, fragment.c_str(), &answer);
    return answer ? answer : "refused";
}

/// Offers that nobody comes for take places, not more than there are; those who watch keep theirs.
void test_half_open() {
    Stage s({"video"}, "max-viewers=501 max-load=1"); // however busy the machine is
    s.play();
    unsigned taken = 0, refused = 0;
    watch_through(s, [&](unsigned n) {
        Viewer nobody;
        for (unsigned i = 0; i < 50; ++i) {
            const bool added = !s.add_viewer(std::to_string(n * 50 + i), nobody.offer()).empty();
            ++(added ? taken : refused);
        }
    });
    g_assert_cmpuint(taken, ==, 500);
    g_assert_cmpuint(refused, ==, kRounds * 50 - 500);
    g_assert_true(s.last_error().rfind("503: ", 0) == 0);
    g_assert_cmpuint(s.viewer_count(), ==, 1);
    g_signal_emit_by_name(s.fanout, "remove-all-viewers", "enough");
    Viewer late;
    Stage::wait_for([&] { return !s.add_viewer("late", late.offer()).empty(); });
}

void test_restart_storm() {
    Stage s({"video"});
    s.play();
    Viewer attacker;
    attacker.connect(s.add_viewer("attacks", attacker.offer()));
    watch_through(s, [&](unsigned) {
        for (int i = 0; i < 100; ++i) {
            const auto fresh = peerwire::make_ice_credentials();
            const auto answer =
                patch(s, "attacks", "a=ice-ufrag:" + fresh.ufrag + "\r\na=ice-pwd:" + fresh.pwd + "\r\n");
            g_assert_true(answer.find("a=ice-ufrag:") != std::string::npos);
        }
    });
    attacker.run_until([&] { return attacker.video().size() == kRounds; });
}

void test_huge_fragments() {
    Stage s({"video"});
    s.play();
    Viewer attacker;
    attacker.connect(s.add_viewer("attacks", attacker.offer()));
    std::string candidates;
    while (candidates.size() < 65'000)
        candidates += "a=candidate:1 1 udp 1 " + std::string(200, '9') + " 9 typ host\r\n";
    watch_through(s, [&](unsigned) {
        for (int i = 0; i < 20; ++i)
            g_assert_true(patch(s, "attacks", candidates).empty());
        g_assert_true(patch(s, "attacks", candidates + candidates) == "refused");
        g_assert_true(s.last_error().rfind("413: ", 0) == 0);
    });
}

} // namespace

int main(int argc, char **argv) {
    gst_init(&argc, &argv);
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/viewerfanout/hostile/half-open", test_half_open);
    g_test_add_func("/viewerfanout/hostile/restart-storm", test_restart_storm);
    g_test_add_func("/viewerfanout/hostile/huge-fragments", test_huge_fragments);
    return g_test_run();
}
