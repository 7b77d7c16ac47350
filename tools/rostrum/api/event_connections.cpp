// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/event_connections.h"

#include "tools/rostrum/api/http_connection.h"
#include "tools/rostrum/api/message_meter.h"

#include <algorithm>
#include <utility>

namespace rostrum {
namespace {

constexpr unsigned kPingIntervalS = 20;         // below the socket timeout, so that a silent but living client stays
constexpr unsigned kHeartbeatMs = 15000;        // an SSE comment: finds out whether the client is still there
constexpr unsigned kMaxHeld = 256;              // events, while nothing can be stored
constexpr int kTryAgainLater = 1013;            // WebSocket close code
constexpr guint64 kMaxCommandBytes = 16 * 1024; // what a client may send in one message, in however many frames

/// Nobody is told what is not on disk.
class HeldStream : public EventStream, public std::enable_shared_from_this<HeldStream> {
  public:
    explicit HeldStream(Database &database) : database_(database), ungated_(!database.fault().empty()) {}

    void send(const std::string &text) final {
        if (ungated_ || !database_.pending())
            return write(text);
        if (held_ >= kMaxHeld && !database_.fault().empty())
            return give_up("the server cannot write to its disk");
        ++held_;
        database_.after_commit([weak = weak_from_this(), text] {
            if (const auto self = weak.lock()) {
                --self->held_;
                self->write(text);
            }
        });
    }

    void close(int code, const std::string &reason) final {
        on_message = nullptr;
        on_closed = nullptr;
        if (ungated_)
            return end(code, reason);
        database_.after_commit([self = shared_from_this(), code, reason] { self->end(code, reason); });
    }

  protected:
    virtual void write(const std::string &text) = 0;
    virtual void end(int code, const std::string &reason) = 0;

    /// The participant may come back, and then gets the whole state. Its owner hears of it when the main loop comes
    /// round: it may be in the middle of telling others.
    void give_up(const char *why) {
        end(kTryAgainLater, why);
        giving_up_.once(0, [this] {
            if (const auto callback = std::exchange(on_closed, nullptr))
                callback();
        });
    }

  private:
    Database &database_;
    const bool ungated_; // opened while nothing can be stored, only to be told so
    unsigned held_ = 0;
    Timer giving_up_;
};

class WebSocketStream final : public HeldStream {
  public:
    WebSocketStream(Database &database, ObjectRef<SoupWebsocketConnection> connection)
        : HeldStream(database), connection_(std::move(connection)) {
        SoupWebsocketConnection *socket = connection_.get();
        soup_websocket_connection_set_max_incoming_payload_size(socket, kMaxCommandBytes);
        soup_websocket_connection_set_keepalive_interval(socket, kPingIntervalS);
        g_signal_connect(socket, "message", G_CALLBACK(&WebSocketStream::message_arrived), this);
        g_signal_connect(socket, "closed", G_CALLBACK(&WebSocketStream::connection_closed), this);
    }
    ~WebSocketStream() override { end(1001, ""); }

    size_t unread() const override { return is_writable() ? 0 : unread_; }

  private:
    void write(const std::string &text) override {
        if (!connection_ || soup_websocket_connection_get_state(connection_.get()) != SOUP_WEBSOCKET_STATE_OPEN)
            return;
        unread_ = is_writable() ? 0 : unread_ + text.size();
        if (unread_ > kMaxUnreadBytes)
            return give_up("events are not read");
        soup_websocket_connection_send_text(connection_.get(), text.c_str());
    }

    bool is_writable() const {
        GIOStream *stream = connection_ ? soup_websocket_connection_get_io_stream(connection_.get()) : nullptr;
        return !stream ||
               g_pollable_output_stream_is_writable(G_POLLABLE_OUTPUT_STREAM(g_io_stream_get_output_stream(stream)));
    }

