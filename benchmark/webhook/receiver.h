// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A receiver that does nothing but answer: what is measured is the sender.

#pragma once

#include <cstdint>
#include <sys/types.h>

/// A child process that answers every POST on loopback with 204 and looks at webhook-sequence.
class Receiver {
  public:
    /// Forks; the child needs nothing of what other threads may hold.
    Receiver();
    ~Receiver();
    Receiver(const Receiver &) = delete;
    Receiver &operator=(const Receiver &) = delete;

    uint16_t port() const { return port_; }

    struct Counts {
        uint64_t requests, gaps, connections; // gaps: a sequence that is not the one before plus one
    };
    Counts counts() const;

  private:
    struct Shared;
    Shared *shared_; // with the child
    uint16_t port_ = 0;
    pid_t child_ = 0;
};
