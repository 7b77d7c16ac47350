// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/base/glib_handles.h"

#include <openssl/ssl.h>
#include <vector>

namespace rostrum {

/// A certificate with its chain and its key, from two PEM files that are read again whenever they change. A pair that
/// does not do is warned about, and the one before stays; connections go on with the one that they began with.
/// Thread-bound: main thread.
class TlsFiles {
  public:
    TlsFiles(std::string certificate, std::string key);
    ~TlsFiles();
    TlsFiles(const TlsFiles &) = delete;
    TlsFiles &operator=(const TlsFiles &) = delete;

    /// Reads them for the first time and watches them from then on. Returns an error text or "".
    std::string load();
    /// Reads them again, changed or not.
    void reload();
    /// For a new connection, which takes a reference of its own; null before load().
    SSL_CTX *context() const { return context_.get(); }

  private:
    struct Free {
        void operator()(SSL_CTX *context) const { SSL_CTX_free(context); }
    };
    using Context = std::unique_ptr<SSL_CTX, Free>;
    std::string read(Context *out) const;
    std::string fingerprint() const;
    void watch(const std::string &path);

    const std::string certificate_path_, key_path_;
    Context context_;
    std::vector<ObjectRef<GFileMonitor>> monitors_;
    std::string seen_;
    Timer settle_, look_;
};

} // namespace rostrum
