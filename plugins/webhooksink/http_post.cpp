// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "webhooksink/http_post.h"

#include <array>

namespace rostrum {

namespace {
// Node closes idle connections after 5 s: we are first, or a POST would race it. libsoup's own idle timeout is no way
// to be first, for a POST that meets its last moment is never answered, nor cancelled; it only tidies up.
constexpr gint64 kKeepUs = 3'000'000;
constexpr unsigned kTidySeconds = 60;
constexpr gsize kMaxAnswerBytes = 64 * 1024; // of a body that nobody reads; more costs the receiver its connection
} // namespace

/// Shared by the callbacks that are under way; `done` is empty once the result is out or unwanted.
struct HttpPoster::Call : std::enable_shared_from_this<HttpPoster::Call> {
    using Self = std::shared_ptr<Call>;

    GObjectPtr<SoupMessage> message;
    GObjectPtr<GCancellable> cancellable{g_cancellable_new()};
    GObjectPtr<GInputStream> stream;
    GSource *timer = nullptr;
    std::array<char, 4096> rest; // of the answer; nobody looks at it
    gsize rest_size = 0;
    PostResult result;
    Done done;

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
        timer = g_timeout_source_new(ms);
        g_source_set_callback(
            timer,
            [](gpointer data) -> gboolean {
                auto *self = static_cast<Call *>(data);
                if (self->result.status == 0)
                    self->result.error = "no answer in time";
                g_cancellable_cancel(self->cancellable.get());
                return G_SOURCE_REMOVE;
            },
            this, nullptr);
        g_source_attach(timer, g_main_context_get_thread_default());
    }

    void finish() {
        stop_timer();
        if (const Done call = std::exchange(done, nullptr))
            call(result);
    }

    void on_answer(SoupSession *session, GAsyncResult *async) {
        g_autoptr(GError) error = nullptr;
        stream.reset(soup_session_send_finish(session, async, &error));
        if (!stream) {
            if (result.error.empty())
                result.error = error->message;
            finish();
            return;
        }
        result.status = soup_message_get_status(message.get());
        const char *retry =
            soup_message_headers_get_one(soup_message_get_response_headers(message.get()), "Retry-After");
        result.retry_after = retry ? retry : "";
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
        if (size > 0 && rest_size < kMaxAnswerBytes) {
            read_rest();
            return;
        }
        g_input_stream_close(stream.get(), nullptr, nullptr);
        finish();
    }
};

HttpPoster::HttpPoster(unsigned timeout_ms)
    : session_(soup_session_new_with_options("user-agent", "Rostrum-Webhook/1", "idle-timeout", kTidySeconds, nullptr)),
      timeout_ms_(timeout_ms) {}

HttpPoster::~HttpPoster() {
    if (call_) {
        call_->done = nullptr;
        g_cancellable_cancel(call_->cancellable.get());
    }
    soup_session_abort(session_.get());
}

void HttpPoster::post(const std::string &url, const Headers &headers, std::string_view body, Done done) {
    const gint64 now_us = g_get_monotonic_time();
    if (now_us - posted_us_ > kKeepUs)
        soup_session_abort(session_.get()); // nothing is under way: it closes what is idle
    posted_us_ = now_us;
    call_ = std::make_shared<Call>();
    call_->done = std::move(done);
    call_->message.reset(soup_message_new("POST", url.c_str()));
    SoupMessage *message = call_->message.get();
    // Receivers know a delivery by its id, so libsoup may repeat it on a kept connection that broke; else it keeps
    // none.
    soup_message_add_flags(message, static_cast<SoupMessageFlags>(SOUP_MESSAGE_NO_REDIRECT | SOUP_MESSAGE_IDEMPOTENT));
    for (const auto &[name, value] : headers)
        soup_message_headers_replace(soup_message_get_request_headers(message), name.c_str(), value.c_str());
    g_autoptr(GBytes) bytes = g_bytes_new(body.data(), body.size());
    soup_message_set_request_body_from_bytes(message, "application/json", bytes);
    call_->start_timer(timeout_ms_);
    soup_session_send_async(
        session_.get(), message, G_PRIORITY_DEFAULT, call_->cancellable.get(),
        [](GObject *session, GAsyncResult *async, gpointer data) {
            Call::take(data)->on_answer(SOUP_SESSION(session), async);
        },
        call_->hold());
}

} // namespace rostrum
