// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Deliveries in memory, with the faults that a test wants.

#pragma once

#include "webhooks/delivery_store.h"

#include <algorithm>
#include <map>
#include <optional>

namespace test {

/// Thread-bound to the dispatcher's thread.
class MemoryStore : public rostrum::DeliveryStore {
  public:
    enum class State { Waiting, Delivered, Dead };
    struct Row {
        int64_t endpoint;
        State state;
        rostrum::Delivery delivery;
        std::string error;
        unsigned status;
    };

    int64_t put(int64_t endpoint, const std::string &lane, const std::string &body = "{}", int64_t age_ms = 0);
    const Row &row(int64_t number) const { return rows_.at(number); }
    size_t count(State state, std::optional<int64_t> endpoint = {}) const;

    unsigned failing = 0; // so many changes are not taken
    std::map<int64_t, std::string> disabled;

    peerwire::Result<std::vector<rostrum::Delivery>> heads(int64_t endpoint, const std::set<std::string> &busy,
                                                           size_t limit) override;
    bool postpone(const rostrum::Delivery &delivery, int64_t due_ms, std::string_view error, unsigned status) override;
    bool delivered(const rostrum::Delivery &delivery, unsigned status) override;
    bool dead(const rostrum::Delivery &delivery, std::string_view error, unsigned status) override;
    bool endpoint_disabled(int64_t endpoint, std::string_view why) override;

  private:
    bool set(const rostrum::Delivery &delivery, State state, std::string_view error, unsigned status);
    bool fails() { return failing > 0 && failing-- > 0; }

    std::map<int64_t, Row> rows_;
    std::map<int64_t, std::map<std::string, std::set<int64_t>>> waiting_; // rows by endpoint and lane
    std::map<std::pair<int64_t, std::string>, int64_t> sequences_;
};

} // namespace test
