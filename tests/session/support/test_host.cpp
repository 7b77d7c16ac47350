// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "test_host.h"

#include <csignal>

namespace test {

TestHost::TestHost(SessionProcess &session, std::string participant, std::vector<std::string> arguments)
    : session_(session), participant_(std::move(participant)), server_(soup_server_new(nullptr, nullptr)) {
    g_autoptr(GError) error = nullptr;
    soup_server_add_handler(server_, "/whip", on_request, this, nullptr);
    soup_server_listen_local(server_, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error);
    g_assert_no_error(error);
    GSList *uris = soup_server_get_uris(server_);
    const std::string port = std::to_string(g_uri_get_port(static_cast<GUri *>(uris->data)));
    g_slist_free_full(uris, reinterpret_cast<GDestroyNotify>(g_uri_unref));

    std::vector<std::string> words{g_getenv("ROSTRUM_TESTHOST_BINARY"), "--whip", "http://127.0.0.1:" + port + "/whip"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char *> argv;
    for (auto &word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    const auto flags = static_cast<GSpawnFlags>(G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL); // it is no TAP
    g_spawn_async(nullptr, argv.data(), nullptr, flags, end_with_parent, nullptr, &pid_, &error);
    g_assert_no_error(error);
    g_child_watch_add(
        pid_,
        [](GPid pid, int, gpointer flag) {
            *static_cast<bool *>(flag) = true;
            g_spawn_close_pid(pid);
        },
        &exited_);
}

TestHost::~TestHost() {
    if (!exited_) {
        kill();
        wait_exit();
    }
    soup_server_disconnect(server_);
    g_object_unref(server_);
}

void TestHost::on_request(SoupServer *, SoupServerMessage *message, const char *, GHashTable *, gpointer data) {
    auto *self = static_cast<TestHost *>(data);
    if (g_str_equal(soup_server_message_get_method(message), "DELETE")) {
        self->session_.remove(self->resource_);
        soup_server_message_set_status(message, 200, nullptr);
        return;
    }
    const SoupMessageBody *body = soup_server_message_get_request_body(message);
    const std::string answer =
        self->session_.publish(self->participant_, std::string(body->data, static_cast<size_t>(body->length)));
    self->resource_ = self->session_.resource;
    if (answer.empty())
        g_error("Publish was refused: %s", self->session_.error.c_str());
    soup_message_headers_append(soup_server_message_get_response_headers(message), "Location", "/whip/resource");
    soup_server_message_set_response(message, "application/sdp", SOUP_MEMORY_COPY, answer.data(), answer.size());
    soup_server_message_set_status(message, 201, nullptr);
}

void TestHost::leave() {
    ::kill(pid_, SIGINT);
}
void TestHost::halve_picture() {
    ::kill(pid_, SIGUSR1);
}
void TestHost::kill() {
    ::kill(pid_, SIGKILL);
}
void TestHost::wait_exit() {
    wait_for("exit of the test host", [this] { return exited_; });
}

} // namespace test
