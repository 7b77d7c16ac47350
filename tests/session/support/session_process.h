// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A real rostrum-session process on a socket of its own, and what it says.

#pragma once

#include "waiting.h"

#include "session_dbus.h"

#include <string>
#include <vector>

namespace test {

/// For g_spawn_async: a test that aborts leaves no process behind.
void end_with_parent(gpointer);

class SessionProcess {
  public:
    /// `more_environment`: "NAME=value".
    explicit SessionProcess(std::vector<std::string> more_arguments = {},
                            const std::vector<std::string> &more_environment = {});
    ~SessionProcess();
    SessionProcess(const SessionProcess &) = delete;
    SessionProcess &operator=(const SessionProcess &) = delete;

    /// Fails the test when the session refuses.
    void set_state(const std::string &members);
    std::string graph(const char *format);
    std::string snapshot();
    /// Publish or Play: the answer, and the resource. Empty on refusal; then `error`.
    std::string publish(const std::string &participant, const std::string &offer);
    std::string play(const std::string &participant, const std::string &feed, const std::string &offer);
    void remove(const std::string &resource);
    void end();

    /// "RecordingChanged r started" …, in the order they came.
    const std::vector<std::string> &events() const { return events_; }
    bool seen(const std::string &start) const;
    unsigned count(const std::string &start) const;
    void wait_event(const std::string &start, unsigned seconds = 15);

    void connect();
    void disconnect();
    void kill();
    void terminate();
    /// The exit status; fails the test when the process does not exit.
    int wait_exit(unsigned seconds = 10);
    GPid pid() const { return pid_; }
    const std::string &directory() const { return directory_; }
    bool socket_exists() const;

    std::string error, resource;
    RostrumSession1 *proxy = nullptr;

  private:
    static void on_signal(GDBusProxy *, const char *, const char *name, GVariant *arguments, gpointer self);
    static void on_exit(GPid, int status, gpointer self);

    std::string directory_;
    GPid pid_ = 0;
    bool exited_ = false;
    int status_ = -1;
    guint watch_ = 0;
    GDBusConnection *connection_ = nullptr;
    std::vector<std::string> events_;
};

} // namespace test
