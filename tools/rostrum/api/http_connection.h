// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What a SoupServer speaks on when connections stay open between requests. libsoup before 3.4 never frees a connection
// that ends between two of them: there the end is put off until it has read one byte more, which begins a request that
// is cut short, and those it does free.

#pragma once

#include "tools/rostrum/base/glib_handles.h"

#include <cstddef>
#include <functional>
#include <gio/gio.h>
#include <memory>

namespace rostrum {

/// One connection of a client. Thread-bound: main thread.
struct HttpConnection {
    GSocket *socket = nullptr;   ///< its stream's
    bool over = false;           ///< nothing more is read
    bool between = false;        ///< two requests
    Timer deadline;              ///< of a request that has begun, until libsoup tells of it: with the last of its head
    std::function<void()> began; ///< called with what is read between two requests
    /// Called with all that is read. False: that was the last, for the reader the connection ends here.
    std::function<bool(const void *bytes, size_t size)> heard;
};

/// Gives `base`, which is taken over, as a stream that goes with `connection` and keeps it alive.
GIOStream *new_http_stream(GIOStream *base, std::shared_ptr<HttpConnection> connection);

} // namespace rostrum
