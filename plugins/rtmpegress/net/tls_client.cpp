// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "rtmpegress/net/tls_client.h"

#include "rtmpegress/net/tls_context.h"

#include <gio/gio.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

namespace rostrum {

using peerwire::Error;
using peerwire::Result;
using peerwire::SslPtr;

namespace {

bool expect_host(SSL *ssl, const std::string &host) {
    X509_VERIFY_PARAM *rules = SSL_get0_param(ssl);
    if (g_hostname_is_ip_address(host.c_str()))
        return X509_VERIFY_PARAM_set1_ip_asc(rules, host.c_str()) == 1;
    g_autofree char *ascii = g_hostname_to_ascii(host.c_str());
    std::string name = ascii ? ascii : host;
    if (name.ends_with('.')) // certificates name it without
        name.pop_back();
    X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(ssl, name.c_str()) == 1 && SSL_set_tlsext_host_name(ssl, name.c_str()) == 1;
}

std::string newest_error() {
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    return reason ? reason : "unknown error";
}

} // namespace

Result<TlsClient> TlsClient::create(const std::string &host, const std::string &ca_file) {
    ERR_clear_error();
    auto context = tls_context(ca_file);
    if (!context)
        return Error{500, "the file of trusted certificates cannot be read"};
    SslPtr ssl(SSL_new(context.get()));
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
    if (!ssl || !in || !out || !expect_host(ssl.get(), host)) {
        BIO_free(in);
        BIO_free(out);
        return Error{500, "TLS is not available"};
    }
    BIO_set_mem_eof_return(in, -1); // empty means: later
    SSL_set_bio(ssl.get(), in, out);
    SSL_set_connect_state(ssl.get());
    return TlsClient(std::move(context), std::move(ssl));
}

void TlsClient::receive(rtmp::ByteView ciphertext) {
    BIO_write(SSL_get_rbio(ssl_.get()), ciphertext.data(), static_cast<int>(ciphertext.size()));
}

void TlsClient::look_at(int result) {
    switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_NONE:
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return;
    case SSL_ERROR_ZERO_RETURN:
        closed_ = true;
        return;
    default:
        break;
    }
    const long verified = SSL_get_verify_result(ssl_.get());
    if (verified != X509_V_OK)
        failure_ = {true, std::string("the server's certificate is not accepted: ") +
                              X509_verify_cert_error_string(verified)};
    else
        failure_ = {false, "TLS failed: " + newest_error()};
}

bool TlsClient::shake_hands() {
    if (SSL_is_init_finished(ssl_.get()))
        return true;
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    if (result != 1)
        look_at(result);
    return result == 1;
}

size_t TlsClient::read(std::span<uint8_t> plain) {
    size_t size = 0;
    ERR_clear_error();
    const int result = SSL_read_ex(ssl_.get(), plain.data(), plain.size(), &size);
    if (result != 1)
        look_at(result);
    return size;
}

void TlsClient::write(rtmp::ByteView plain) {
    size_t size = 0;
    ERR_clear_error();
    if (!plain.empty() && SSL_write_ex(ssl_.get(), plain.data(), plain.size(), &size) != 1)
        failure_ = {false, "TLS failed: " + newest_error()};
}

void TlsClient::close() {
    SSL_shutdown(ssl_.get());
}

void TlsClient::produce(rtmp::Bytes &ciphertext) {
    BIO *out = SSL_get_wbio(ssl_.get());
    const size_t pending = BIO_ctrl_pending(out), before = ciphertext.size();
    if (pending == 0)
        return;
    ciphertext.resize(before + pending);
    const int read = BIO_read(out, &ciphertext[before], static_cast<int>(pending));
    ciphertext.resize(before + static_cast<size_t>(std::max(read, 0)));
}

} // namespace rostrum
