// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "streamsrc/whep_client.h"

#include "common/gst_ref.h"

#include <algorithm>

namespace rostrum {
namespace {

constexpr guint kTimeoutSeconds = 10;
constexpr guint kLeaveTimeoutSeconds = 1; // holds up the element's way to READY
constexpr unsigned kMaxRedirects = 5;
constexpr gsize kMaxAnswerBytes = 256 * 1024;

std::string text_of(GBytes *bytes) {
    gsize size = 0;
    const auto *data = static_cast<const char *>(bytes ? g_bytes_get_data(bytes, &size) : nullptr);
    return {data ? data : "", std::min(size, kMaxAnswerBytes)};
}

/// The Location of an answer to a request to `url`, absolute; "" when there is none.
std::string location_of(SoupMessage *message, const std::string &url) {
    const char *location = soup_message_headers_get_one(soup_message_get_response_headers(message), "Location");
    g_autofree gchar *absolute =
        location ? g_uri_resolve_relative(url.c_str(), location, G_URI_FLAGS_NONE, nullptr) : nullptr;
    return absolute ? absolute : "";
}

bool is_redirect(guint status) {
    return status == SOUP_STATUS_TEMPORARY_REDIRECT || status == SOUP_STATUS_PERMANENT_REDIRECT;
}

} // namespace

struct WhepClient::Request {
    WhepClient *client;
    std::string url, offer;
    std::function<void(Result<std::string>)> done;
    unsigned redirects = 0;
    GstRef<SoupMessage> message{};
};

WhepClient::WhepClient(std::string endpoint)
    : endpoint_(std::move(endpoint)),
      session_(soup_session_new_with_options("timeout", kTimeoutSeconds, "user-agent", "rostrum", nullptr)),
      cancellable_(g_cancellable_new()) {}

WhepClient::~WhepClient() {
    g_cancellable_cancel(cancellable_);
    soup_session_abort(session_);
    g_object_unref(session_);
    g_object_unref(cancellable_);
}

void WhepClient::play(const std::string &offer, std::function<void(Result<std::string>)> done) {
    post(std::unique_ptr<Request>(new Request{this, endpoint_, offer, std::move(done)}));
}

void WhepClient::post(std::unique_ptr<Request> request) {
    request->message = GstRef<SoupMessage>::adopt(soup_message_new("POST", request->url.c_str()));
    SoupMessage *message = request->message.get();
    if (!message)
        return request->done(Error{400, "'" + request->url + "' is not a URI"});
    GBytes *body = g_bytes_new(request->offer.data(), request->offer.size());
    soup_message_set_request_body_from_bytes(message, "application/sdp", body);
    g_bytes_unref(body);
    soup_message_headers_replace(soup_message_get_request_headers(message), "Accept", "application/sdp");
    soup_session_send_and_read_async(session_, message, G_PRIORITY_DEFAULT, cancellable_, on_answer, request.release());
}

void WhepClient::on_answer(GObject *session, GAsyncResult *result, gpointer data) {
    std::unique_ptr<Request> request(static_cast<Request *>(data));
    g_autoptr(GError) error = nullptr;
    g_autoptr(GBytes) body = soup_session_send_and_read_finish(SOUP_SESSION(session), result, &error);
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return; // the client may be gone
    SoupMessage *message = request->message.get();
    if (!error && is_redirect(soup_message_get_status(message)) && request->redirects < kMaxRedirects) {
        // RFC 9725 §4.5, which the draft shares: the offer goes there as it is
        if (const std::string next = location_of(message, request->url); !next.empty()) {
            request->url = next;
            ++request->redirects;
            return request->client->post(std::move(request));
        }
    }
    request->done(request->client->read_answer(*request, body, error));
}

Result<std::string> WhepClient::read_answer(const Request &request, GBytes *body, GError *error) {
    if (error)
        return Error{503, "cannot reach " + request.url + ": " + error->message};
    const guint status = soup_message_get_status(request.message.get());
    if (status != SOUP_STATUS_CREATED)
        return Error{static_cast<int>(status), request.url + " answered " + std::to_string(status) + " to the offer"};
    resource_ = location_of(request.message.get(), request.url);
    return text_of(body);
}

void WhepClient::leave() {
    if (resource_.empty())
        return;
    const auto message = GstRef<SoupMessage>::adopt(soup_message_new("DELETE", resource_.c_str()));
    resource_.clear();
    if (!message)
        return;
    const auto session =
        GstRef<SoupSession>::adopt(soup_session_new_with_options("timeout", kLeaveTimeoutSeconds, nullptr));
    GBytes *body = soup_session_send_and_read(session.get(), message.get(), nullptr, nullptr);
    g_clear_pointer(&body, g_bytes_unref);
}

} // namespace rostrum
