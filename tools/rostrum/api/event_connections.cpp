// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/event_connections.h"

#include <utility>

namespace rostrum {
namespace {

constexpr unsigned kPingIntervalS = 20;         // below the socket timeout, so that a silent but living client stays
constexpr unsigned kHeartbeatMs = 15000;        // an SSE comment: finds out whether the client is still there
constexpr guint64 kMaxCommandBytes = 16 * 1024; // what a client may send in one message

class WebSocketStream final : public EventStream {
  public:
    explicit WebSocketStream(ObjectRef<SoupWebsocketConnection> connection) : connection_(std::move(connection)) {
        SoupWebsocketConnection *socket = connection_.get();
        soup_websocket_connection_set_max_incoming_payload_size(socket, kMaxCommandBytes);
        soup_websocket_connection_set_keepalive_interval(socket, kPingIntervalS);
        g_signal_connect(socket, "message", G_CALLBACK(&WebSocketStream::message_arrived), this);
        g_signal_connect(socket, "closed", G_CALLBACK(&WebSocketStream::connection_closed), this);
    }
    ~WebSocketStream() override { close(1001, ""); }

    void send(const std::string &text) override {
        if (connection_ && soup_websocket_connection_get_state(connection_.get()) == SOUP_WEBSOCKET_STATE_OPEN)
            soup_websocket_connection_send_text(connection_.get(), text.c_str());
    }

    void close(int code, const std::string &reason) override {
        const auto connection = std::exchange(connection_, {});
        if (!connection)
            return;
        g_signal_handlers_disconnect_by_data(connection.get(), this);
        // Stays alive until the closing handshake is through or times out.
        g_signal_connect(g_object_ref(connection.get()), "closed", G_CALLBACK(g_object_unref), nullptr);
        if (soup_websocket_connection_get_state(connection.get()) == SOUP_WEBSOCKET_STATE_OPEN)
            soup_websocket_connection_close(connection.get(), static_cast<gushort>(code), reason.c_str());
        else if (soup_websocket_connection_get_state(connection.get()) == SOUP_WEBSOCKET_STATE_CLOSED)
            g_object_unref(connection.get());
    }

  private:
    static void message_arrived(SoupWebsocketConnection *, int type, GBytes *bytes, gpointer data) {
        auto *self = static_cast<WebSocketStream *>(data);
        gsize size = 0;
        const auto *text = static_cast<const char *>(g_bytes_get_data(bytes, &size));
        const auto callback = self->on_message; // may destroy the stream
        if (callback)
            callback(type == SOUP_WEBSOCKET_DATA_TEXT && text ? std::string(text, size) : "");
    }
    static void connection_closed(SoupWebsocketConnection *, gpointer data) {
        auto *self = static_cast<WebSocketStream *>(data);
        g_signal_handlers_disconnect_by_data(self->connection_.get(), self);
        self->connection_.reset();
        const auto callback = std::exchange(self->on_closed, nullptr);
        if (callback)
            callback();
    }

    ObjectRef<SoupWebsocketConnection> connection_;
};

class SseStream final : public EventStream {
  public:
    explicit SseStream(const ExchangePtr &exchange) : message_(ObjectRef<SoupServerMessage>::ref(exchange->message())) {
        SoupMessageHeaders *headers = soup_server_message_get_response_headers(message_.get());
        soup_message_headers_set_encoding(headers, SOUP_ENCODING_CHUNKED);
        soup_message_headers_replace(headers, "Content-Type", "text/event-stream");
        soup_message_headers_replace(headers, "Cache-Control", "no-store");
        soup_message_body_set_accumulate(soup_server_message_get_response_body(message_.get()), FALSE);
        soup_server_message_set_status(message_.get(), 200, nullptr);
        g_signal_connect(message_.get(), "finished", G_CALLBACK(&SseStream::finished), this);
        heartbeat_.every(kHeartbeatMs, [this] { write(": \n\n"); });
        exchange->hand_over();
    }
    ~SseStream() override { close(0, ""); }

    void send(const std::string &text) override { write("data: " + text + "\n\n"); }

    void close(int, const std::string &) override {
        const auto message = std::exchange(message_, {});
        heartbeat_.cancel();
        if (!message)
            return;
        g_signal_handlers_disconnect_by_data(message.get(), this);
        soup_message_body_complete(soup_server_message_get_response_body(message.get()));
        soup_server_message_unpause(message.get());
    }

  private:
    void write(const std::string &text) {
        if (!message_)
            return;
        soup_message_body_append(soup_server_message_get_response_body(message_.get()), SOUP_MEMORY_COPY, text.data(),
                                 text.size());
        soup_server_message_unpause(message_.get());
    }
    static void finished(SoupServerMessage *, gpointer data) {
        auto *self = static_cast<SseStream *>(data);
        g_signal_handlers_disconnect_by_data(self->message_.get(), self);
        self->message_.reset();
        self->heartbeat_.cancel();
        const auto callback = std::exchange(self->on_closed, nullptr);
        if (callback)
            callback();
    }

    ObjectRef<SoupServerMessage> message_;
    Timer heartbeat_;
};

struct Upgrade {
    std::function<void(std::shared_ptr<EventStream>)> opened;
};

/// The 101 is on the wire: the connection leaves the HTTP server.
void complete_upgrade(SoupServerMessage *message, gpointer data) {
    const auto upgrade = std::exchange(static_cast<Upgrade *>(data)->opened, nullptr);
    const auto keep = ObjectRef<SoupServerMessage>::ref(message);
    const auto stream = ObjectRef<GIOStream>::adopt(soup_server_message_steal_connection(message));
    if (!stream || !upgrade)
        return;
    const char *origin = soup_message_headers_get_one(soup_server_message_get_request_headers(message), "Origin");
    upgrade(std::make_shared<WebSocketStream>(ObjectRef<SoupWebsocketConnection>::adopt(
        soup_websocket_connection_new(stream.get(), soup_server_message_get_uri(message),
                                      SOUP_WEBSOCKET_CONNECTION_SERVER, origin, nullptr, nullptr))));
}

} // namespace

bool wants_websocket(const Exchange &exchange) {
    return g_ascii_strcasecmp(exchange.header("Upgrade").c_str(), "websocket") == 0;
}

void accept_websocket(const ExchangePtr &exchange, std::function<void(std::shared_ptr<EventStream>)> opened) {
    SoupServerMessage *message = exchange->message();
    if (!soup_websocket_server_process_handshake(message, nullptr, nullptr, nullptr, nullptr))
        throw Refusal{400, "the WebSocket handshake is not right (RFC 6455 section 4.1)"};
    auto *upgrade = new Upgrade{std::move(opened)};
    // Of a client that goes away before: what waits for it holds the message, which would never be freed.
    g_signal_connect(message, "finished", G_CALLBACK(+[](SoupServerMessage *, gpointer data) {
                         static_cast<Upgrade *>(data)->opened = nullptr;
                     }),
                     upgrade);
    g_signal_connect_data(
        message, "wrote-informational", G_CALLBACK(complete_upgrade), upgrade,
        [](gpointer data, GClosure *) { delete static_cast<Upgrade *>(data); }, static_cast<GConnectFlags>(0));
    exchange->hand_over();
}

std::shared_ptr<EventStream> open_sse(const ExchangePtr &exchange) {
    return std::make_shared<SseStream>(exchange);
}

} // namespace rostrum
