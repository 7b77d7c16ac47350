// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// TLS for a SoupServer by OpenSSL, all of it in the main loop. GIO's own does each handshake in a thread of a small
// pool, so that a few hundred clients that begin one and stop would keep everybody else waiting.

#pragma once

#include <gio/gio.h>
#include <openssl/ssl.h>

namespace rostrum {

/// The server's end of TLS on `base`, transfer full. The handshake goes with the first reads; nothing here blocks, and
/// the socket's timeout counts for it. Thread-bound: main thread.
GIOStream *new_tls_stream(GSocketConnection *base, SSL_CTX *context);

} // namespace rostrum
