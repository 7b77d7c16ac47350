// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/base/networks.h"

#include <gio/gio.h>
#include <unordered_map>

namespace rostrum {

/// Connections from their acceptance until their socket is gone, whatever became of them: WebSockets too.
/// Thread-bound: main thread.
class ConnectionCounts {
  public:
    /// Those of `unlimited` and of proxies, who bring everybody, are counted, but not limited for each address.
    ConnectionCounts(size_t most, size_t most_per_address, Networks unlimited, Networks proxies)
        : most_(most), most_per_address_(most_per_address), unlimited_(std::move(unlimited)),
          proxies_(std::move(proxies)) {}
    ~ConnectionCounts();
    ConnectionCounts(const ConnectionCounts &) = delete;
    ConnectionCounts &operator=(const ConnectionCounts &) = delete;

    /// Counts it unless it is counted already. False: there are more than there may be, or nobody is there any more.
    bool admit(GSocket *socket);
    size_t total() const { return sockets_.size(); }
    /// Those beyond are told so, as far as there is room for telling.
    bool full() const { return total() > most_; }
    uint64_t refused() const { return refused_; }

  private:
    static void socket_gone(gpointer self, GObject *socket);

    const size_t most_, most_per_address_;
    const Networks unlimited_, proxies_;
    std::unordered_map<GSocket *, std::string> sockets_; ///< with the address's name
    std::unordered_map<std::string, size_t> by_address_;
    uint64_t refused_ = 0;
};

} // namespace rostrum
