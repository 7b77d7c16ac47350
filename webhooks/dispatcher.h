// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Delivers what a store holds to many endpoints, from one thread.

#pragma once

#include "webhooks/circuit_breaker.h"
#include "webhooks/delivery_store.h"
#include "webhooks/signature.h"

#include <functional>
#include <gio/gio.h>
#include <memory>

namespace rostrum {

struct DispatchPolicy {
    int64_t max_age_ms = 3 * 24 * 3'600'000LL; // older ones are given up
    BackoffPolicy retry{1000, 600'000};        // of one delivery, and of the probes of an endpoint that is down
    unsigned timeout_ms = 10'000;              // of one attempt, from its host's name to the status of the answer
    unsigned parallel = 8;                     // lanes of one endpoint at once
    unsigned total = 256;                      // attempts at once, of all endpoints
    unsigned break_after = 5;                  // failures of an endpoint in a row
    bool allow_private = false;                // also addresses that are not public (common/address_guard.h)
    bool use_proxy = false;                    // the environment's; it then has to guard the addresses
    std::string ca_file;                       // PEM: trusted instead of the system's certificates
};

/// What an observer may know of an attempt; nothing secret, no body.
struct DeliveryReport {
    enum class Outcome { Delivered, Retrying, Dead } outcome;
    int64_t endpoint = 0;
    int64_t row = 0;
    std::string id;
    std::string lane;
    int64_t sequence = 0;
    unsigned attempts = 0;
    std::string type;
    unsigned status = 0; // HTTP, 0 without an answer
    std::string error;
    int64_t retry_in_ms = 0;    // Retrying
    bool endpoint_gone = false; // Dead: it answered 410, and nothing is delivered there any more
};

struct EndpointStatus {
    CircuitBreaker::State breaker = CircuitBreaker::State::Closed;
    bool disabled = false; // it answered 410
    unsigned in_flight = 0;
    unsigned failures = 0;  // in a row
    std::string last_error; // of the last failure; empty since a success
    unsigned last_status = 0;
};

/// In order within a lane, lanes in parallel, each endpoint for itself: a slow or dead one delays no other. What fails
/// is tried again with growing waits (or when the receiver says) until it is delivered or too old. TLS is verified, no
/// redirect is followed, no address is connected to that the guard does not allow.
///
/// Thread-bound to the thread of `context`, which must be that thread's default (prepare() is thread-safe).
class Dispatcher {
  public:
    using Observer = std::function<void(const DeliveryReport &)>;

    /// `store` and `signer` outlive it. The observer is called after the store was told, and may call the dispatcher.
    /// An error: the ca_file cannot be read.
    static Result<std::unique_ptr<Dispatcher>> create(GMainContext *context, DeliveryStore &store, const Signer &signer,
                                                      const DispatchPolicy &policy, Observer observer);
    ~Dispatcher(); // attempts that are under way are given up, and the store keeps their deliveries
    Dispatcher(const Dispatcher &) = delete;
    Dispatcher &operator=(const Dispatcher &) = delete;

    /// `trusted`: named by whoever runs this machine, so the address guard does not concern it. One that is known is
    /// replaced, which also enables one that answered 410. Looks for work at once.
    void add_endpoint(int64_t id, const std::string &url, bool trusted);
    void remove_endpoint(int64_t id);
    /// Something waits for it, or waits no longer. Harmless at any time.
    void wake(int64_t endpoint);
    /// Of an endpoint that is not known: as of a new one.
    EndpointStatus status(int64_t endpoint) const;

    /// Signs a body with the RSA key in another thread, so that its turn does not wait for that.
    void prepare(const std::string &id, const std::string &body);

  private:
    class Impl;
    explicit Dispatcher(std::unique_ptr<Impl> impl);
    const std::unique_ptr<Impl> impl_;
};

} // namespace rostrum
