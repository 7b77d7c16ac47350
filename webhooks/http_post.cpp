// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "webhooks/http_post.h"

#include "webhooks/guarded_address.h"

#include <array>

namespace rostrum {

namespace {
// Node closes idle connections after 5 s: we are first, or a POST would race it. libsoup's own idle timeout is no way
// to be first, for a POST that meets its last moment is never answered, nor cancelled; it only tidies up.
constexpr unsigned kTidySeconds = 60;
// Of an answer's body, which nobody looks at; one that takes more costs the receiver its connection.
constexpr gsize kMaxAnswerBytes = 16 * 1024;
constexpr unsigned kMaxAnswerMs = 500;
} // namespace

/// Shared by the callbacks that are under way; `done` is empty once the result is out or unwanted.
struct HttpPoster::Call : std::enable_shared_from_this<HttpPoster::Call> {
    using Self = std::shared_ptr<Call>;

    GObjectPtr<SoupMessage> message;
    GObjectPtr<GCancellable> cancellable{g_cancellable_new()};
    GObjectPtr<GInputStream> stream;
    GSource *timer = nullptr;
    std::array<char, 4096> rest; // of the answer
    gsize rest_size = 0;
    PostResult result;
    Done done;
    bool broken = false; // its connection cannot be used again

    ~Call() { stop_timer(); }

    /// An async operation holds the call until its callback.
    Self *hold() { return new Self(shared_from_this()); }
    static Self take(gpointer data) {
        const std::unique_ptr<Self> held(static_cast<Self *>(data));
        return std::move(*held);
    }

    void stop_timer() {
        if (!timer)
            return;
        g_source_destroy(timer);
        g_source_unref(timer);
        timer = nullptr;
    }

    void start_timer(unsigned ms) {
        stop_timer();
        timer = g_timeout_source_new(ms);
        g_source_set_callback(
            timer,
            [](gpointer data) -> gboolean {
                const Self self = static_cast<Call *>(data)->shared_from_this();
                self->on_timeout();
                return G_SOURCE_REMOVE;
            },
            this, nullptr);
        g_source_attach(timer, g_main_context_get_thread_default());
    }

    /// Does not wait for libsoup to agree that it is over.
    void on_timeout() {
        if (result.status == 0 && result.error.empty())
            result.error = "no answer in time";
        broken = true;
        finish();
        g_cancellable_cancel(cancellable.get());
    }

    void finish() {
        stop_timer();
        if (const Done call = std::exchange(done, nullptr))
            call(result);
    }

    void on_answer(SoupSession *session, GAsyncResult *async) {
        g_autoptr(GError) error = nullptr;
        stream.reset(soup_session_send_finish(session, async, &error));
        if (!done)
            return;
        if (!stream) {
            result.error = error->message;
            broken = true;
            finish();
            return;
        }
        result.status = soup_message_get_status(message.get());
        const char *retry =
            soup_message_headers_get_one(soup_message_get_response_headers(message.get()), "Retry-After");
        result.retry_after = retry ? retry : "";
        start_timer(kMaxAnswerMs);
        read_rest();
    }

    /// The connection can be used again only when the answer's body has been read (skipping would not count as
    /// reading).
    void read_rest() {
        g_input_stream_read_async(
            stream.get(), rest.data(), rest.size(), G_PRIORITY_DEFAULT, cancellable.get(),
            [](GObject *, GAsyncResult *async, gpointer data) { take(data)->on_rest(async); }, hold());
    }

