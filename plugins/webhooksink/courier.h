// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Delivers what a spool holds to one endpoint, one after the other, from a thread of its own.

#pragma once

#include "webhooksink/endpoint_lock.h"
#include "webhooksink/http_post.h"
#include "webhooksink/retry_rule.h"
#include "webhooksink/spool.h"

#include <chrono>
#include <thread>

namespace rostrum {

struct CourierConfig {
    std::string location;
    std::string spool_path; // empty: in memory
    int64_t max_age_ms = 0;
    BackoffPolicy retry;
    unsigned timeout_ms = 0;
};

/// What an observer may know of a delivery; nothing secret, no body.
struct DeliveryReport {
    enum class Outcome { Delivered, Retrying, Failed } outcome;
    std::string id;
    int64_t sequence = 0;
    unsigned attempts = 0;
    std::string type;
    unsigned status = 0; // HTTP, 0 without an answer
    std::string error;
    int64_t retry_in_ms = 0;
    bool endpoint_gone = false;
};

/// Reports and ticks come from the courier's thread, without a lock held. Thread-safe, unless said otherwise.
class Courier {
  public:
    using Observer = std::function<void(const DeliveryReport &)>;

    /// `spool` and `signer` outlive it. `tick` is called each `tick_ms`, for the owner's own clockwork.
    Courier(CourierConfig config, Spool &spool, const Signer &signer, Observer observer, unsigned tick_ms,
            std::function<void()> tick);
    ~Courier(); // a POST that is under way is given up; the spool keeps its delivery
    Courier(const Courier &) = delete;
    Courier &operator=(const Courier &) = delete;

    /// Something was put into the spool.
    void kick();
    /// Until nothing waits any more (true), the deadline has passed or it is interrupted (false).
    bool wait_idle(std::chrono::milliseconds limit);
    void interrupt(bool interrupted);
    /// Answered 410: nothing is delivered any more.
    bool is_endpoint_gone();

  private:
    // The courier's thread.
    void run();
    void pump();
    void pump_after(int64_t ms);
    void send(Delivery delivery);
    void on_result(Delivery delivery, const PostResult &result);
    void give_up(const Delivery &delivery, unsigned status, const std::string &error, bool gone);
    void retry(Delivery &delivery, const PostResult &result);
    uint64_t kicks();
    void settle(uint64_t kicks);
    void add_timer(unsigned ms, bool (Courier::*callback)());
    bool is_held_back();
    void drop(const Delivery &delivery);
    bool on_timer();
    bool on_tick();

    const CourierConfig config_;
    Spool &spool_;
    const Signer &signer_;
    const Observer observer_;
    const unsigned tick_ms_;
    const std::function<void()> tick_;
    GMainContext *const context_;
    GMainLoop *const loop_;

    // The courier's thread.
    EndpointLock lock_;
    std::unique_ptr<HttpPoster> poster_;
    bool sending_ = false;
    int64_t next_pump_us_ = 0;          // monotonic; 0: none planned
    int64_t hold_until_us_ = 0;         // monotonic; the next attempt is not before
    int64_t held_row_ = 0;              // the delivery that this is about
    std::optional<Delivery> undropped_; // done, but the spool could not forget it

    peerwire::Mutex mutex_;
    peerwire::CondVar changed_;
    uint64_t kicks_ GUARDED_BY(mutex_) = 1;
    uint64_t settled_ GUARDED_BY(mutex_) = 0; // nothing waited when so many kicks had come; idle when equal
    bool interrupted_ GUARDED_BY(mutex_) = false;
    bool gone_ GUARDED_BY(mutex_) = false;

    std::thread thread_; // last: it uses all the others
};

} // namespace rostrum
