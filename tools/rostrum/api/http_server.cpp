// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/http_server.h"

#include "tools/rostrum/api/http_connection.h"
#include "tools/rostrum/api/tls_stream.h"

#include <exception>
#include <sys/socket.h>

namespace rostrum {
namespace {

constexpr char kConnectionKey[] = "rostrum-connection"; // of the socket
constexpr size_t kDrainBytes = 4 << 20; // of a refused body: enough for the client to read why, then it is cut off

/// Resets the connection: a client that is still sending notices at once, whatever it has in flight.
void cut_off(GSocket *socket) {
    if (!socket)
        return;
    const linger at_once = {1, 0};
    setsockopt(g_socket_get_fd(socket), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    g_socket_shutdown(socket, TRUE, TRUE, nullptr);
}

/// What is known of a message's connection; null when it is closed.
HttpConnection *connection_of(SoupServerMessage *message) {
    GSocket *socket = HttpListener::socket_of(message);
    auto *owner = socket ? g_object_get_data(G_OBJECT(socket), kConnectionKey) : nullptr;
    return owner ? static_cast<std::shared_ptr<HttpConnection> *>(owner)->get() : nullptr;
}

void mark_between(SoupServerMessage *message, bool between) {
    if (HttpConnection *connection = connection_of(message)) {
        connection->between = between;
        connection->deadline.cancel();
    }
}

struct Place {
    ObjectRef<GSocketAddress> address;
    bool tls;
};

/// `http://host:port` as an address: "localhost" and IP literals only, a name server is not asked.
Place place_of(const std::string &url, std::string *error) {
    GError *failure = nullptr;
    GUri *uri = g_uri_parse(url.c_str(), G_URI_FLAGS_NONE, &failure);
    if (!uri) {
        *error = url + ": " + take_error(failure);
        return {};
    }
    const std::string host = g_uri_get_host(uri) ? g_uri_get_host(uri) : "", scheme = g_uri_get_scheme(uri);
    const bool tls = scheme == "https";
    const int port = g_uri_get_port(uri) >= 0 ? g_uri_get_port(uri) : tls ? 8443 : 8080;
    g_uri_unref(uri);
    auto address = ObjectRef<GSocketAddress>::adopt(g_inet_socket_address_new_from_string(
        host == "localhost" ? "127.0.0.1" : host.c_str(), static_cast<guint>(port)));
    if (!address)
        *error = url + ": listen on http:// or https:// and an IP address, such as http://0.0.0.0:8080";
    return {std::move(address), tls};
}

/// Files cost no more than sending them, and HLS players ask several times a second.
bool is_file(const Exchange &exchange) {
    const auto &path = exchange.path();
    return !path.empty() && (path[0] == "hls" || path[0] == "assets");
}

/// What is wrong with how long a request says its body is, or "". libsoup guesses; who stands in front of this server
/// may guess otherwise, and take the rest of one request for another (RFC 9112 sections 6.1 and 6.3).
std::string framing_fault(const Exchange &exchange) {
    const std::string coding = exchange.header("Transfer-Encoding"), length = exchange.header("Content-Length");
    if (!coding.empty() && g_ascii_strcasecmp(coding.c_str(), "chunked") != 0)
        return "Transfer-Encoding may be `chunked` and nothing else";
    if (!coding.empty() && !length.empty())
        return "send either Content-Length or Transfer-Encoding";
    return length.find_first_not_of("0123456789") == length.npos ? "" : "Content-Length has to be one whole number";
}

bool expects_continue(SoupServerMessage *message) {
    return soup_message_headers_get_expectations(soup_server_message_get_request_headers(message)) &
           SOUP_EXPECTATION_CONTINUE;
}

} // namespace

struct HttpServer::Watch {
    HttpServer *server;
    SoupServerMessage *message;
    size_t received = 0;
    bool refused = false;
    Timer deadline;
};

HttpServer::HttpServer(const Router &router, Database &database, RateLimits &rates, const TlsFiles &tls,
                       HttpLimits limits, HttpPolicy policy)
    : router_(router), database_(database), rates_(rates), tls_(tls), limits_(std::move(limits)),
      policy_(std::move(policy)),
      counts_(limits_.connections, limits_.connections_per_address, limits_.unlimited, policy_.proxies.proxies),
      server_(ObjectRef<SoupServer>::adopt(soup_server_new("raw-paths", TRUE, nullptr))),
      plain_(server_.get(), [this](GSocketConnection *connection) { return accept(connection, false); }),
      secure_(server_.get(), [this](GSocketConnection *connection) { return accept(connection, true); }) {
    keep_connections_open();
    auto handle = [](SoupServer *, SoupServerMessage *message, const char *, GHashTable *, gpointer data) {
        static_cast<HttpServer *>(data)->request_arrived(message);
    };
    soup_server_add_handler(server_.get(), nullptr, handle, this, nullptr);
    g_signal_connect_swapped(
        server_.get(), "request-started",
        G_CALLBACK(+[](HttpServer *self, SoupServerMessage *message) { self->request_started(message); }), this);
}

HttpServer::~HttpServer() {
    g_signal_handlers_disconnect_by_data(server_.get(), this);
    for (const auto &[message, watch] : watched_) {
        g_signal_handlers_disconnect_by_data(message, watch.get());
        g_object_weak_unref(G_OBJECT(message), &HttpServer::message_gone, this);
    }
    soup_server_disconnect(server_.get());
}

std::string HttpServer::listen(const std::string &url) {
    std::string error;
    const Place place = place_of(url, &error);
    if (!place.address)
        return error;
    const auto port = (place.tls ? secure_ : plain_).listen(place.address.get());
    if (!port)
        return url + ": " + port.error().text;
    GInetAddress *host = g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(place.address.get()));
    const std::string text = take_string(g_inet_address_to_string(host));
    const bool brackets = g_inet_address_get_family(host) == G_SOCKET_FAMILY_IPV6;
    uris_.push_back((place.tls ? "https://" : "http://") + (brackets ? "[" + text + "]" : text) + ":" +
                    std::to_string(port.value()));
    return "";
}

/// libsoup closes a connection after its first reply unless the server has a listener: it gets one that nobody can
/// reach.
void HttpServer::keep_connections_open() {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return;
    silent_ = ObjectRef<GSocket>::adopt(g_socket_new_from_fd(ends[0], nullptr));
    const auto other = ObjectRef<GSocket>::adopt(g_socket_new_from_fd(ends[1], nullptr));
    soup_server_listen_socket(server_.get(), other.get(), static_cast<SoupServerListenOptions>(0), nullptr);
    g_signal_connect(server_.get(), "request-finished",
                     G_CALLBACK(+[](SoupServer *, SoupServerMessage *message) { mark_between(message, true); }),
                     nullptr);
}

/// What is spoken on a new connection.
GIOStream *HttpServer::accept(GSocketConnection *socket_connection, bool tls) {
    GSocket *socket = g_socket_connection_get_socket(socket_connection);
    if (!counts_.admit(socket))
        return nullptr;
    g_socket_set_timeout(socket, limits_.idle_timeout_s);
    auto connection = std::make_shared<HttpConnection>();
    connection->socket = socket;
    g_object_set_data_full(G_OBJECT(socket), kConnectionKey, new std::shared_ptr<HttpConnection>(connection),
                           [](gpointer data) { delete static_cast<std::shared_ptr<HttpConnection> *>(data); });
    connection->began = [this, raw = connection.get()] {
        if (!raw->deadline.active())
            raw->deadline.once(limits_.request_timeout_ms, [this, raw] {
                ++counters_.timed_out;
                cut_off(raw->socket);
            });
    };
    GIOStream *stream =
        tls ? new_tls_stream(socket_connection, tls_.context()) : G_IO_STREAM(g_object_ref(socket_connection));
    return new_http_stream(stream, std::move(connection));
}

/// From here the whole request has to arrive in time: the first one since the connection is there, the others since
/// their head is.
void HttpServer::request_started(SoupServerMessage *message) {
    mark_between(message, false);
    auto &watch = watched_[message];
    watch.reset(new Watch{this, message, 0, false, {}});
    Watch *raw = watch.get();
    raw->deadline.once(limits_.request_timeout_ms, [raw] {
        ++raw->server->counters_.timed_out;
        cut_off(HttpListener::socket_of(raw->message));
    });
    g_signal_connect_swapped(message, "got-headers", G_CALLBACK(+[](Watch *w) { w->server->headers_arrived(*w); }),
                             raw);
    g_signal_connect_swapped(
        message, "got-chunk",
        G_CALLBACK(+[](Watch *w, GBytes *chunk) { w->server->chunk_arrived(*w, g_bytes_get_size(chunk)); }), raw);
    g_signal_connect_swapped(message, "got-body", G_CALLBACK(+[](Watch *w) { w->deadline.cancel(); }), raw);
    g_object_weak_ref(G_OBJECT(message), &HttpServer::message_gone, this);
}

void HttpServer::message_gone(gpointer server, GObject *message) {
    static_cast<HttpServer *>(server)->watched_.erase(reinterpret_cast<SoupServerMessage *>(message));
}

void HttpServer::headers_arrived(Watch &watch) {
    const goffset length =
        soup_message_headers_get_content_length(soup_server_message_get_request_headers(watch.message));
    if (length <= static_cast<goffset>(limits_.body_bytes))
        return;
    refuse_body(watch);
    if (expects_continue(watch.message)) { // RFC 9110 section 10.1.1: the body need not be sent
        watch.deadline.cancel();
        answer(std::make_shared<Exchange>(watch.message, database_, policy_), true);
    }
}

void HttpServer::chunk_arrived(Watch &watch, size_t size) {
    watch.received += size;
    if (watch.received > limits_.body_bytes && !watch.refused)
        refuse_body(watch);
    if (watch.received > limits_.body_bytes + kDrainBytes)
        cut_off(HttpListener::socket_of(watch.message));
}

/// The rest of the body is read and thrown away, so that the client sees the reply.
void HttpServer::refuse_body(Watch &watch) {
    ++counters_.refused_bodies;
    watch.refused = true;
    SoupMessageBody *body = soup_server_message_get_request_body(watch.message);
    soup_message_body_set_accumulate(body, FALSE);
    soup_message_body_truncate(body);
}

void HttpServer::request_arrived(SoupServerMessage *message) {
    const auto watch = watched_.find(message);
    answer(std::make_shared<Exchange>(message, database_, policy_), watch != watched_.end() && watch->second->refused);
}

/// What is refused whatever it is about. Throws Refusal.
void HttpServer::check(const Exchange &exchange, bool too_large) {
    if (too_large)
        throw Refusal{413, "the body is larger than " + std::to_string(limits_.body_bytes) + " bytes"};
    if (counts_.full())
        throw Refusal{503, 503, "this server has as many connections as it may", 5};
    if (!is_file(exchange))
        if (auto refusal = rates_.request(exchange.client(), g_get_monotonic_time() / 1000))
            throw *refusal;
    if (const std::string coding = exchange.header("Content-Encoding"); !coding.empty() && coding != "identity")
        throw Refusal{415, "send the body as it is, without Content-Encoding"};
}

void HttpServer::answer(const ExchangePtr &exchange, bool too_large) {
    ++counters_.requests;
    try {
        if (const std::string fault = framing_fault(*exchange); !fault.empty()) {
            exchange->set_header("Connection", "close"); // where the next request begins is anybody's guess
            throw Refusal{400, fault};
        }
        check(*exchange, too_large);
        dispatch(exchange);
    } catch (const Refusal &refusal) {
        exchange->refuse(refusal);
    } catch (const std::exception &error) {
        g_warning("request %s of %s failed: %s", exchange->request_id().c_str(), exchange->client().text().c_str(),
                  error.what());
        exchange->refuse({500, "something went wrong on the server; it is in its log under this requestId"});
    }
    if (!exchange->replied())
        exchange->defer();
}

/// While nothing can be stored, what would change something is refused, but for what keeps connections alive or ends
/// them (WHIP and WHEP), and what reads is told what is on disk. That costs a turn of the kept writes: files do not.
void HttpServer::dispatch(const ExchangePtr &exchange) {
    const std::string &method = exchange->method();
    const bool reads = method == "GET" || method == "HEAD" || method == "OPTIONS";
    const auto &path = exchange->path(); // v2 whip sessions ID
    const bool media = path.size() == 4 && (path[1] == "whip" || path[1] == "whep");
    const bool upkeep = media && (method == "PATCH" || method == "DELETE");
    if (database_.fault().empty() || upkeep || is_file(*exchange))
        return router_.dispatch(exchange);
    if (!reads)
        throw cannot_store(database_);
    const Database::OnDiskOnly only(database_);
    router_.dispatch(exchange);
}

} // namespace rostrum
