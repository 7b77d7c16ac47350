// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// How many handshakes may be under way, in all and with one host. Whoever comes when it is full is not refused: DTLS
// repeats its ClientHello, and gets its turn until the connect timeout.

#pragma once

#include "wire/address.h"

#include <cstddef>
#include <unordered_map>

namespace peerwire {

/// Thread-bound: its shard's thread.
class HandshakeLimits {
  public:
    HandshakeLimits(size_t total, size_t per_host) : total_(total), per_host_(per_host) {}

    /// False when it is full. Ports do not count: behind one address they are many people, or one attacker (host_of).
    bool admit(const Address &from) {
        if (count_ >= total_)
            return false;
        size_t &here = by_host_[host_of(from)];
        if (here >= per_host_)
            return false;
        ++here;
        ++count_;
        return true;
    }

    /// What admit() counted has ended.
    void release(const Address &from) {
        const auto found = by_host_.find(host_of(from));
        if (found == by_host_.end())
            return;
        --count_;
        if (--found->second == 0)
            by_host_.erase(found);
    }

    size_t count() const { return count_; }

  private:
    const size_t total_, per_host_;
    size_t count_ = 0;
    std::unordered_map<Address, size_t, AddressHash> by_host_;
};

} // namespace peerwire
