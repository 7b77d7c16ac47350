// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What is delivered, and where it is kept meanwhile.

#pragma once

#include "wire/result.h"

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace rostrum {

struct Delivery {
    int64_t row = 0;        // the store's own number of it
    std::string id;         // "msg_…", the same in every attempt
    std::string lane;       // what is delivered in order: a room's id; "" where all is one lane
    int64_t sequence = 0;   // 1, 2, 3 … per endpoint and lane, without gaps
    std::string type;       // the event's name, may be empty
    int64_t created_ms = 0; // since 1970; max-age counts from here, so a dead letter that is sent again begins anew
    unsigned attempts = 0;  // made so far, since then
    int64_t due_ms = 0;     // since 1970: not before; of one that was never tried: created_ms
    std::string body;       // byte for byte as it is signed and sent
};

/// Called by the dispatcher only, from its thread. A change that returns false is asked for again each second, and its
/// lane waits meanwhile. What it returned true for must survive at least the death of the process; a change that is
/// lost with the machine's power makes a delivery come twice, never not at all.
class DeliveryStore {
  public:
    virtual ~DeliveryStore() = default;

    /// The oldest waiting delivery of each of up to `limit` lanes of this endpoint, the lanes in `busy` left out;
    /// sorted by due_ms (also those that are not due yet), then by row.
    virtual peerwire::Result<std::vector<Delivery>> heads(int64_t endpoint, const std::set<std::string> &busy,
                                                          size_t limit) = 0;

    /// In all of these `attempts` counts the attempt that has just ended, and `status` is the HTTP status of its
    /// answer, 0 without one. A row that is gone meanwhile (its endpoint was removed) is no failure.

    /// It failed; the next one is due at `due_ms`.
    virtual bool postpone(const Delivery &delivery, int64_t due_ms, std::string_view error, unsigned status) = 0;
    virtual bool delivered(const Delivery &delivery, unsigned status) = 0;
    /// Given up: kept as a dead letter, and out of its lane's way.
    virtual bool dead(const Delivery &delivery, std::string_view error, unsigned status) = 0;
    /// The endpoint answered 410: all that waits for it becomes dead letters, the one that was answered so included.
    virtual bool endpoint_disabled(int64_t endpoint, std::string_view why) = 0;
};

} // namespace rostrum