    void on_rest(GAsyncResult *async) {
        const gssize size = g_input_stream_read_finish(stream.get(), async, nullptr);
        rest_size += size > 0 ? static_cast<gsize>(size) : 0;
        if (size > 0 && rest_size < kMaxAnswerBytes && done) {
            read_rest();
            return;
        }
        broken = broken || size != 0;
        g_input_stream_close(stream.get(), nullptr, nullptr);
        finish();
    }
};

namespace {

/// libsoup closes the connection after an answer whose length it does not know, and takes 204 for one, though it has no
/// body by definition (RFC 9112 §6.3).
void on_head(SoupMessage *message, gpointer) {
    if (soup_message_get_status(message) == SOUP_STATUS_NO_CONTENT)
        soup_message_headers_set_content_length(soup_message_get_response_headers(message), 0);
}

} // namespace

HttpPoster::HttpPoster(const HttpOptions &options, const std::string &url, bool guarded)
    : options_(options), url_(url), guarded_(guarded) {}

HttpPoster::~HttpPoster() {
    give_up_call();
    if (session_)
        soup_session_abort(session_.get());
}

void HttpPoster::give_up_call() {
    if (!call_)
        return;
    call_->stop_timer();
    call_->done = nullptr;
    g_cancellable_cancel(call_->cancellable.get());
    call_.reset();
}

GObjectPtr<SoupSession> HttpPoster::new_session() const {
    g_autoptr(GUri) uri = g_uri_parse(url_.c_str(), static_cast<GUriFlags>(SOUP_HTTP_URI_FLAGS), nullptr);
    const bool is_tls = uri && g_str_equal(g_uri_get_scheme(uri), "https");
    const int port = uri && g_uri_get_port(uri) > 0 ? g_uri_get_port(uri) : is_tls ? 443 : 80;
    const char *host = uri && g_uri_get_host(uri) ? g_uri_get_host(uri) : "";
    const auto address = new_guarded_address(options_.resolver, host, static_cast<guint16>(port), guarded_);
    GObjectPtr<SoupSession> session(
        SOUP_SESSION(g_object_new(SOUP_TYPE_SESSION, "user-agent", "Rostrum-Webhook/1", "idle-timeout", kTidySeconds,
                                  "remote-connectable", options_.use_proxy ? nullptr : address.get(), nullptr)));
    if (!options_.use_proxy)
        soup_session_set_proxy_resolver(session.get(), nullptr);
    soup_session_remove_feature_by_type(session.get(), SOUP_TYPE_CONTENT_DECODER);
    if (options_.certificates)
        soup_session_set_tls_database(session.get(), options_.certificates.get());
    return session;
}

void HttpPoster::post(const Headers &headers, std::string_view body, Done done) {
    const gint64 now_us = g_get_monotonic_time();
    if (session_ && (now_us - posted_us_ > kKeepUs || (call_ && call_->broken))) {
        soup_session_abort(session_.get());
        session_.reset();
    }
    if (!session_)
        session_ = new_session();
    posted_us_ = now_us;
    call_ = std::make_shared<Call>();
    call_->done = std::move(done);
    if (!is_http_url(url_)) { // answered like everything else, when the main loop comes round
        call_->result.error = "its address is no URL of a host";
        return call_->start_timer(0);
    }
    call_->message.reset(soup_message_new("POST", url_.c_str()));
    SoupMessage *message = call_->message.get();
    // Receivers know a delivery by its id, so libsoup may repeat it on a kept connection that broke; else it keeps
    // none.
    soup_message_add_flags(message, static_cast<SoupMessageFlags>(SOUP_MESSAGE_NO_REDIRECT | SOUP_MESSAGE_IDEMPOTENT));
    for (const auto &[name, value] : headers)
        soup_message_headers_replace(soup_message_get_request_headers(message), name.c_str(), value.c_str());
    g_autoptr(GBytes) bytes = g_bytes_new(body.data(), body.size());
    soup_message_set_request_body_from_bytes(message, "application/json", bytes);
    g_signal_connect(message, "got-headers", G_CALLBACK(on_head), nullptr);
    call_->start_timer(options_.timeout_ms);
    soup_session_send_async(
        session_.get(), message, G_PRIORITY_DEFAULT, call_->cancellable.get(),
        [](GObject *session, GAsyncResult *async, gpointer data) {
            Call::take(data)->on_answer(SOUP_SESSION(session), async);
        },
        call_->hold());
}

bool is_http_url(const std::string &url) {
    g_autoptr(GUri) uri = g_uri_parse(url.c_str(), static_cast<GUriFlags>(SOUP_HTTP_URI_FLAGS), nullptr);
    const char *scheme = uri ? g_uri_get_scheme(uri) : "";
    return (g_str_equal(scheme, "http") || g_str_equal(scheme, "https")) && g_uri_get_host(uri) && *g_uri_get_host(uri);
}

} // namespace rostrum
