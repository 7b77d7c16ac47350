// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What TLS clients of this process have in common: the certificates that they trust.

#pragma once

#include "wire/openssl_ptr.h"

#include <memory>
#include <string>

namespace rostrum {

/// `ca_file`: PEM, the only certificates that are trusted; empty: the system's. Reading them takes 10 ms and keeps a
/// MiB, so all that trust the same, unchanged file share one for as long as any of them lives. Null: the file cannot be
/// read. Thread-safe.
std::shared_ptr<SSL_CTX> tls_context(const std::string &ca_file);

} // namespace rostrum
