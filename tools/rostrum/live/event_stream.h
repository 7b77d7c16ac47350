// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

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

    std::function<void(const std::string &text)> on_message; ///< a command
    std::function<void()> on_closed;                         ///< the other side is gone
};

} // namespace rostrum
