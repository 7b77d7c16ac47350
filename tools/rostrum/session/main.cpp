// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// rostrum-session: the media of one live session. Started by `rostrum serve`; lives on when `serve` goes away.

#include "memory.h"
#include "prewarm.h"
#include "session_service.h"

#include <glib-unix.h>

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>

namespace {

using rostrum::session::ServiceConfig;
using rostrum::session::SessionService;

struct Arguments {
    ServiceConfig config;
    int ready_fd = -1;
};

bool parse(int *argc, char ***argv, Arguments &out) {
    g_autofree char *socket = nullptr;
    g_autofree char *room = nullptr;
    g_autofree char *session = nullptr;
    g_autofree char *address = nullptr;
    g_autofree char *ports = nullptr;
    gboolean ice_tcp = FALSE;
    gboolean allow_private = FALSE;
    g_autofree char *slate_text = nullptr;
    int shards = 1, max_viewers = 0;
    int slate_grace_ms = static_cast<int>(out.config.slate.grace_ms);
    int slate_time_ms = static_cast<int>(out.config.slate.time_ms);
    int orphan_s = static_cast<int>(out.config.orphan_timeout_s);
    const GOptionEntry entries[] = {
        {"socket", 0, 0, G_OPTION_ARG_FILENAME, &socket, "Unix socket to listen on", "PATH"},
        {"room", 0, 0, G_OPTION_ARG_STRING, &room, "Room id", "ID"},
        {"session", 0, 0, G_OPTION_ARG_STRING, &session, "Session id", "ID"},
        {"public-address", 0, 0, G_OPTION_ARG_STRING, &address, "Where browsers reach this machine (default 127.0.0.1)",
         "A"},
        {"port-range", 0, 0, G_OPTION_ARG_STRING, &ports, "Ports to use (default any)", "MIN-MAX"},
        {"ice-tcp", 0, 0, G_OPTION_ARG_NONE, &ice_tcp, "Offer TCP to browsers too", nullptr},
        {"shards", 0, 0, G_OPTION_ARG_INT, &shards, "Threads that serve the program's viewers (default 1)", "N"},
        {"max-viewers", 0, 0, G_OPTION_ARG_INT, &max_viewers, "Viewers of one feed (default: no limit of ours)", "N"},
        // UTF-8 whatever the locale is: a string option would be converted.
        {"slate-text", 0, 0, G_OPTION_ARG_FILENAME, &slate_text, "Shown to viewers while no host is there", "TEXT"},
        {"slate-grace", 0, 0, G_OPTION_ARG_INT, &slate_grace_ms, "ms that the last picture stays before (2000)", "MS"},
        {"slate-time", 0, 0, G_OPTION_ARG_INT, &slate_time_ms, "ms that it is shown; 0 = not at all (300000)", "MS"},
        {"allow-private", 0, 0, G_OPTION_ARG_NONE, &allow_private, "Push to private addresses too", nullptr},
        {"ready-fd", 0, 0, G_OPTION_ARG_INT, &out.ready_fd, "Gets one byte when the socket is listened on", "N"},
        {"orphan-timeout", 0, 0, G_OPTION_ARG_INT, &orphan_s, "End after so many seconds alone (default 60)", "S"},
        {nullptr, 0, 0, G_OPTION_ARG_NONE, nullptr, nullptr, nullptr}};
    g_autoptr(GOptionContext) context = g_option_context_new("- the media of one live session");
    g_option_context_add_main_entries(context, entries, nullptr);
    g_option_context_add_group(context, gst_init_get_option_group());
    g_autoptr(GError) error = nullptr;
    if (!g_option_context_parse(context, argc, argv, &error)) {
        std::fprintf(stderr, "rostrum-session: %s (see --help)\n", error->message);
        return false;
    }
    if (!socket || !room || !session) {
        std::fprintf(stderr,
                     "rostrum-session: --socket, --room and --session are needed; `rostrum serve` gives them\n");
        return false;
    }
    out.config.socket_path = socket;
    out.config.room_id = room;
    out.config.session_id = session;
    out.config.orphan_timeout_s = static_cast<unsigned>(std::max(orphan_s, 1));
    out.config.plan.public_address = address ? address : "127.0.0.1";
    out.config.plan.port_range = ports ? ports : "";
    out.config.plan.ice_tcp = ice_tcp;
    out.config.plan.shards = static_cast<unsigned>(std::max(shards, 1));
    out.config.plan.max_viewers = static_cast<unsigned>(std::max(max_viewers, 0));
    out.config.plan.slate_text = slate_text ? slate_text : "";
    out.config.plan.allow_private = allow_private;
    out.config.slate = {static_cast<unsigned>(std::max(slate_grace_ms, 0)),
                        static_cast<unsigned>(std::max(slate_time_ms, 0))};
    return true;
}

void report_ready(int fd) {
    if (fd < 0)
        return;
    ssize_t written;
    do
        written = write(fd, "1", 1);
    while (written < 0 && errno == EINTR);
    close(fd);
}

gboolean terminate(gpointer service) {
    static_cast<SessionService *>(service)->end("terminated");
    return G_SOURCE_CONTINUE;
}

int run(const Arguments &arguments) {
    g_autoptr(GMainLoop) loop = g_main_loop_new(nullptr, FALSE);
    std::string error;
    auto service = SessionService::create(
        arguments.config, [&loop] { g_main_loop_quit(loop); }, error);
    if (!service) {
        std::fprintf(stderr, "rostrum-session: %s\n", error.c_str());
        return 1;
    }
    g_unix_signal_add(SIGTERM, terminate, service.get());
    g_unix_signal_add(SIGINT, terminate, service.get());
    std::thread warm = rostrum::session::prewarm();
    report_ready(arguments.ready_fd);
    g_main_loop_run(loop);
    warm.join();
    return 0;
}

} // namespace

int main(int argc, char **argv) {
    rostrum::session::bound_spare_memory();
    // A player that goes away while something is written to it is no reason to die.
    std::signal(SIGPIPE, SIG_IGN);
    Arguments arguments;
    if (!parse(&argc, &argv, arguments))
        return 2;
    return run(arguments);
}
