// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A real nginx-rtmp that records what it receives.

#pragma once

#include <glib.h>

#include <string>

namespace test {

class NginxRtmp {
  public:
    /// Skips the test (returns without a process) when nginx is not installed; see running().
    NginxRtmp();
    ~NginxRtmp();
    NginxRtmp(const NginxRtmp &) = delete;
    NginxRtmp &operator=(const NginxRtmp &) = delete;

    bool running() const { return pid_ != 0; }
    std::string url() const { return "rtmp://127.0.0.1:" + std::to_string(port_) + "/live"; }
    /// The file of a stream key.
    std::string file(const std::string &key) const { return directory_ + "/" + key + ".flv"; }
    /// "publish_done" has been logged, which nginx does when the push has ended.
    bool ended(const std::string &key) const;

  private:
    std::string directory_;
    GPid pid_ = 0;
    unsigned port_ = 0;
};

} // namespace test
