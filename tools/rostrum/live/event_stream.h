// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include <cstddef>
#include <functional>
#include <string>

namespace rostrum {

/// A participant's event connection, WebSocket or Server-Sent Events. Thread-bound: main thread.
class EventStream {
  public:
    virtual ~EventStream() = default;
    /// One event, a JSON text.
    virtual void send(const std::string &text) = 0;
    /// `code`: WebSocket close code. Nothing is sent and no callback runs afterwards.
    virtual void close(int code, const std::string &reason) = 0;

    /// Bytes that were sent and that the other side has not read, roughly. Above kMaxUnreadBytes it is disconnected.
    virtual size_t unread() const { return 0; }
    static constexpr size_t kMaxUnreadBytes = 1 << 20; ///< beyond what the kernel holds

    std::function<void(const std::string &text)> on_message; ///< a command
    std::function<void()> on_closed;                         ///< the other side is gone
};

} // namespace rostrum
