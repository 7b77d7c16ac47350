// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "plan.h"

#include <glib.h>

#include <cstring>

using namespace rostrum::session;

namespace {

Graph small() {
    Graph graph;
    graph.branches = {
        {"sink", Branch::Kind::Program, {{"s", "fakesink", {{"sync", "true"}}}}, {}, {}},
        {"src:a b", Branch::Kind::Host, {{"v", "videotestsrc", {{"pattern", "ball"}}}, {"t", "tee", {}}}, {}, {}},
    };
    graph.branches[1].links = {{{"src:a b/v", ""}, {"src:a b/t", ""}, {}}};
    graph.links = {{{"src:a b/t", "src_%u"}, {"sink/s", "sink"}, {}}};
    return graph;
}

void test_text() {
    const std::string text = to_text(small());
    g_assert_cmpstr(text.c_str(), ==,
                    "videotestsrc name=src_a_b_v pattern=ball ! tee name=src_a_b_t\n"
                    "fakesink name=sink_s sync=true\n"
                    "src_a_b_t. ! sink_s.sink\n");
}

void test_dot() {
    const std::string dot = to_dot(small());
    g_assert_true(g_str_has_prefix(dot.c_str(), "digraph session {"));
    g_assert_nonnull(strstr(dot.c_str(), "\"src:a b/t\" -> \"sink/s\";"));
}

struct SecretRow {
    const char *name, *url, *shown;
};

const SecretRow kSecrets[] = {
    {"plain", "rtmp://h:1935/live", "rtmp://h:1935/live"},
    {"key in the path", "rtmp://h/live/hunter2", "rtmp://h/live"},
    {"user and password", "rtmps://joe:hunter2@h/live", "rtmps://h/live"},
    {"query", "rtmp://h/live?key=hunter2", "rtmp://h/live"},
    {"query without path", "rtmp://h?key=hunter2", "rtmp://h"},
    {"SRT", "srt://h:9000?streamid=hunter2&passphrase=hunter2hunter2", "srt://h:9000"},
    {"no scheme", "hunter2", "…"},
};

void test_secrets(gconstpointer data) {
    const auto &row = *static_cast<const SecretRow *>(data);
    State state;
    state.wanted.livestreams = {{"l", {{"l-0", row.url, "hunter2"}}}};
    const std::string text = to_text(plan(state, {}));
    g_assert_null(strstr(text.c_str(), "hunter2"));
    g_assert_nonnull(strstr(text.c_str(), (std::string("# destination l-0 ") + row.shown + "\n").c_str()));
    const std::string dot = to_dot(plan(state, {}));
    g_assert_null(strstr(dot.c_str(), "hunter2"));
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/graph/text", test_text);
    g_test_add_func("/graph/dot", test_dot);
    for (const auto &row : kSecrets)
        g_test_add_data_func((std::string("/graph/secrets/") + row.name).c_str(), &row, test_secrets);
    return g_test_run();
}
