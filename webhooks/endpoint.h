// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What the dispatcher knows of one endpoint.

#pragma once

#include "webhooks/circuit_breaker.h"
#include "webhooks/delivery_store.h"
#include "webhooks/http_post.h"
#include "webhooks/slots.h"

#include <functional>
#include <map>
#include <set>

namespace rostrum {

/// One delivery between being taken from the store and the store's knowing how it ended.
struct Flight {
    Delivery delivery;
    Standing standing = Standing::Unknown;         // that its slot was taken with
    std::unique_ptr<HttpPoster> poster;            // while the attempt is under way
    std::function<bool(const Delivery &)> outcome; // after it: tells the store
};

/// Thread-bound to the dispatcher's thread.
struct Endpoint {
    Endpoint(int64_t number, std::string location, bool is_guarded, const CircuitBreaker &fresh)
        : id(number), url(std::move(location)), guarded(is_guarded), breaker(fresh) {}

    const int64_t id;
    const std::string url;
    const bool guarded;
    CircuitBreaker breaker;
    bool disabled = false;                                  // it answered 410 …
    bool is_disabling = false;                              // … and the store does not know yet
    bool is_queued = false;                                 // for a slot
    int64_t store_trouble_us = 0;                           // monotonic; the store is asked again then
    std::map<std::string, std::shared_ptr<Flight>> flights; // by lane
    std::vector<std::unique_ptr<HttpPoster>> idle;          // the last one was used last
    std::string last_error;
    unsigned last_status = 0;

    unsigned in_flight() const {
        unsigned count = 0;
        for (const auto &[lane, flight] : flights)
            count += flight->poster != nullptr;
        return count;
    }
    std::set<std::string> busy() const {
        std::set<std::string> lanes;
        for (const auto &[lane, flight] : flights)
            lanes.insert(lane);
        return lanes;
    }
    Standing standing() const {
        if (breaker.failures() > 0)
            return Standing::Fails;
        return breaker.successes() > 0 ? Standing::Answers : Standing::Unknown;
    }
};

} // namespace rostrum
