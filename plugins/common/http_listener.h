// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Accepts connections for a SoupServer, in place of soup_server_listen(): libsoup before 3.4 never frees a socket that
// its own listener accepted, half a kilobyte each.

#pragma once

#include "wire/result.h"

#include <libsoup/soup.h>

#include <cstdint>
#include <functional>

namespace rostrum {

/// Thread-bound: that of the main context which is the thread's default at construction.
class HttpListener {
  public:
    /// What is spoken on a connection that was accepted, transfer full: itself, TLS on top of it, or null to refuse it.
    using Accept = std::function<GIOStream *(GSocketConnection *)>;

    /// `server` outlives the listener.
    explicit HttpListener(SoupServer *server, Accept accept = {});
    ~HttpListener();
    HttpListener(const HttpListener &) = delete;
    HttpListener &operator=(const HttpListener &) = delete;

    /// The port, also when that of `address` is 0.
    peerwire::Result<uint16_t> listen(GSocketAddress *address);

    /// Of a message's connection; null when it is closed. In place of soup_server_message_get_socket().
    static GSocket *socket_of(SoupServerMessage *message);

  private:
    static gboolean on_incoming(GSocketService *, GSocketConnection *connection, GObject *, gpointer self);

    SoupServer *const server_;
    const Accept accept_;
    GSocketService *const service_;
};

} // namespace rostrum
