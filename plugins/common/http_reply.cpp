// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/http_reply.h"

#include "common/whip_http.h"

#include <json-glib/json-glib.h>

#include <random>

namespace rostrum {

namespace {

constexpr char kRetryAfterSeconds[] = "5"; // long enough for viewers to have left, short enough to wait for

std::string error_json(const peerwire::Error &error) {
    g_autoptr(JsonObject) object = json_object_new();
    json_object_set_int_member(object, "code", error.code);
    g_autofree char *message = g_utf8_make_valid(error.text.data(), static_cast<gssize>(error.text.size()));
    json_object_set_string_member(object, "message", message);
    json_object_set_string_member(object, "requestId", random_id().c_str());
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    json_node_set_object(node, object);
    g_autofree char *text = json_to_string(node, FALSE);
    return text;
}

} // namespace

std::string random_id() {
    constexpr char kDigits[] = "0123456789abcdef";
    std::random_device device;
    std::string id;
    for (int word = 0; word < 4; ++word) {
        uint32_t bits = device();
        for (int digit = 0; digit < 8; ++digit, bits >>= 4)
            id += kDigits[bits & 15];
    }
    return id;
}

void add_common_headers(SoupServerMessage *message) {
    SoupMessageHeaders *headers = soup_server_message_get_response_headers(message);
    if (!soup_check_version(3, 3, 0))
        // Older libsoup never frees an idle connection that its client closed.
        soup_message_headers_replace(headers, "Connection", "close");
    soup_message_headers_replace(headers, "Access-Control-Allow-Origin", "*");
    soup_message_headers_replace(
        headers, "Access-Control-Expose-Headers",
        "Accept-Patch, Access-Control-Allow-Methods, Allow, ETag, Link, Location, Retry-After");
}

void reply_text(SoupServerMessage *message, unsigned status, const char *content_type, const std::string &text) {
    soup_server_message_set_status(message, status, nullptr);
    soup_server_message_set_response(message, content_type, SOUP_MEMORY_COPY, text.data(), text.size());
}

void reply_error(SoupServerMessage *message, const peerwire::Error &error) {
    const unsigned status = error.code >= 400 && error.code < 600 ? static_cast<unsigned>(error.code) : 500u;
    if (status == 503)
        soup_message_headers_replace(soup_server_message_get_response_headers(message), "Retry-After",
                                     kRetryAfterSeconds);
    reply_text(message, status, "application/json", error_json(error));
}

void reply_not_allowed(SoupServerMessage *message, const char *allowed_methods) {
    soup_message_headers_replace(soup_server_message_get_response_headers(message), "Allow", allowed_methods);
    reply_error(message, {405, std::string("allowed here: ") + allowed_methods});
}

void reply_options(SoupServerMessage *message, const char *allowed_methods) {
    SoupMessageHeaders *headers = soup_server_message_get_response_headers(message);
    soup_message_headers_replace(headers, "Allow", allowed_methods);
    soup_message_headers_replace(headers, "Access-Control-Allow-Methods", kWhipMethods);
    soup_message_headers_replace(headers, "Access-Control-Allow-Headers",
                                 "Authorization, Content-Type, ETag, If-Match");
    soup_message_headers_replace(headers, "Access-Control-Max-Age", "86400");
    soup_server_message_set_status(message, 200, nullptr); // RFC 9725 §4.2 names this one
}

} // namespace rostrum
