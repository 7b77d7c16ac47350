// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// How many handshakes may be under way, in all and with one IP address. Whoever comes when it is full is not refused:
// DTLS repeats its ClientHello, and gets its turn until the connect timeout.

#pragma once

#include "wire/address.h"

#include <cstddef>
#include <unordered_map>

namespace peerwire {

/// Thread-bound: its shard's thread.
class HandshakeLimits {
  public:
    HandshakeLimits(size_t total, size_t per_address) : total_(total), per_address_(per_address) {}

    /// False when it is full. Ports do not count: behind one address they are many people, or one attacker.
    bool admit(const Address &from) {
        if (count_ >= total_)
            return false;
        size_t &here = by_ip_[without_port(from)];
        if (here >= per_address_)
            return false;
        ++here;
        ++count_;
        return true;
    }

    /// What admit() counted has ended.
    void release(const Address &from) {
        const auto found = by_ip_.find(without_port(from));
        if (found == by_ip_.end())
            return;
        --count_;
        if (--found->second == 0)
            by_ip_.erase(found);
    }

    size_t count() const { return count_; }

  private:
    static Address without_port(Address address) {
        address.port = 0;
        return address;
    }

    const size_t total_, per_address_;
    size_t count_ = 0;
    std::unordered_map<Address, size_t, AddressHash> by_ip_;
};

} // namespace peerwire
