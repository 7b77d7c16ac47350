// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// One deliverer per location of a spool, whoever else has the file open.

#pragma once

#include <cstdint>
#include <string>

namespace rostrum {

/// An open-file-description lock on the byte of that number in "<spool>-lock": it tells sinks of one process apart as
/// well as processes, and ends with its owner, however that ends. Thread-bound.
class EndpointLock {
  public:
    /// `spool` empty: nobody else can have it.
    EndpointLock(const std::string &spool, int64_t endpoint);
    ~EndpointLock();
    EndpointLock(const EndpointLock &) = delete;
    EndpointLock &operator=(const EndpointLock &) = delete;

    /// Tries to get it if it is not held; true when held.
    bool acquire();

  private:
    const int64_t endpoint_;
    int fd_ = -1;
    bool held_;
};

} // namespace rostrum
