// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/tls_files.h"

#include <cstring>
#include <glib/gstdio.h>
#include <openssl/err.h>
#include <unistd.h>

namespace rostrum {
namespace {

constexpr unsigned kSettleMs = 500;       // both files are new by then; a pair that does not match is not even tried
constexpr unsigned kLookEveryMs = 60'000; // what replaces a directory above them (Kubernetes) is told by no monitor

/// A key with a passphrase is not for a server that starts by itself: nobody is asked.
int no_passphrase(char *, int, int, void *) {
    return 0;
}

/// ALPN, RFC 7301: HTTP/1.1 to whoever offers it, and to whoever offers nothing.
int select_protocol(SSL *, const unsigned char **out, unsigned char *out_size, const unsigned char *offered,
                    unsigned offered_size, void *) {
    static const unsigned char kHttp11[] = "\x08http/1.1";
    const int result = SSL_select_next_proto(const_cast<unsigned char **>(out), out_size, kHttp11, sizeof kHttp11 - 1,
                                             offered, offered_size);
    return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

} // namespace

TlsFiles::TlsFiles(std::string certificate, std::string key)
    : certificate_path_(std::move(certificate)), key_path_(std::move(key)) {}

TlsFiles::~TlsFiles() {
    for (const auto &monitor : monitors_)
        g_signal_handlers_disconnect_by_data(monitor.get(), this);
}

std::string TlsFiles::read(Context *out) const {
    for (const auto &path : {certificate_path_, key_path_})
        if (access(path.c_str(), R_OK) != 0)
            return path + ": " + std::strerror(errno);
    Context context(SSL_CTX_new(TLS_server_method()));
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(context.get(),
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_default_passwd_cb(context.get(), no_passphrase);
    SSL_CTX_set_alpn_select_cb(context.get(), select_protocol, nullptr);
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(context.get(), certificate_path_.c_str()) != 1)
        return certificate_path_ + ": not a certificate in PEM";
    if (SSL_CTX_use_PrivateKey_file(context.get(), key_path_.c_str(), SSL_FILETYPE_PEM) != 1) {
        const bool mismatch = ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH;
        return key_path_ + (mismatch ? ": not the key of the certificate in " + certificate_path_
                                     : ": not a private key in PEM without a passphrase");
    }
    if (SSL_CTX_check_private_key(context.get()) != 1)
        return key_path_ + ": not the key of the certificate in " + certificate_path_;
    if (X509_cmp_current_time(X509_get0_notAfter(SSL_CTX_get0_certificate(context.get()))) < 0)
        g_warning("%s: the certificate has expired", certificate_path_.c_str());
    *out = std::move(context);
    return "";
}

/// Of whatever the paths lead to.
std::string TlsFiles::fingerprint() const {
    std::string text;
    for (const auto &path : {certificate_path_, key_path_}) {
        GStatBuf facts{};
        if (g_stat(path.c_str(), &facts) == 0)
            text += std::to_string(facts.st_dev) + " " + std::to_string(facts.st_ino) + " " +
                    std::to_string(facts.st_mtim.tv_sec) + "." + std::to_string(facts.st_mtim.tv_nsec) + " " +
                    std::to_string(facts.st_size) + "\n";
    }
    return text;
}

std::string TlsFiles::load() {
    if (std::string error = read(&context_); !error.empty())
        return error;
    seen_ = fingerprint();
    watch(certificate_path_);
    watch(key_path_);
    look_.every(kLookEveryMs, [this] {
        if (fingerprint() != seen_)
            reload();
    });
    return "";
}

void TlsFiles::watch(const std::string &path) {
    const auto file = ObjectRef<GFile>::adopt(g_file_new_for_path(path.c_str()));
    const auto monitor =
        ObjectRef<GFileMonitor>::adopt(g_file_monitor_file(file.get(), G_FILE_MONITOR_WATCH_MOVES, nullptr, nullptr));
    if (!monitor)
        return;
    auto changed = [](GFileMonitor *, GFile *, GFile *, GFileMonitorEvent, gpointer data) {
        auto *self = static_cast<TlsFiles *>(data);
        self->settle_.once(kSettleMs, [self] {
            if (self->fingerprint() != self->seen_)
                self->reload();
        });
    };
    g_signal_connect(monitor.get(), "changed", G_CALLBACK(+changed), this);
    monitors_.push_back(monitor);
}

void TlsFiles::reload() {
    seen_ = fingerprint();
    Context fresh;
    if (const std::string error = read(&fresh); !error.empty())
        return g_warning("the TLS certificate stays as it was: %s", error.c_str());
    context_ = std::move(fresh);
    g_message("the TLS certificate was read again from %s", certificate_path_.c_str());
}

} // namespace rostrum
