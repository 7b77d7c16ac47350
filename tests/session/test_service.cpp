// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The D-Bus side of a real session process: what it accepts, refuses, and how it ends.

#include "support/session_process.h"

#include <cstring>

using test::SessionProcess;

namespace {

void test_starts_empty() {
    SessionProcess session;
    g_assert_cmpstr(rostrum_session1_get_room_id(session.proxy), ==, "abcd-efgh-ijkl");
    g_assert_cmpstr(rostrum_session1_get_session_id(session.proxy), ==, "0123456789abcdef01234567");
    const std::string running = session.graph("running");
    for (const char *codec : {"enc", "dec", "compositor"})
        g_assert_null(strstr(running.c_str(), codec));
    g_assert_nonnull(strstr(running.c_str(), "program/fanout viewerfanout"));
    g_assert_true(g_str_has_prefix(session.graph("dot").c_str(), "digraph"));
    const std::string snapshot = session.snapshot();
    g_assert_nonnull(strstr(snapshot.c_str(), R"("peers":[])"));
    g_assert_nonnull(strstr(snapshot.c_str(), R"("program":"empty")"));
    session.end();
    session.wait_event("Ended test");
    g_assert_cmpint(session.wait_exit(), ==, 0);
    g_assert_false(session.socket_exists());
}

struct RefusalRow {
    const char *name, *method;
    std::vector<const char *> arguments;
    const char *error;
    const char *limits = nullptr; // one more argument, in GVariant's text format
};

const std::string kLong(70000, 'a');
const RefusalRow kRefusals[] = {
    {"state: garbage", "SetState", {"{]"}, "org.rostrum.Error.BadRequest"},
    {"state: wrong scheme",
     "SetState",
     {R"({"roomId":"r","sessionId":"s","livestreams":[{"id":"l","outputs":[{"id":"o","url":"file:///etc/passwd"}]}]})"},
     "org.rostrum.Error.BadRequest"},
    {"publish: garbage", "Publish", {"ann", "Ann", "garbage"}, "org.rostrum.Error.BadRequest"},
    {"publish: empty", "Publish", {"ann", "Ann", ""}, "org.rostrum.Error.BadRequest"},
    {"publish: oversized", "Publish", {"ann", "Ann", kLong.c_str()}, "org.rostrum.Error.BadRequest"},
    {"publish: nobody", "Publish", {"", "", "v=0"}, "org.rostrum.Error.BadRequest"},
    {"publish: as the program", "Publish", {"program", "", "v=0"}, "org.rostrum.Error.BadRequest"},
    {"play: garbage", "Play", {"vic", "program", "garbage"}, "org.rostrum.Error.BadRequest", "@a{sv} {}"},
    {"play: unknown feed", "Play", {"vic", "nobody", "v=0"}, "org.rostrum.Error.NotFound", "{'max-layer': <uint32 1>}"},
    {"limit: unknown", "Limit", {"nothing"}, "org.rostrum.Error.NotFound", "{'max-layer': <uint32 1>}"},
    {"patch: unknown", "Patch", {"nothing", "*", "a=candidate"}, "org.rostrum.Error.NotFound"},
    {"remove: unknown", "Remove", {"nothing", "left"}, "org.rostrum.Error.NotFound"},
    {"graph: unknown", "Graph", {"svg"}, "org.rostrum.Error.BadRequest"},
};

void test_refusal(SessionProcess &session, const RefusalRow &row) {
    GVariantBuilder builder;
    g_variant_builder_init(&builder, G_VARIANT_TYPE_TUPLE);
    for (const char *argument : row.arguments)
        g_variant_builder_add(&builder, "s", argument);
    if (row.limits)
        g_variant_builder_add_value(&builder, g_variant_new_parsed(row.limits));
    g_autoptr(GError) error = nullptr;
    g_autoptr(GVariant) reply =
        g_dbus_proxy_call_sync(G_DBUS_PROXY(session.proxy), row.method, g_variant_builder_end(&builder),
                               G_DBUS_CALL_FLAGS_NONE, 5000, nullptr, &error);
    g_assert_null(reply);
    g_assert_nonnull(error);
    g_autofree char *name = g_dbus_error_get_remote_error(error);
    g_test_message("%s: %s", row.name, error->message);
    g_assert_cmpstr(name, ==, row.error);
}

void test_refusals() {
    SessionProcess session;
    for (const auto &row : kRefusals)
        test_refusal(session, row);
    g_assert_cmpuint(session.events().size(), ==, 0);
    g_assert_null(strstr(session.graph("running").c_str(), "streamsrc"));
    session.end();
    g_assert_cmpint(session.wait_exit(), ==, 0);
}

void test_serve_comes_back() {
    SessionProcess session;
    session.set_state(R"("recordings":[{"id":"r","path":")" + session.directory() + R"(/r.mp4"}])");
    session.wait_event("RecordingChanged r started");
    session.disconnect();
    session.connect();
    const std::string snapshot = session.snapshot();
    g_assert_nonnull(strstr(snapshot.c_str(), R"("recording":"r","state":"started")"));
    g_assert_nonnull(strstr(snapshot.c_str(), R"("program":"composed")"));
    session.end();
    session.wait_event("RecordingChanged r stopped");
    session.wait_event("Ended");
    g_assert_cmpint(session.wait_exit(), ==, 0);
}

void test_terminated() {
    SessionProcess session;
    session.terminate();
    session.wait_event("Ended terminated");
    g_assert_cmpint(session.wait_exit(), ==, 0);
}

void test_abandoned() {
    SessionProcess session({"--orphan-timeout", "1"});
    session.disconnect();
    g_assert_cmpint(session.wait_exit(), ==, 0);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/session/service/starts-empty", test_starts_empty);
    g_test_add_func("/session/service/refusals", test_refusals);
    g_test_add_func("/session/service/serve-comes-back", test_serve_comes_back);
    g_test_add_func("/session/service/terminated", test_terminated);
    g_test_add_func("/session/service/abandoned", test_abandoned);
    return g_test_run();
}