    void end(int code, const std::string &reason) override {
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

    static void message_arrived(SoupWebsocketConnection *, int type, GBytes *bytes, gpointer data) {
        auto *self = static_cast<WebSocketStream *>(data);
        gsize size = 0;
        const auto *text = static_cast<const char *>(g_bytes_get_data(bytes, &size));
        const auto callback = self->on_message; // may destroy the stream
        if (callback)
            guarded([&] { callback(type == SOUP_WEBSOCKET_DATA_TEXT && text ? std::string(text, size) : ""); });
    }
    static void connection_closed(SoupWebsocketConnection *, gpointer data) {
        auto *self = static_cast<WebSocketStream *>(data);
        g_signal_handlers_disconnect_by_data(self->connection_.get(), self);
        self->connection_.reset();
        if (const auto callback = std::exchange(self->on_closed, nullptr))
            guarded(callback);
    }

    ObjectRef<SoupWebsocketConnection> connection_;
    size_t unread_ = 0;
};

class SseStream final : public HeldStream {
  public:
    SseStream(const ExchangePtr &exchange, const char *field)
        : HeldStream(exchange->database()), field_(field),
          message_(ObjectRef<SoupServerMessage>::ref(exchange->message())) {
        SoupMessageHeaders *headers = soup_server_message_get_response_headers(message_.get());
        soup_message_headers_set_encoding(headers, SOUP_ENCODING_CHUNKED);
        soup_message_headers_replace(headers, "Content-Type", "text/event-stream");
        soup_message_headers_replace(headers, "Cache-Control", "no-store");
        soup_message_body_set_accumulate(soup_server_message_get_response_body(message_.get()), FALSE);
        soup_server_message_set_status(message_.get(), 200, nullptr);
        g_signal_connect(message_.get(), "finished", G_CALLBACK(&SseStream::finished), this);
        g_signal_connect(message_.get(), "wrote-body-data", G_CALLBACK(&SseStream::wrote), this);
        heartbeat_.every(kHeartbeatMs, [this] { append(": \n\n"); });
        exchange->hand_over();
    }
    ~SseStream() override { end(0, ""); }

  private:
    void write(const std::string &text) override { append(field_ + text + "\n\n"); }

    void end(int, const std::string &) override {
        const auto message = std::exchange(message_, {});
        heartbeat_.cancel();
        if (!message)
            return;
        g_signal_handlers_disconnect_by_data(message.get(), this);
        soup_message_body_complete(soup_server_message_get_response_body(message.get()));
        soup_server_message_unpause(message.get());
    }

    void append(const std::string &text) {
        if (!message_)
            return;
        unread_ += text.size();
        if (unread_ > kMaxUnreadBytes)
            return give_up("events are not read");
        soup_message_body_append(soup_server_message_get_response_body(message_.get()), SOUP_MEMORY_COPY, text.data(),
                                 text.size());
        soup_server_message_unpause(message_.get());
    }
    static void wrote(SoupServerMessage *, guint size, gpointer data) {
        auto *self = static_cast<SseStream *>(data);
        self->unread_ -= std::min<size_t>(self->unread_, size);
    }
    static void finished(SoupServerMessage *, gpointer data) {
        auto *self = static_cast<SseStream *>(data);
        g_signal_handlers_disconnect_by_data(self->message_.get(), self);
        self->message_.reset();
        self->heartbeat_.cancel();
        if (const auto callback = std::exchange(self->on_closed, nullptr))
            guarded(callback);
    }

    const std::string field_; // in front of what is sent
    ObjectRef<SoupServerMessage> message_;
    Timer heartbeat_;
    size_t unread_ = 0;
};

struct Upgrade {
    Database &database;
    std::function<void(std::shared_ptr<EventStream>)> opened;
};

/// `stream`, which is taken over; it ends where a client sends a message that is too long in pieces.
ObjectRef<GIOStream> with_limited_messages(GIOStream *stream) {
    auto connection = std::make_shared<HttpConnection>();
    connection->heard = [meter = MessageMeter(kMaxCommandBytes)](const void *bytes, size_t size) mutable {
        return meter.feed({static_cast<const uint8_t *>(bytes), size});
    };
    return ObjectRef<GIOStream>::adopt(new_http_stream(stream, std::move(connection)));
}

/// The 101 is on the wire: the connection leaves the HTTP server.
void complete_upgrade(SoupServerMessage *message, gpointer data) {
    auto *upgrade = static_cast<Upgrade *>(data);
    const auto opened = std::exchange(upgrade->opened, nullptr);
    const auto keep = ObjectRef<SoupServerMessage>::ref(message);
    GIOStream *stolen = soup_server_message_steal_connection(message);
    if (!stolen)
        return;
    const auto stream = with_limited_messages(stolen);
    if (!opened)
        return;
    const char *origin = soup_message_headers_get_one(soup_server_message_get_request_headers(message), "Origin");
    opened(std::make_shared<WebSocketStream>(upgrade->database,
                                             ObjectRef<SoupWebsocketConnection>::adopt(soup_websocket_connection_new(
                                                 stream.get(), soup_server_message_get_uri(message),
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
    auto *upgrade = new Upgrade{exchange->database(), std::move(opened)};
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
    return std::make_shared<SseStream>(exchange, "data: ");
}

std::shared_ptr<EventStream> open_sse_of_lines(const ExchangePtr &exchange) {
    return std::make_shared<SseStream>(exchange, "");
}

} // namespace rostrum
