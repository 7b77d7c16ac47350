// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A dispatcher on the default main context, with its store and what it reported.

#pragma once

#include "hostile_server.h"
#include "memory_store.h"
#include "waiting.h"
#include "webhooks/dispatcher.h"

namespace test {

constexpr char kSecret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Trusts loopback; retries within milliseconds.
inline rostrum::DispatchPolicy quick_policy() {
    rostrum::DispatchPolicy policy;
    policy.allow_private = true;
    policy.retry = {20, 100};
    policy.timeout_ms = 60'000; // on a busy machine too
    return policy;
}

struct Dispatching {
    explicit Dispatching(const rostrum::DispatchPolicy &policy = quick_policy(), const std::string &key = "")
        : signer(std::move(rostrum::Signer::create(kSecret, key)).value()),
          dispatcher(std::move(rostrum::Dispatcher::create(
                                   nullptr, store, signer, policy,
                                   [this](const rostrum::DeliveryReport &report) { reports.push_back(report); }))
                         .value()) {}

    size_t delivered(std::optional<int64_t> endpoint = {}) const {
        return store.count(MemoryStore::State::Delivered, endpoint);
    }
    size_t dead() const { return store.count(MemoryStore::State::Dead); }
    void wait_delivered(size_t count, std::optional<int64_t> endpoint = {}) {
        wait_for("deliveries", [&] { return delivered(endpoint) >= count; });
    }

    MemoryStore store;
    rostrum::Signer signer;
    std::vector<rostrum::DeliveryReport> reports;
    std::unique_ptr<rostrum::Dispatcher> dispatcher;
};

inline Answer status(unsigned code, const std::string &headers = "") {
    return {"HTTP/1.1 " + std::to_string(code) + " Status\r\nContent-Length: 0\r\n" + headers + "\r\n"};
}

} // namespace test
