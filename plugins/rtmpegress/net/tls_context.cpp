// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "rtmpegress/net/tls_context.h"

#include "sync/mutex.h"

#include <filesystem>
#include <map>

namespace rostrum {

using peerwire::MutexLock;
using peerwire::SslCtxPtr;

namespace {

SslCtxPtr make(const std::string &ca_file) {
    SslCtxPtr context(SSL_CTX_new(TLS_client_method()));
    if (!context || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1)
        return nullptr;
    const int trusted = ca_file.empty() ? SSL_CTX_set_default_verify_paths(context.get())
                                        : SSL_CTX_load_verify_file(context.get(), ca_file.c_str());
    if (trusted != 1)
        return nullptr;
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    // Servers that hang up without TLS's goodbye are common, and RTMP has one of its own.
    SSL_CTX_set_options(context.get(), SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_RENEGOTIATION);
    return context;
}

/// Another one when the file is another one.
std::string key_of(const std::string &ca_file) {
    std::error_code error;
    const auto written =
        std::filesystem::last_write_time(ca_file.empty() ? X509_get_default_cert_file() : ca_file, error);
    return ca_file + "\n" + std::to_string(written.time_since_epoch().count());
}

struct Shared {
    peerwire::Mutex mutex; // held while a file is read, so that it is read once
    std::map<std::string, std::weak_ptr<SSL_CTX>> contexts GUARDED_BY(mutex);
};

} // namespace

std::shared_ptr<SSL_CTX> tls_context(const std::string &ca_file) {
    static auto *shared = new Shared; // never destroyed: threads may outlive main()
    const std::string key = key_of(ca_file);
    MutexLock lock(shared->mutex);
    std::erase_if(shared->contexts, [](const auto &entry) { return entry.second.expired(); });
    if (const auto found = shared->contexts.find(key); found != shared->contexts.end())
        if (auto context = found->second.lock())
            return context;
    std::shared_ptr<SSL_CTX> context = make(ca_file);
    if (context)
        shared->contexts[key] = context;
    return context;
}

} // namespace rostrum
