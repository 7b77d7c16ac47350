// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "peer/dtls.h"

#include <openssl/err.h>
#include <openssl/srtp.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

namespace peerwire {

namespace {

// GCM first: it costs half of AES-CM with HMAC-SHA1 per packet.
constexpr char kSrtpProfiles[] = "SRTP_AEAD_AES_128_GCM:SRTP_AEAD_AES_256_GCM:SRTP_AES128_CM_SHA1_80";
// Ours is an ECDSA certificate; a server that we are client of may have an RSA one.
constexpr char kCiphers[] = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:"
                            "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305";
constexpr char kGroups[] = "X25519:P-256:P-384";
constexpr uint8_t kHandshakeType = 22;
constexpr char kExporterLabel[] = "EXTRACTOR-dtls_srtp"; // RFC 5764 §4.2
constexpr long kMtuBytes = 1200;                         // of a handshake datagram; fits every path that carries media
constexpr unsigned kFirstTimerUs = 150'000;              // RFC 6347 says 1 s; ICE has just shown that the path is short
constexpr unsigned kMaxTimerUs = 3'000'000;

unsigned next_timer_us(SSL *, unsigned current_us) {
    return current_us == 0 ? kFirstTimerUs : std::min(current_us * 2, kMaxTimerUs);
}

} // namespace

/// Each BIO_write is one datagram, each BIO_read takes the one that is there.
struct DtlsSession::Bio {
    static DtlsSession &session(BIO *bio) { return *static_cast<DtlsSession *>(BIO_get_data(bio)); }

    static int write(BIO *bio, const char *data, int size) {
        session(bio).send({reinterpret_cast<const uint8_t *>(data), static_cast<size_t>(size)});
        return size;
    }

    static int read(BIO *bio, char *data, int room) {
        auto &incoming = session(bio).incoming_;
        BIO_clear_retry_flags(bio);
        if (incoming.empty()) {
            BIO_set_retry_read(bio);
            return -1;
        }
        const size_t size = std::min(incoming.size(), static_cast<size_t>(room));
        std::copy_n(incoming.data(), size, data);
        incoming = {};
        return static_cast<int>(size);
    }

    static long control(BIO *, int command, long, void *) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

    static BIO_METHOD *method() {
        static BIO_METHOD *method = [] { // never destroyed, like the contexts below
            BIO_METHOD *made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "peerwire datagram");
            if (made == nullptr)
                std::abort(); // out of memory
            BIO_meth_set_write(made, write);
            BIO_meth_set_read(made, read);
            BIO_meth_set_ctrl(made, control);
            return made;
        }();
        return method;
    }
};

/// One SSL_CTX per role for the whole process, never destroyed: shards may outlive main().
struct DtlsSession::Setup {
    SslCtxPtr ctx;

    static SSL_CTX *get(DtlsRole role) {
        static const auto *server = new Setup(DTLS_server_method());
        static const auto *client = new Setup(DTLS_client_method());
        return (role == DtlsRole::Server ? server : client)->ctx.get();
    }

    /// Replaces chain verification: certificates are self-signed, the fingerprint in the SDP is what counts (RFC 8827
    /// §5). A mismatch ends the handshake with an alert.
    static int verify(X509_STORE_CTX *store, void *) {
        auto *ssl = static_cast<SSL *>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
        const auto *session = static_cast<DtlsSession *>(SSL_get_app_data(ssl));
        X509 *certificate = X509_STORE_CTX_get0_cert(store);
        if (certificate != nullptr && session->remote_.matches(*certificate))
            return 1;
        X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
        return 0;
    }

