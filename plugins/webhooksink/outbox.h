// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Between the sink's streaming thread and the courier: everything that runs while the element does.

#pragma once

#include "webhooksink/body_joiner.h"
#include "webhooksink/courier.h"
#include "webhooksink/stream_report.h"

#include <atomic>

namespace rostrum {

struct OutboxConfig {
    CourierConfig courier;
    std::string secret, signing_key;
    std::string element; // name in reports of a stream's life
    uint64_t max_bytes = 0;
    int64_t stall_us = 0;
};

/// From threads of the outbox or of its caller, without a lock held.
struct OutboxHooks {
    Courier::Observer report;
    std::function<void(const std::string &)> warn; // deliveries are in danger, and why
};

/// Thread-safe.
class Outbox {
  public:
    /// An error is one of configuration. A spool that cannot be opened is only warned of: deliveries then live in
    /// memory.
    static Result<std::unique_ptr<Outbox>> open(OutboxConfig config, OutboxHooks hooks);

    /// One delivery; on disk when it returns. Never waits for the network.
    void put(const Body &body);

    void on_caps(const std::string &caps);
    void on_buffer(uint64_t bytes);
    void on_end(const char *reason);
    void set_playing(bool playing);

    /// See Courier.
    bool wait_idle(std::chrono::milliseconds limit) { return courier_->wait_idle(limit); }
    void interrupt(bool interrupted) { courier_->interrupt(interrupted); }

  private:
    Outbox(Signer signer, std::unique_ptr<Spool> spool, const OutboxConfig &config, OutboxHooks hooks);
    void put(const std::optional<StreamEvent> &event);
    void on_tick();

    const OutboxHooks hooks_;
    const Signer signer_;
    const std::unique_ptr<Spool> spool_;
    std::atomic<bool> failing_ = false; // the spool; warned once until it works again

    peerwire::Mutex mutex_; // held while an event is put, so that events are in order
    StreamReport report_ GUARDED_BY(mutex_);

    std::unique_ptr<Courier> courier_; // last: its thread uses the others
};

} // namespace rostrum
