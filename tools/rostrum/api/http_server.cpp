// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/http_server.h"

#include <exception>
#include <sys/socket.h>

namespace rostrum {
namespace {

constexpr unsigned kSocketTimeoutS = 60; // no progress either way; WebSocket pings come more often
constexpr int kBacklog = 4096;           // players of one stream come back all at once; libsoup would take 10
constexpr size_t kDrainBytes = 4 << 20;  // of a refused body: enough for the client to read why, then it is cut off

/// Resets the connection: a client that is still sending notices at once, whatever it has in flight.
void cut_off(SoupServerMessage *message) {
    GSocket *socket = soup_server_message_get_socket(message);
    if (!socket)
        return;
    const linger at_once = {1, 0};
    setsockopt(g_socket_get_fd(socket), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    g_socket_shutdown(socket, TRUE, TRUE, nullptr);
}

/// `http://host:port` as an address: "localhost" and IP literals only, a name server is not asked.
GSocketAddress *address_of(const std::string &url, std::string *error) {
    GError *failure = nullptr;
    GUri *uri = g_uri_parse(url.c_str(), G_URI_FLAGS_NONE, &failure);
    if (!uri) {
        *error = url + ": " + take_error(failure);
        return nullptr;
    }
    const std::string host = g_uri_get_host(uri) ? g_uri_get_host(uri) : "";
    const int port = g_uri_get_port(uri) < 0 ? 8080 : g_uri_get_port(uri);
    const std::string scheme = g_uri_get_scheme(uri);
    g_uri_unref(uri);
    GSocketAddress *address = g_inet_socket_address_new_from_string(host == "localhost" ? "127.0.0.1" : host.c_str(),
                                                                    static_cast<guint>(port));
    if (!address || scheme != "http") {
        *error = url + ": listen on http:// and an IP address, such as http://0.0.0.0:8080";
        g_clear_object(&address);
    }
    return address;
}

} // namespace

struct HttpServer::Watch {
    HttpServer *server;
    SoupServerMessage *message;
    size_t received = 0;
    bool refused = false;
    Timer deadline;
};

HttpServer::HttpServer(const Router &router, HttpLimits limits, std::string cors_origin)
    : router_(router), limits_(limits), cors_origin_(std::move(cors_origin)),
      server_(ObjectRef<SoupServer>::adopt(soup_server_new("raw-paths", TRUE, nullptr))) {
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
    const auto address = ObjectRef<GSocketAddress>::adopt(address_of(url, &error));
    if (!address)
        return error;
    GError *failure = nullptr;
    const auto socket = ObjectRef<GSocket>::adopt(g_socket_new(g_socket_address_get_family(address.get()),
                                                               G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, &failure));
    if (!socket)
        return url + ": " + take_error(failure);
    g_socket_set_listen_backlog(socket.get(), kBacklog);
    const bool listening =
        g_socket_bind(socket.get(), address.get(), TRUE, &failure) && g_socket_listen(socket.get(), &failure) &&
        soup_server_listen_socket(server_.get(), socket.get(), static_cast<SoupServerListenOptions>(0), &failure);
    return listening ? "" : url + ": " + take_error(failure);
}

std::string HttpServer::uri() const {
    GSList *uris = soup_server_get_uris(server_.get());
    std::string text = uris ? take_string(g_uri_to_string(static_cast<GUri *>(uris->data))) : "";
    g_slist_free_full(uris, reinterpret_cast<GDestroyNotify>(g_uri_unref));
    while (!text.empty() && text.back() == '/')
        text.pop_back();
    return text;
}

/// From here the whole request has to arrive in time, the pause between two requests of a connection included.
void HttpServer::request_started(SoupServerMessage *message) {
    if (GSocket *socket = soup_server_message_get_socket(message))
        g_socket_set_timeout(socket, kSocketTimeoutS);
    auto &watch = watched_[message];
    watch.reset(new Watch{this, message, 0, false, {}});
    Watch *raw = watch.get();
    raw->deadline.once(limits_.request_timeout_ms, [raw] {
        ++raw->server->counters_.timed_out;
        cut_off(raw->message);
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
    if (length > static_cast<goffset>(limits_.body_bytes))
        refuse_body(watch);
}

void HttpServer::chunk_arrived(Watch &watch, size_t size) {
    watch.received += size;
    if (watch.received > limits_.body_bytes && !watch.refused)
        refuse_body(watch);
    if (watch.received > limits_.body_bytes + kDrainBytes)
        cut_off(watch.message);
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
    ++counters_.requests;
    const auto exchange = std::make_shared<Exchange>(message, cors_origin_);
    const auto watch = watched_.find(message);
    try {
        if (watch != watched_.end() && watch->second->refused)
            throw Refusal{413, "the body is larger than " + std::to_string(limits_.body_bytes) + " bytes"};
        if (watched_.size() > limits_.connections)
            throw Refusal{503, 503, "this server has as many connections as it may", 5};
        router_.dispatch(exchange);
    } catch (const Refusal &refusal) {
        exchange->refuse(refusal);
    } catch (const std::exception &error) {
        g_warning("request %s failed: %s", exchange->request_id().c_str(), error.what());
        exchange->refuse({500, "something went wrong on the server; it is in its log under this requestId"});
    }
    if (!exchange->replied())
        exchange->defer();
}

} // namespace rostrum
