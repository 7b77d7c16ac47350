// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/http_endpoint.h"

#include "common/http_listener.h"
#include "common/http_reply.h"
#include "common/listen_uri.h"
#include "common/sdp_offer.h"
#include "common/text.h"
#include "common/whip_http.h"

#include <libsoup/soup.h>

#include <future>
#include <optional>
#include <thread>

namespace rostrum {

namespace {

std::string request_body(SoupServerMessage *message) {
    g_autoptr(GBytes) bytes = soup_message_body_flatten(soup_server_message_get_request_body(message));
    gsize size = 0;
    const void *data = g_bytes_get_data(bytes, &size);
    return {static_cast<const char *>(data ? data : ""), size};
}

constexpr char kEndpointMethods[] = "GET, HEAD, OPTIONS, POST";
constexpr char kSessionMethods[] = "DELETE, GET, HEAD, OPTIONS, PATCH";

bool has_content_type(SoupServerMessage *message, const char *type) {
    const char *given =
        soup_message_headers_get_content_type(soup_server_message_get_request_headers(message), nullptr);
    return given && equals_ignoring_case(given, type);
}

std::string request_header(SoupServerMessage *message, const char *name) {
    const char *value = soup_message_headers_get_list(soup_server_message_get_request_headers(message), name);
    return value ? value : "";
}

/// Of If-Match; there are clients that send it back as they got it.
std::string wanted_tag(SoupServerMessage *message) {
    const std::string if_match = request_header(message, "If-Match");
    return if_match.empty() ? request_header(message, "ETag") : if_match;
}

void set_header(SoupServerMessage *message, const char *name, const std::string &value) {
    soup_message_headers_replace(soup_server_message_get_response_headers(message), name, value.c_str());
}

/// Thread-bound: the endpoint's thread. Turns requests into calls of the handler.
class Router {
  public:
    Router(std::string path, WebrtcHttpHandler &handler) : path_(std::move(path)), handler_(handler) {}

    void route(SoupServerMessage *message, const std::string &path) {
        add_common_headers(message);
        const std::string prefix = path_ == "/" ? "/" : path_ + "/";
        if (path == path_)
            return route_endpoint(message);
        if (path.rfind(prefix, 0) == 0)
            return route_session(message, path.substr(prefix.size()));
        reply_error(message, {404, "there is nothing at " + path});
    }

  private:
    void route_endpoint(SoupServerMessage *message) {
        const std::string_view method = soup_server_message_get_method(message);
        if (method == "POST")
            return create(message);
        if (method == "OPTIONS") {
            set_header(message, "Accept-Post", kSdpType);
            return reply_options(message, kEndpointMethods);
        }
        if (method == "GET" || method == "HEAD")
            return reply_text(message, 200, kSdpType, ""); // WHEP draft, discoverability
        reply_not_allowed(message, kEndpointMethods);
    }

    void route_session(SoupServerMessage *message, const std::string &id) {
        const std::string_view method = soup_server_message_get_method(message);
        if (method == "PATCH")
            return patch(message, id);
        if (method == "DELETE")
            return remove(message, id);
        if (method == "OPTIONS") {
            set_header(message, "Accept-Patch", kFragmentType);
            return reply_options(message, kSessionMethods);
        }
        if (method == "GET" || method == "HEAD")
            return handler_.ice_session(id).empty() ? reply_unknown(message, id)
                                                    : soup_server_message_set_status(message, 204, nullptr);
        reply_not_allowed(message, kSessionMethods);
    }

    void create(SoupServerMessage *message) {
        if (!has_content_type(message, kSdpType))
            return reply_error(message, {415, std::string("the offer has to be sent as ") + kSdpType});
        if (!accepts(request_header(message, "Accept"), kSdpType))
            return reply_error(message, {406, std::string("an answer is ") + kSdpType + ", which Accept leaves out"});
        const std::string id = random_id();
        const auto answer = handler_.create_session(id, request_body(message));
        if (!answer.ok())
            return reply_error(message, answer.error());
        set_header(message, "Location", (path_ == "/" ? "/" : path_ + "/") + id);
        set_header(message, "ETag", entity_tag(handler_.ice_session(id)));
        set_header(message, "Accept-Patch", kFragmentType);
        reply_text(message, 201, kSdpType, answer.value());
    }

    void patch(SoupServerMessage *message, const std::string &id) {
        const std::string current = handler_.ice_session(id), wanted = wanted_tag(message);
        if (current.empty())
            return reply_unknown(message, id);
        if (!has_content_type(message, kFragmentType))
            return reply_error(message, {415, std::string("a fragment has to be sent as ") + kFragmentType});
        if (wanted.empty())
            return reply_error(message, {428, "say by If-Match which ICE session the fragment is for: the ETag, or * "
                                              "for a restart"});
        // A candidate that comes late must not be taken for another restart (RFC 9725 §4.3.2).
        if (!if_match(wanted, entity_tag(current)))
            return reply_error(message, {412, "the fragment is for an ICE session that is over"});
        const auto fragment = handler_.patch_session(id, request_body(message));
        if (!fragment.ok())
            return reply_error(message, fragment.error());
        if (fragment.value().empty())
            return soup_server_message_set_status(message, 204, nullptr);
        set_header(message, "ETag", entity_tag(handler_.ice_session(id)));
        reply_text(message, 200, kFragmentType, fragment.value());
    }