  private:
    explicit Setup(const SSL_METHOD *method) : ctx(SSL_CTX_new(method)) {
        const auto &own = Certificate::process();
        const bool ok = ctx && SSL_CTX_set_min_proto_version(ctx.get(), DTLS1_2_VERSION) == 1 &&
                        SSL_CTX_set_cipher_list(ctx.get(), kCiphers) == 1 &&
                        SSL_CTX_set1_groups_list(ctx.get(), kGroups) == 1 &&
                        SSL_CTX_use_certificate(ctx.get(), &own.x509()) == 1 &&
                        SSL_CTX_use_PrivateKey(ctx.get(), &own.key()) == 1 &&
                        SSL_CTX_set_tlsext_use_srtp(ctx.get(), kSrtpProfiles) == 0; // 0 is success
        if (!ok)
            std::abort(); // OpenSSL without these algorithms: nothing here could work
        SSL_CTX_set_verify(ctx.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
        SSL_CTX_set_cert_verify_callback(ctx.get(), verify, nullptr);
        SSL_CTX_set_session_cache_mode(ctx.get(), SSL_SESS_CACHE_OFF);
        SSL_CTX_set_options(ctx.get(), SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_QUERY_MTU |
                                           SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    }
};

SrtpMasterKeys::~SrtpMasterKeys() {
    for (auto *bytes : {&local_key, &local_salt, &remote_key, &remote_salt})
        OPENSSL_cleanse(bytes->data(), bytes->size());
}

DtlsSession::DtlsSession(DtlsRole role, Fingerprint remote, Output &output)
    : role_(role), remote_(std::move(remote)), output_(output) {}

DtlsSession::~DtlsSession() = default;

std::unique_ptr<DtlsSession> DtlsSession::create(DtlsRole role, Fingerprint remote, Output &output) {
    std::unique_ptr<DtlsSession> session(new DtlsSession(role, std::move(remote), output));
    SSL *ssl = SSL_new(Setup::get(role));
    session->ssl_.reset(ssl);
    BIO *bio = BIO_new(Bio::method());
    if (ssl == nullptr || bio == nullptr) {
        BIO_free(bio);
        return nullptr;
    }
    BIO_set_data(bio, session.get());
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    SSL_set_app_data(ssl, session.get());
    SSL_set_mtu(ssl, kMtuBytes);
    DTLS_set_timer_cb(ssl, next_timer_us);
    if (role == DtlsRole::Server)
        SSL_set_accept_state(ssl);
    else
        SSL_set_connect_state(ssl);
    return session;
}

void DtlsSession::start() {
    if (role_ == DtlsRole::Client)
        advance();
}

void DtlsSession::handle_datagram(std::span<const uint8_t> datagram) {
    if (alerts_)
        return handle_settled(datagram);
    incoming_ = state_ == DtlsState::Handshaking ? filter_.admit(datagram) : datagram;
    last_flight_.clear();
    advance();
    incoming_ = {};
}

void DtlsSession::settle() {
    if (state_ != DtlsState::Connected || alerts_)
        return;
    alerts_ = DtlsAlerts::take_over(*ssl_, role_ == DtlsRole::Server);
    if (alerts_)
        ssl_.reset();
    if (!alerts_ || role_ == DtlsRole::Client)
        last_flight_ = {}; // OpenSSL repeats by itself; the client's flight has arrived when the server's is there
}

void DtlsSession::send(std::span<const uint8_t> datagram) {
    if (state_ == DtlsState::Handshaking)
        last_flight_.emplace_back(datagram.begin(), datagram.end());
    output_.send_dtls(datagram);
}

void DtlsSession::handle_settled(std::span<const uint8_t> datagram) {
    if (state_ != DtlsState::Connected || datagram.empty())
        return;
    if (datagram[0] == kHandshakeType && !last_flight_.empty() && repeats_left_ > 0) {
        --repeats_left_;
        for (const auto &sent : last_flight_)
            output_.send_dtls(sent);
    }
    if (!alerts_->ends(datagram))
        return;
    send_close_notify(); // RFC 5246 §7.2.1: the answer
    state_ = DtlsState::Closed;
}

void DtlsSession::send_close_notify() {
    if (alerts_) {
        if (const auto record = alerts_->seal_close_notify())
            output_.send_dtls(*record);
        return;
    }
    if (SSL_alloc_buffers(ssl_.get()) == 1)
        SSL_shutdown(ssl_.get());
}

void DtlsSession::handle_timeout() {
    if (state_ != DtlsState::Handshaking) // afterwards only answers are repeated
        return;
    ERR_clear_error();
    if (DTLSv1_handle_timeout(ssl_.get()) < 0)
        fail(); // twelve retransmissions without an answer
}

std::optional<TimeNs> DtlsSession::time_left() const {
    timeval left{};
    if (state_ != DtlsState::Handshaking)
        return std::nullopt;
    if (DTLSv1_get_timeout(ssl_.get(), &left) != 1)
        return std::nullopt;
    return TimeNs{left.tv_sec} * kNsPerSecond + TimeNs{left.tv_usec} * kNsPerUs;
}

void DtlsSession::advance() {
    ERR_clear_error(); // the error queue belongs to the thread; others may have left something
    if (state_ == DtlsState::Handshaking) {
        const int result = SSL_do_handshake(ssl_.get());
        if (result == 1)
            state_ = DtlsState::Connected;
        else if (SSL_get_error(ssl_.get(), result) != SSL_ERROR_WANT_READ)
            return fail();
    }
    if (state_ != DtlsState::Connected)
        return;
    // OpenSSL takes buffers for reading by itself, but writes (the answer to close_notify) without looking.
    if (SSL_alloc_buffers(ssl_.get()) != 1)
        return fail();
    // Nothing but alerts and repeated handshake messages is of interest: application data (SCTP) is discarded.
    std::array<uint8_t, 2048> discarded;
    int result = 0;
    do {
        result = SSL_read(ssl_.get(), discarded.data(), static_cast<int>(discarded.size()));
    } while (result > 0);
    const int error = SSL_get_error(ssl_.get(), result);
    if (error == SSL_ERROR_ZERO_RETURN) {
        SSL_shutdown(ssl_.get()); // answers close_notify with ours
        state_ = DtlsState::Closed;
    } else if (error != SSL_ERROR_WANT_READ) {
        fail();
    }
    SSL_free_buffers(ssl_.get()); // 34 KiB; the next record is close_notify, most likely
}

void DtlsSession::fail() {
    state_ = DtlsState::Failed;
    char text[160] = "DTLS failed";
    if (const unsigned long error = ERR_peek_last_error(); error != 0)
        ERR_error_string_n(error, text, sizeof text);
    failure_ = text;
    ERR_clear_error();
}

void DtlsSession::close() {
    if (state_ == DtlsState::Handshaking || state_ == DtlsState::Connected) {
        ERR_clear_error();
        if (state_ == DtlsState::Connected)
            send_close_notify();
        state_ = DtlsState::Closed;
    }
}

std::optional<SrtpMasterKeys> DtlsSession::srtp_keys() const {
    const SRTP_PROTECTION_PROFILE *agreed =
        state_ == DtlsState::Connected && ssl_ ? SSL_get_selected_srtp_profile(ssl_.get()) : nullptr;
    const auto profile = agreed ? srtp_profile_from_id(static_cast<uint16_t>(agreed->id)) : std::nullopt;
    if (!profile)
        return std::nullopt;
    const size_t key_size = srtp_key_size(*profile), salt_size = srtp_salt_size(*profile);
    std::vector<uint8_t> material(2 * (key_size + salt_size));
    if (SSL_export_keying_material(ssl_.get(), material.data(), material.size(), kExporterLabel,
                                   sizeof kExporterLabel - 1, nullptr, 0, 0) != 1)
        return std::nullopt;
    // client key, server key, client salt, server salt
    SrtpMasterKeys keys;
    keys.profile = *profile;
    auto *first_key = &keys.local_key, *second_key = &keys.remote_key;
    auto *first_salt = &keys.local_salt, *second_salt = &keys.remote_salt;
    if (role_ == DtlsRole::Server) {
        std::swap(first_key, second_key);
        std::swap(first_salt, second_salt);
    }
    const uint8_t *at = material.data();
    for (auto [target, size] : {std::pair{first_key, key_size}, std::pair{second_key, key_size},
                                std::pair{first_salt, salt_size}, std::pair{second_salt, salt_size}}) {
        target->assign(at, at + size);
        at += size;
    }
    OPENSSL_cleanse(material.data(), material.size());
    return keys;
}

} // namespace peerwire
