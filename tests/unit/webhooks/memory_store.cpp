// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "memory_store.h"

#include <glib.h>

namespace test {

using rostrum::Delivery;

int64_t MemoryStore::put(int64_t endpoint, const std::string &lane, const std::string &body, int64_t age_ms) {
    const auto number = static_cast<int64_t>(rows_.size()) + 1;
    Delivery delivery;
    delivery.row = number;
    delivery.id = "msg_" + std::to_string(number);
    delivery.lane = lane;
    delivery.sequence = ++sequences_[{endpoint, lane}];
    delivery.type = "test";
    delivery.created_ms = delivery.due_ms = g_get_real_time() / 1000 - age_ms;
    delivery.body = body;
    rows_.emplace(number, Row{endpoint, State::Waiting, delivery, "", 0});
    waiting_[endpoint][lane].insert(number);
    return number;
}

size_t MemoryStore::count(State state, std::optional<int64_t> endpoint) const {
    return static_cast<size_t>(std::count_if(rows_.begin(), rows_.end(), [&](const auto &entry) {
        return entry.second.state == state && entry.second.endpoint == endpoint.value_or(entry.second.endpoint);
    }));
}

peerwire::Result<std::vector<Delivery>> MemoryStore::heads(int64_t endpoint, const std::set<std::string> &busy,
                                                           size_t limit) {
    std::vector<Delivery> heads;
    for (const auto &[lane, rows] : waiting_[endpoint])
        if (!rows.empty() && !busy.contains(lane))
            heads.push_back(rows_.at(*rows.begin()).delivery);
    std::sort(heads.begin(), heads.end(), [](const Delivery &a, const Delivery &b) {
        return std::pair(a.due_ms, a.row) < std::pair(b.due_ms, b.row);
    });
    heads.resize(std::min(heads.size(), limit));
    return heads;
}

bool MemoryStore::postpone(const Delivery &delivery, int64_t due_ms, std::string_view error, unsigned status) {
    if (fails())
        return false;
    Row &row = rows_.at(delivery.row);
    row.delivery.attempts = delivery.attempts;
    row.delivery.due_ms = due_ms;
    row.error = error;
    row.status = status;
    return true;
}

bool MemoryStore::set(const Delivery &delivery, State state, std::string_view error, unsigned status) {
    if (fails())
        return false;
    Row &row = rows_.at(delivery.row);
    row.state = state;
    row.delivery.attempts = delivery.attempts;
    row.error = error;
    row.status = status;
    waiting_[row.endpoint][delivery.lane].erase(delivery.row);
    return true;
}

bool MemoryStore::delivered(const Delivery &delivery, unsigned status) {
    return set(delivery, State::Delivered, "", status);
}

bool MemoryStore::dead(const Delivery &delivery, std::string_view error, unsigned status) {
    return set(delivery, State::Dead, error, status);
}

bool MemoryStore::endpoint_disabled(int64_t endpoint, std::string_view why) {
    if (fails())
        return false;
    disabled[endpoint] = why;
    for (const auto &[lane, rows] : std::exchange(waiting_[endpoint], {}))
        for (const int64_t number : rows)
            rows_.at(number).state = State::Dead;
    return true;
}

} // namespace test
