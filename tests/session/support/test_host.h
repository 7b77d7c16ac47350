// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A host: rostrum-testhost, which publishes a flash and a beep each second, and a WHIP endpoint that hands its offer to
// a session.

#pragma once

#include "session_process.h"

#include <libsoup/soup.h>

namespace test {

class TestHost {
  public:
    TestHost(SessionProcess &session, std::string participant, std::vector<std::string> arguments = {});
    ~TestHost();
    TestHost(const TestHost &) = delete;
    TestHost &operator=(const TestHost &) = delete;

    /// Leaves as a well-behaved host does.
    void leave();
    /// Sends a picture half as wide and high from now on.
    void halve_picture();
    /// Is gone from one moment to the next.
    void kill();
    void wait_exit();

  private:
    static void on_request(SoupServer *, SoupServerMessage *message, const char *path, GHashTable *, gpointer self);

    SessionProcess &session_;
    const std::string participant_;
    std::string resource_;
    SoupServer *server_;
    GPid pid_ = 0;
    bool exited_ = false;
};

} // namespace test
