// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The thread that delivers what a spool holds to one endpoint.

#pragma once

#include "webhooks/dispatcher.h"

#include <functional>
#include <thread>

namespace rostrum {

/// Reports and ticks come from the courier's thread, without a lock held. Thread-safe.
class Courier {
  public:
    /// `store` and `signer` outlive it. `tick` is called each `tick_ms`, for the owner's own clockwork.
    static Result<std::unique_ptr<Courier>> create(const std::string &location, const DispatchPolicy &policy,
                                                   DeliveryStore &store, const Signer &signer,
                                                   Dispatcher::Observer observer, unsigned tick_ms,
                                                   std::function<void()> tick);
    ~Courier(); // a POST that is under way is given up; the spool keeps its delivery
    Courier(const Courier &) = delete;
    Courier &operator=(const Courier &) = delete;

    /// The spool has something to deliver.
    void wake();
    /// Delivers again, also after a 410.
    void enable();
    void prepare(const std::vector<Delivery> &deliveries);

  private:
    Courier(std::string location, unsigned tick_ms, std::function<void()> tick);
    void run();
    void invoke(void (Courier::*method)());
    void on_wake();
    void on_enable();

    const std::string location_;
    const unsigned tick_ms_;
    const std::function<void()> tick_;
    GMainContext *const context_;
    GMainLoop *const loop_;
    std::unique_ptr<Dispatcher> dispatcher_; // the courier's thread, but for prepare()
    std::thread thread_;                     // last: it uses all the others
};

} // namespace rostrum