    static void reply_unknown(SoupServerMessage *message, const std::string &id) {
        reply_error(message, {404, "there is no session " + id});
    }

    void remove(SoupServerMessage *message, const std::string &id) {
        if (!handler_.delete_session(id))
            return reply_unknown(message, id);
        soup_server_message_set_status(message, 200, nullptr);
    }

    const std::string path_;
    WebrtcHttpHandler &handler_;
};

/// A body over the limit is refused by its Content-Length, or cut off when it comes in chunks.
void limit_body(SoupServer *, SoupServerMessage *message, const char *, GHashTable *, gpointer) {
    SoupMessageHeaders *headers = soup_server_message_get_request_headers(message);
    if (soup_message_headers_get_content_length(headers) > static_cast<goffset>(kMaxSdpBytes)) {
        add_common_headers(message);
        return reply_error(message, {413, "the body is larger than 64 KiB"});
    }
    const auto on_chunk = +[](SoupServerMessage *self, GBytes *, gpointer) {
        GSocket *socket = HttpListener::socket_of(self);
        if (socket && soup_server_message_get_request_body(self)->length > static_cast<goffset>(kMaxSdpBytes))
            g_socket_close(socket, nullptr);
    };
    g_signal_connect(message, "got-chunk", G_CALLBACK(on_chunk), nullptr);
}

class Endpoint : public WebrtcHttpEndpoint {
  public:
    Endpoint(ListenUri listen, WebrtcHttpHandler &handler)
        : listen_(std::move(listen)), router_(listen_.path, handler) {}

    ~Endpoint() override {
        if (!thread_.joinable())
            return;
        g_main_context_invoke_full(
            context_, G_PRIORITY_DEFAULT,
            [](gpointer loop) {
                g_main_loop_quit(static_cast<GMainLoop *>(loop));
                return G_SOURCE_REMOVE;
            },
            loop_, nullptr);
        thread_.join();
    }

    std::optional<Error> run() {
        std::promise<std::optional<Error>> started;
        auto result = started.get_future();
        thread_ = std::thread([this, promise = std::move(started)]() mutable { serve(std::move(promise)); });
        return result.get();
    }

    std::string uri() const override { return listen_.to_string(); }

  private:
    void serve(std::promise<std::optional<Error>> started) {
        g_main_context_push_thread_default(context_);
        {
            g_autoptr(SoupServer) server = soup_server_new("server-header", "rostrum", nullptr);
            soup_server_add_early_handler(server, nullptr, limit_body, nullptr, nullptr);
            soup_server_add_handler(server, nullptr, on_request, this, nullptr);
            HttpListener listener(server);
            const auto error = open(listener);
            started.set_value(error);
            if (!error)
                g_main_loop_run(loop_);
            soup_server_disconnect(server);
        }
        while (g_main_context_iteration(context_, FALSE)) { // what the closed connections left behind
        }
        g_main_context_pop_thread_default(context_);
    }

    std::optional<Error> open(HttpListener &listener) {
        g_autoptr(GSocketAddress) address = g_inet_socket_address_new_from_string(listen_.host.c_str(), listen_.port);
        const auto port = listener.listen(address);
        if (!port.ok())
            return Error{500, "cannot listen on " + listen_.to_string() + ": " + port.error().text};
        listen_.port = port.value();
        return std::nullopt;
    }

    static void on_request(SoupServer *, SoupServerMessage *message, const char *path, GHashTable *, gpointer self) {
        static_cast<Endpoint *>(self)->router_.route(message, path);
    }

    struct LoopUnref {
        void operator()(GMainLoop *loop) const { g_main_loop_unref(loop); }
    };
    struct ContextUnref {
        void operator()(GMainContext *context) const { g_main_context_unref(context); }
    };

    // The port is written once by the thread before run() returns; the rest is constant after construction.
    ListenUri listen_;
    Router router_;
    std::unique_ptr<GMainContext, ContextUnref> owned_context_{g_main_context_new()};
    std::unique_ptr<GMainLoop, LoopUnref> owned_loop_{g_main_loop_new(owned_context_.get(), FALSE)};
    GMainContext *const context_ = owned_context_.get();
    GMainLoop *const loop_ = owned_loop_.get();
    std::thread thread_;
};

} // namespace

Result<std::unique_ptr<WebrtcHttpEndpoint>> WebrtcHttpEndpoint::start(const std::string &listen,
                                                                      WebrtcHttpHandler &handler) {
    auto uri = parse_listen_uri(listen);
    if (!uri.ok())
        return uri.error();
    auto endpoint = std::make_unique<Endpoint>(std::move(uri).value(), handler);
    if (const auto error = endpoint->run())
        return *error;
    return std::unique_ptr<WebrtcHttpEndpoint>(std::move(endpoint));
}

} // namespace rostrum
