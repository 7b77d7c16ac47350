// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "nginx_rtmp.h"

#include "session_process.h"

#include <gio/gio.h>
#include <sys/wait.h>

#include <csignal>

namespace test {

namespace {

unsigned free_port() {
    g_autoptr(GSocketListener) listener = g_socket_listener_new();
    g_autoptr(GInetAddress) loopback = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
    g_autoptr(GSocketAddress) wanted = g_inet_socket_address_new(loopback, 0);
    g_autoptr(GSocketAddress) got = nullptr;
    g_socket_listener_add_address(listener, wanted, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, nullptr, &got,
                                  nullptr);
    return g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(got));
}

bool accepts(unsigned port) {
    g_autoptr(GSocketClient) client = g_socket_client_new();
    g_autoptr(GSocketConnection) connection =
        g_socket_client_connect_to_host(client, "127.0.0.1", static_cast<guint16>(port), nullptr, nullptr);
    return connection != nullptr;
}

} // namespace

NginxRtmp::NginxRtmp() {
    g_autofree char *binary = g_find_program_in_path("nginx");
    const char *program = binary ? binary : "/usr/sbin/nginx";
    const char *module = "/usr/lib/nginx/modules/ngx_rtmp_module.so";
    if (!g_file_test(program, G_FILE_TEST_IS_EXECUTABLE) || !g_file_test(module, G_FILE_TEST_EXISTS))
        return;
    g_autofree char *directory = g_dir_make_tmp("rostrum-nginx-XXXXXX", nullptr);
    directory_ = directory;
    port_ = free_port();
    const std::string configuration =
        "load_module " + std::string(module) + ";\ndaemon off;\nmaster_process off;\npid " + directory_ +
        "/pid;\nerror_log " + directory_ + "/error.log info;\nevents {}\nrtmp { access_log " + directory_ +
        "/access.log; server { listen 127.0.0.1:" + std::to_string(port_) +
        "; application live { live on; record all; record_path " + directory_ + "; } } }\n";
    g_file_set_contents((directory_ + "/conf").c_str(), configuration.c_str(), -1, nullptr);
    const std::string conf = directory_ + "/conf";
    const char *argv[] = {program, "-p", directory_.c_str(), "-c", conf.c_str(), "-e", "stderr", nullptr};
    g_autoptr(GError) error = nullptr;
    g_spawn_async(nullptr, const_cast<char **>(argv), nullptr,
                  static_cast<GSpawnFlags>(G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDERR_TO_DEV_NULL), end_with_parent,
                  nullptr, &pid_, &error);
    g_assert_no_error(error);
    wait_for("nginx", [this] { return accepts(port_); });
}

NginxRtmp::~NginxRtmp() {
    if (!pid_)
        return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    const char *arguments[] = {"rm", "-rf", directory_.c_str(), nullptr};
    g_spawn_sync(nullptr, const_cast<char **>(arguments), nullptr, G_SPAWN_SEARCH_PATH, nullptr, nullptr, nullptr,
                 nullptr, nullptr, nullptr);
}

bool NginxRtmp::ended(const std::string &key) const {
    g_autofree char *log = nullptr;
    return g_file_get_contents((directory_ + "/access.log").c_str(), &log, nullptr, nullptr) &&
           g_strrstr(log, ("\"" + key + "\"").c_str()) != nullptr;
}

} // namespace test
