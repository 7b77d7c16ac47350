// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "session_process.h"

#include <glib/gstdio.h>

#include <sys/prctl.h>

#include <csignal>
#include <unistd.h>

namespace test {

void end_with_parent(gpointer) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

SessionProcess::SessionProcess(std::vector<std::string> more_arguments,
                               const std::vector<std::string> &more_environment) {
    g_autofree char *directory = g_dir_make_tmp("rostrum-session-XXXXXX", nullptr);
    directory_ = directory;
    int ready[2];
    g_assert_cmpint(pipe(ready), ==, 0);
    const std::string socket = directory_ + "/s.sock", fd = std::to_string(ready[1]);
    std::vector<std::string> words{
        g_getenv("ROSTRUM_SESSION_BINARY"), "--socket",        socket,       "--room", "abcd-efgh-ijkl", "--session",
        "0123456789abcdef01234567",         "--allow-private", "--ready-fd", fd};
    words.insert(words.end(), more_arguments.begin(), more_arguments.end());
    std::vector<char *> argv;
    for (auto &word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    g_autoptr(GError) failure = nullptr;
    g_auto(GStrv) environment = g_get_environ();
    for (const auto &variable : more_environment) {
        const size_t equals = variable.find('=');
        environment = g_environ_setenv(environment, variable.substr(0, equals).c_str(),
                                       variable.substr(equals + 1).c_str(), TRUE);
    }
    g_spawn_async(nullptr, argv.data(), environment,
                  static_cast<GSpawnFlags>(G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_LEAVE_DESCRIPTORS_OPEN), end_with_parent,
                  nullptr, &pid_, &failure);
    g_assert_no_error(failure);
    close(ready[1]);
    char byte = 0;
    g_assert_cmpint(read(ready[0], &byte, 1), ==, 1);
    close(ready[0]);
    watch_ = g_child_watch_add(pid_, on_exit, this);
    connect();
}

SessionProcess::~SessionProcess() {
    disconnect();
    if (!exited_) {
        kill();
        wait_exit();
    }
    const char *arguments[] = {"rm", "-rf", directory_.c_str(), nullptr};
    g_spawn_sync(nullptr, const_cast<char **>(arguments), nullptr, G_SPAWN_SEARCH_PATH, nullptr, nullptr, nullptr,
                 nullptr, nullptr, nullptr);
}

void SessionProcess::connect() {
    g_autoptr(GError) failure = nullptr;
    connection_ = g_dbus_connection_new_for_address_sync(("unix:path=" + directory_ + "/s.sock").c_str(),
                                                         G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT, nullptr,
                                                         nullptr, &failure);
    g_assert_no_error(failure);
    g_dbus_connection_set_exit_on_close(connection_, FALSE);
    proxy = rostrum_session1_proxy_new_sync(connection_, G_DBUS_PROXY_FLAGS_NONE, nullptr, "/org/rostrum/Session",
                                            nullptr, &failure);
    g_assert_no_error(failure);
    g_signal_connect(proxy, "g-signal", G_CALLBACK(on_signal), this);
}

void SessionProcess::disconnect() {
    if (connection_)
        g_dbus_connection_close_sync(connection_, nullptr, nullptr);
    g_clear_object(&proxy);
    g_clear_object(&connection_);
}

void SessionProcess::on_signal(GDBusProxy *, const char *, const char *name, GVariant *arguments, gpointer data) {
    std::string event = name;
    for (gsize i = 0; i < g_variant_n_children(arguments); ++i) {
        g_autoptr(GVariant) child = g_variant_get_child_value(arguments, i);
        g_autofree char *printed = g_variant_print(child, FALSE);
        const bool text = g_variant_is_of_type(child, G_VARIANT_TYPE_STRING);
        event += std::string(" ") + (text ? g_variant_get_string(child, nullptr) : printed);
    }
    g_test_message("%s", event.c_str());
    static_cast<SessionProcess *>(data)->events_.push_back(event);
}

void SessionProcess::on_exit(GPid pid, int status, gpointer data) {
    auto *self = static_cast<SessionProcess *>(data);
    self->exited_ = true;
    self->status_ = status;
    g_spawn_close_pid(pid);
}

bool SessionProcess::seen(const std::string &start) const {
    return count(start) > 0;
}

unsigned SessionProcess::count(const std::string &start) const {
    unsigned n = 0;
    for (const auto &event : events_)
        n += event.rfind(start, 0) == 0;
    return n;
}

void SessionProcess::wait_event(const std::string &start, unsigned seconds) {
    wait_for(
        start.c_str(), [&] { return seen(start); }, seconds);
}

void SessionProcess::set_state(const std::string &members) {
    const std::string json = R"({"roomId":"abcd-efgh-ijkl","sessionId":"0123456789abcdef01234567")" +
                             (members.empty() ? "" : "," + members) + "}";
    g_autoptr(GError) failure = nullptr;
    rostrum_session1_call_set_state_sync(proxy, json.c_str(), nullptr, &failure);
    g_assert_no_error(failure);
}

std::string SessionProcess::graph(const char *format) {
    g_autofree char *text = nullptr;
    g_autoptr(GError) failure = nullptr;
    rostrum_session1_call_graph_sync(proxy, format, &text, nullptr, &failure);
    g_assert_no_error(failure);
    return text;
}

std::string SessionProcess::snapshot() {
    g_autofree char *text = nullptr;
    g_autoptr(GError) failure = nullptr;
    rostrum_session1_call_snapshot_sync(proxy, &text, nullptr, &failure);
    g_assert_no_error(failure);
    return text;
}

std::string SessionProcess::publish(const std::string &participant, const std::string &offer) {
    g_autofree char *id = nullptr;
    g_autofree char *answer = nullptr;
    g_autoptr(GError) failure = nullptr;
    rostrum_session1_call_publish_sync(proxy, participant.c_str(), participant.c_str(), offer.c_str(), &id, &answer,
                                       nullptr, &failure);
    error = failure ? failure->message : "";
    resource = id ? id : "";
    return answer ? answer : "";
}

std::string SessionProcess::play(const std::string &participant, const std::string &feed, const std::string &offer) {
    g_autofree char *id = nullptr;
    g_autofree char *answer = nullptr;
    g_autoptr(GError) failure = nullptr;
    rostrum_session1_call_play_sync(proxy, participant.c_str(), feed.c_str(), offer.c_str(),
                                    g_variant_new("a{sv}", nullptr), &id, &answer, nullptr, &failure);
    error = failure ? failure->message : "";
    resource = id ? id : "";
    return answer ? answer : "";
}

void SessionProcess::remove(const std::string &id) {
    g_autoptr(GError) failure = nullptr;
    rostrum_session1_call_remove_sync(proxy, id.c_str(), "left", nullptr, &failure);
    g_assert_no_error(failure);
}

void SessionProcess::end() {
    g_autoptr(GError) failure = nullptr;
    rostrum_session1_call_end_sync(proxy, "test", nullptr, &failure);
    g_assert_no_error(failure);
}

void SessionProcess::kill() {
    ::kill(pid_, SIGKILL);
}
void SessionProcess::terminate() {
    ::kill(pid_, SIGTERM);
}

int SessionProcess::wait_exit(unsigned seconds) {
    wait_for(
        "exit of rostrum-session", [this] { return exited_; }, seconds);
    return status_;
}

bool SessionProcess::socket_exists() const {
    return g_file_test((directory_ + "/s.sock").c_str(), G_FILE_TEST_EXISTS);
}

} // namespace test
