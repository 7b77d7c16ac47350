// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The client's side of TLS, between bytes and bytes: no socket and no clock.

#pragma once

#include "rtmpegress/rtmp/bytes.h"
#include "wire/openssl_ptr.h"
#include "wire/result.h"

#include <optional>
#include <string>

namespace rostrum {

/// The certificate must be good for the host. Thread-bound to its owner's thread.
class TlsClient {
  public:
    /// `host`: name or literal address. `ca_file`: PEM, the only certificates that are trusted; empty: the system's.
    /// The error is permanent: a file that cannot be read.
    static peerwire::Result<TlsClient> create(const std::string &host, const std::string &ca_file);

    /// Why it cannot go on. `certificate`: it is not trusted, which no new attempt changes.
    struct Failure {
        bool certificate = false;
        std::string text;
    };

    /// From the network.
    void receive(rtmp::ByteView ciphertext);
    /// Goes on with the handshake; true once it is done.
    bool shake_hands();
    /// Plain bytes that arrived; 0 when there are none now.
    size_t read(std::span<uint8_t> plain);
    /// Only after the handshake: takes all of it.
    void write(rtmp::ByteView plain);
    void close();
    /// Appends what must go to the network.
    void produce(rtmp::Bytes &ciphertext);

    const std::optional<Failure> &failure() const { return failure_; }
    /// The peer said that nothing follows.
    bool is_closed() const { return closed_; }

  private:
    TlsClient(std::shared_ptr<SSL_CTX> context, peerwire::SslPtr ssl)
        : context_(std::move(context)), ssl_(std::move(ssl)) {}
    void look_at(int result);

    std::shared_ptr<SSL_CTX> context_; // stays shared while this lives
    peerwire::SslPtr ssl_;
    std::optional<Failure> failure_;
    bool closed_ = false;
};

} // namespace rostrum
