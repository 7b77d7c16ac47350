// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Between the sink's streaming thread and the courier: everything that runs while the element does.

#pragma once

#include "webhooks/spool.h"
#include "webhooksink/body_joiner.h"
#include "webhooksink/courier.h"
#include "webhooksink/stream_report.h"

#include <atomic>

namespace rostrum {

struct OutboxConfig {
    SpoolConfig spool;
    DispatchPolicy policy;
    std::string secret, signing_key;
    std::string element; // name in reports of a stream's life
    int64_t stall_us = 0;
};

/// From threads of the outbox or of its caller, without a lock held.
struct OutboxHooks {
    Dispatcher::Observer report;
    std::function<void(const std::string &)> warn; // deliveries are in danger, and why
};

/// Thread-safe.
class Outbox {
  public:
    /// An error is one of configuration. A spool that cannot be opened is only warned of: deliveries then live in
    /// memory.
    static Result<std::unique_ptr<Outbox>> open(OutboxConfig config, OutboxHooks hooks);
    ~Outbox();
    Outbox(const Outbox &) = delete;
    Outbox &operator=(const Outbox &) = delete;

    /// One delivery; see Spool::put(). Never waits for the network.
    void put(const Body &body);

    void on_caps(const std::string &caps);
    void on_buffer(uint64_t bytes);
    void on_end(const char *reason);
    void set_playing(bool playing);

    /// See Spool.
    bool wait_idle(std::chrono::milliseconds limit) { return spool_->wait_idle(limit); }
    void interrupt(bool interrupted) { spool_->interrupt(interrupted); }
    Result<std::vector<DeadLetter>> dead_letters(size_t limit) { return spool_->dead_letters(limit); }
    Result<int64_t> resend(const std::string &id);

  private:
    Outbox(Signer signer, const OutboxConfig &config, OutboxHooks hooks);
    Result<bool> start(OutboxConfig config);
    void put(const std::optional<StreamEvent> &event);
    void on_loaded(const std::vector<Delivery> &deliveries);
    void on_tick();

    const OutboxHooks hooks_;
    const Signer signer_;
    std::atomic<bool> failing_ = false; // the spool; warned once until it works again

    peerwire::Mutex mutex_; // held while an event is put, so that events are in order
    StreamReport report_ GUARDED_BY(mutex_);

    std::unique_ptr<Spool> spool_;
    peerwire::Mutex waking_; // held while the spool's thread calls the courier
    std::unique_ptr<Courier> courier_ GUARDED_BY(waking_);
};

} // namespace rostrum
