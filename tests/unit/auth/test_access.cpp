// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/auth/access.h"

#include <glib.h>

using rostrum::Claims;
using rostrum::Mode;
using rostrum::Verdict;

namespace {

Claims claims(bool join, bool mod, std::vector<std::string> roles = {}, const char *room = "", const char *who = "") {
    Claims result;
    result.allow_join = join;
    result.allow_mod = mod;
    result.roles = std::move(roles);
    result.room_id = room;
    result.participant_id = who;
    return result;
}

void expect(const char *row, const Verdict &verdict, int code) {
    g_test_message("%s", row);
    g_assert_cmpint(verdict ? verdict->code : 0, ==, code);
    if (verdict)
        g_assert_cmpint(verdict->status, ==, 403);
}

void joining() {
    const rostrum::RoomAccess open{"r", false, {}}, closed{"r", true, {}}, listed{"r", false, {"ann", "bob"}};
    using rostrum::check_join;
    expect("plain", check_join(claims(true, false), open, "ann"), 0);
    expect("both roles", check_join(claims(true, false, {"rtc", "crawler"}), open, "ann"), 0);
    expect("rtc alone", check_join(claims(true, false, {"rtc"}), open, "ann"), 0);
    expect("crawler alone", check_join(claims(true, true, {"crawler"}), open, "ann"), 4024);
    expect("crawler, by the API", check_join(claims(true, true, {"crawler"}), open, "ann", true), 0);
    expect("no allow_join", check_join(claims(false, true), open, "ann"), 4025);
    expect("other room", check_join(claims(true, true, {}, "other"), open, "ann"), 4022);
    expect("this room", check_join(claims(true, true, {}, "r"), open, "ann"), 0);
    expect("other participant", check_join(claims(true, true, {}, "", "bob"), open, "ann"), 4023);
    expect("this participant", check_join(claims(true, true, {}, "", "ann"), open, "ann"), 0);
    expect("deactivated", check_join(claims(true, true), closed, "ann"), 4052);
    expect("on the list", check_join(claims(true, true), listed, "bob"), 0);
    expect("not on the list", check_join(claims(true, true), listed, "eve"), 4023);
}

void calling() {
    using rostrum::check_api, rostrum::check_moderate, rostrum::check_read;
    expect("rtc alone", check_api(claims(true, true, {"rtc"})), 4024);
    expect("crawler", check_api(claims(true, true, {"crawler"})), 0);
    expect("read another room", check_read(claims(true, true, {}, "r"), "q"), 4022);
    expect("read", check_read(claims(true, false), "q"), 0);
    expect("moderate without allow_mod", check_moderate(claims(true, false), "q"), 4025);
    expect("moderate", check_moderate(claims(false, true), "q"), 0);
    expect("moderate another room", check_moderate(claims(true, true, {}, "r"), "q"), 4022);
}

void media() {
    Claims viewer = claims(true, false, {}, "r", "ann");
    viewer.mode = Mode::RecvOnly;
    using rostrum::check_mode, rostrum::check_peer;
    expect("viewer plays", check_mode(viewer, Mode::RecvOnly), 0);
    expect("viewer publishes", check_mode(viewer, Mode::SendAndRecv), 3066);
    viewer.mode = Mode::SignallingOnly;
    expect("signalling plays", check_mode(viewer, Mode::RecvOnly), 3066);
    for (const bool by_url : {true, false}) {
        expect("own peer", check_peer(viewer, "r", "ann", by_url), 0);
        expect("another's peer", check_peer(viewer, "r", "bob", by_url), 4023);
        expect("another room's peer", check_peer(viewer, "q", "ann", by_url), 4022);
        expect("moderator", check_peer(claims(true, true, {}, "r", "ann"), "r", "bob", by_url), 0);
    }
    expect("nobody's token, by the URL", check_peer(claims(true, false, {}, "r"), "r", "bob", true), 0);
    expect("nobody's token, by the name", check_peer(claims(true, false, {}, "r"), "r", "bob", false), 4023);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/access/joining", joining);
    g_test_add_func("/access/calling", calling);
    g_test_add_func("/access/media", media);
    return g_test_run();
}
