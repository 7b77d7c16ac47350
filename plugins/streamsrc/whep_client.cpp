// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "streamsrc/whep_client.h"

#include "common/gst_ref.h"

#include <algorithm>

namespace rostrum {
namespace {

constexpr guint kTimeoutSeconds = 10;
constexpr guint kLeaveTimeoutSeconds = 1; // holds up the element's way to READY
constexpr gsize kMaxAnswerBytes = 256 * 1024;

std::string text_of(GBytes *bytes) {
    gsize size = 0;
    const auto *data = static_cast<const char *>(bytes ? g_bytes_get_data(bytes, &size) : nullptr);
    return {data ? data : "", std::min(size, kMaxAnswerBytes)};
}

} // namespace

struct WhepClient::Request {
    WhepClient *client;
    GstRef<SoupMessage> message;
    std::function<void(Result<std::string>)> done;
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
    auto message = GstRef<SoupMessage>::adopt(soup_message_new("POST", endpoint_.c_str()));
    if (!message)
        return done(Error{400, "'" + endpoint_ + "' is not a URI"});
    GBytes *body = g_bytes_new(offer.data(), offer.size());
    soup_message_set_request_body_from_bytes(message.get(), "application/sdp", body);
    g_bytes_unref(body);
    soup_message_headers_replace(soup_message_get_request_headers(message.get()), "Accept", "application/sdp");
    soup_session_send_and_read_async(session_, message.get(), G_PRIORITY_DEFAULT, cancellable_, on_answer,
                                     new Request{this, message, std::move(done)});
}

void WhepClient::on_answer(GObject *session, GAsyncResult *result, gpointer data) {
    const std::unique_ptr<Request> request(static_cast<Request *>(data));
    g_autoptr(GError) error = nullptr;
    g_autoptr(GBytes) body = soup_session_send_and_read_finish(SOUP_SESSION(session), result, &error);
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return; // the client may be gone
    request->done(request->client->read_answer(request->message.get(), body, error));
}

Result<std::string> WhepClient::read_answer(SoupMessage *message, GBytes *body, GError *error) {
    if (error)
        return Error{503, "cannot reach " + endpoint_ + ": " + error->message};
    const guint status = soup_message_get_status(message);
    if (status != SOUP_STATUS_CREATED)
        return Error{static_cast<int>(status), endpoint_ + " answered " + std::to_string(status) + " to the offer"};
    const char *location = soup_message_headers_get_one(soup_message_get_response_headers(message), "Location");
    if (location) {
        g_autofree gchar *absolute = g_uri_resolve_relative(endpoint_.c_str(), location, G_URI_FLAGS_NONE, nullptr);
        resource_ = absolute ? absolute : "";
    }
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
