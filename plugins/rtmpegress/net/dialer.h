// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Connects to the first of several addresses that answers (RFC 8305 in small).

#pragma once

#include "rtmpegress/net/resolve.h"
#include "rtmpegress/net/unique_fd.h"

#include <poll.h>

namespace rostrum {

/// Sockets are non-blocking. The time is any monotonic one, in ms. Thread-bound to its owner's thread.
class Dialer {
  public:
    explicit Dialer(std::vector<SocketAddress> addresses) : addresses_(std::move(addresses)) {}

    /// Begins what is due and looks at what runs. The connection, once there is one.
    UniqueFd step(int64_t now_ms);
    /// Every address failed; error() is the newest reason.
    bool has_failed() const { return next_ == addresses_.size() && running_.empty(); }
    const std::string &error() const { return error_; }

    /// What step() waits for, and until when at the latest.
    void add_to(std::vector<pollfd> &fds) const;
    int64_t next_ms() const { return next_ < addresses_.size() ? next_at_ms_ : INT64_MAX; }

  private:
    void begin(const SocketAddress &address);

    const std::vector<SocketAddress> addresses_;
    size_t next_ = 0;
    int64_t next_at_ms_ = 0;
    std::vector<UniqueFd> running_;
    std::string error_;
};

} // namespace rostrum
