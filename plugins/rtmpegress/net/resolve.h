// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// From a host name to the addresses that may be connected to.

#pragma once

#include "rtmpegress/push.h"

#include <sys/socket.h>
#include <vector>

namespace rostrum {

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;
    const sockaddr *get() const { return reinterpret_cast<const sockaddr *>(&storage); }
};

/// Never empty without a failure. At most kMaxAddresses, the families alternating, in the resolver's order.
struct Resolved {
    std::vector<SocketAddress> addresses;
    PushFailure failure;
};

constexpr size_t kMaxAddresses = 8;

/// Blocks, until `cancel` at the latest. What `refuse` says of an address keeps it out; the failure is permanent when
/// none is left. Thread-safe.
Resolved resolve(const std::string &host, uint16_t port, const AddressPolicy &refuse, GCancellable *cancel);

} // namespace rostrum
