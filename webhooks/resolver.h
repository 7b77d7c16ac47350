// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Host names to addresses, in threads of its own: a name server that does not answer takes no thread from anybody else.

#pragma once

#include "webhooks/gobject_ptr.h"

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace rostrum {

/// Thread-bound to the thread of its context. Whoever asks limits the time it waits; look-ups of one name at a time are
/// one. Names that were not answered quickly the last time, or were never asked for, wait for each other in a queue
/// of their own.
class Resolver : public std::enable_shared_from_this<Resolver> {
  public:
    struct Lookup {
        std::vector<GObjectPtr<GInetAddress>> addresses;
        std::string error; // when there is no address
    };
    using Done = std::function<void(const Lookup &)>;
    using Ticket = uint64_t;

    static std::shared_ptr<Resolver> create(GMainContext *context);
    ~Resolver();
    Resolver(const Resolver &) = delete;
    Resolver &operator=(const Resolver &) = delete;

    /// `done` comes later, unless it is forgotten before.
    Ticket resolve(const std::string &host, Done done);
    void forget(Ticket ticket);

  private:
    explicit Resolver(GMainContext *context);
    struct Job;
    static GThreadPool *new_pool(int threads);
    static void work(gpointer job, gpointer);
    void finish(const Job &job);

    GMainContext *const context_;
    GThreadPool *const quick_, *const slow_;
    std::map<std::string, std::vector<std::pair<Ticket, Done>>> waiting_; // by host
    std::set<std::string> quick_hosts_;
    Ticket last_ticket_ = 0;
};

} // namespace rostrum
