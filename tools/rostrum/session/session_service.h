// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// org.rostrum.Session1 on a Unix socket, peer to peer: `serve` connects, asks, and hears what happens. Thread-bound:
// main.

#pragma once

#include "session.h"

#include "session_dbus.h"

#include <set>

namespace rostrum::session {

struct ServiceConfig {
    std::string socket_path;
    std::string room_id, session_id;
    unsigned orphan_timeout_s = 60; // without `serve` and without peers for so long, the session ends itself
    PlanConfig plan;
    SlateTimes slate;
};

class SessionService : private Session::Listener {
  public:
    /// Listens on return, or null and `error`. `quit` runs once, when the session has ended and everybody has been
    /// told.
    static std::unique_ptr<SessionService> create(const ServiceConfig &config, std::function<void()> quit,
                                                  std::string &error);
    ~SessionService() override;

    void end(const std::string &reason) { session_.end(reason); }

  private:
    SessionService(const ServiceConfig &config, std::function<void()> quit);

    bool listen(std::string &error);
    void export_methods();
    void watch_orphan();
    void quit_once();

    void peer_changed(const Peer &peer, const char *state, const std::string &reason) override;
    void quality_changed(const Peer &peer, const std::string &quality) override;
    void feed_changed(const std::string &participant, const char *kind, const char *state) override;
    void program_changed(ProgramMode mode) override;
    void speaker_changed(const std::string &participant) override;
    void output_changed(const std::string &livestream, const std::string &output, const std::string &state,
                        const std::string &details) override;
    void recording_changed(const std::string &recording, const char *state, const std::string &details) override;
    void hls_changed(const std::string &hls, const char *state, const std::string &details) override;
    void hls_grown(const std::string &hls) override;
    void statistics(std::span<const MinuteRow> rows) override;
    void ended(const std::string &reason) override;

    static gboolean on_connection(GDBusServer *server, GDBusConnection *connection, gpointer self);
    static void on_closed(GDBusConnection *connection, gboolean by_peer, GError *error, gpointer self);
    static void on_flushed(GObject *connection, GAsyncResult *result, gpointer pending);

    const ServiceConfig config_;
    const std::function<void()> quit_;
    const Alive alive_ = std::make_shared<bool>(true);
    RostrumSession1 *const skeleton_;
    GDBusServer *server_ = nullptr;
    std::set<GDBusConnection *> connections_; // owned
    unsigned orphaned_s_ = 0;
    bool quitting_ = false;
    Timer orphan_timer_, quit_timer_;
    Session session_; // last: it may tell something while it is made
};

} // namespace rostrum::session
