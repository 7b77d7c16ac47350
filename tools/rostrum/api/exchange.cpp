// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/exchange.h"

#include "tools/rostrum/base/ids.h"

namespace rostrum {
namespace {

constexpr char kExposedHeaders[] = "Location, ETag, Link, Retry-After, X-Request-Id, Content-Range, Accept-Ranges";

/// D-Bus and JSON take nothing but UTF-8.
std::string valid_text(const std::string &bytes) {
    return take_string(g_utf8_make_valid(bytes.data(), static_cast<gssize>(bytes.size())));
}

std::vector<std::string> decoded_segments(const char *path) {
    std::vector<std::string> segments;
    char **parts = g_strsplit(path, "/", 0);
    for (char **part = parts; *part; ++part)
        if (**part) // a slash at the end, or two in a row, mean nothing
            segments.push_back(valid_text(take_string(g_uri_unescape_string(*part, nullptr))));
    g_strfreev(parts);
    return segments;
}

std::map<std::string, std::string> decoded_query(const char *query) {
    std::map<std::string, std::string> values;
    if (!query)
        return values;
    GHashTable *form = soup_form_decode(query);
    GHashTableIter iter;
    gpointer key, value;
    g_hash_table_iter_init(&iter, form);
    while (g_hash_table_iter_next(&iter, &key, &value))
        if (key && value && g_utf8_validate(static_cast<char *>(value), -1, nullptr))
            values[static_cast<char *>(key)] = static_cast<char *>(value);
    g_hash_table_unref(form);
    return values;
}

bool is_header_value(const std::string &value) {
    for (const unsigned char c : value)
        if (c < ' ' || c == 0x7f)
            return false;
    return true;
}

} // namespace

Exchange::Exchange(SoupServerMessage *message, std::string cors_origin)
    : message_(ObjectRef<SoupServerMessage>::ref(message)), cors_origin_(std::move(cors_origin)),
      request_id_(random_hex(16)), method_(soup_server_message_get_method(message)) {
    GUri *uri = soup_server_message_get_uri(message);
    path_ = decoded_segments(g_uri_get_path(uri));
    query_ = decoded_query(g_uri_get_query(uri));
    g_signal_connect_swapped(message, "finished", G_CALLBACK(+[](Exchange *self) { self->gone_ = true; }), this);
    set_header("X-Request-Id", request_id_);
    if (!cors_origin_.empty()) {
        set_header("Access-Control-Allow-Origin", cors_origin_);
        set_header("Access-Control-Expose-Headers", kExposedHeaders);
    }
}

/// A handler that forgot to answer, or was destroyed with a deferred reply.
Exchange::~Exchange() {
    if (!replied_)
        refuse({500, "the request was not answered"});
    g_signal_handlers_disconnect_by_data(message_.get(), this);
}

std::string Exchange::header(const char *name) const {
    const char *value = soup_message_headers_get_list(soup_server_message_get_request_headers(message_.get()), name);
    return value && g_utf8_validate(value, -1, nullptr) ? value : "";
}

std::string Exchange::content_type() const {
    const char *type =
        soup_message_headers_get_content_type(soup_server_message_get_request_headers(message_.get()), nullptr);
    return type ? take_string(g_ascii_strdown(type, -1)) : "";
}

std::string Exchange::query(const char *name) const {
    const auto found = query_.find(name);
    return found == query_.end() ? "" : found->second;
}

std::string Exchange::param(const std::string &name) const {
    const auto found = params_.find(name);
    return found == params_.end() ? "" : found->second;
}

std::string Exchange::client_address() const {
    const char *host = soup_server_message_get_remote_host(message_.get());
    return host ? host : "";
}

std::string Exchange::body() const {
    GBytes *bytes = soup_message_body_flatten(soup_server_message_get_request_body(message_.get()));
    gsize size = 0;
    const auto *data = static_cast<const char *>(g_bytes_get_data(bytes, &size));
    std::string text(data ? data : "", size);
    g_bytes_unref(bytes);
    return text;
}

Json Exchange::json_body() const {
    const std::string text = body();
    if (text.find_first_not_of(" \t\r\n") == std::string::npos)
        return Json::object();
    if (content_type() != "application/json")
        throw Refusal{415, "send the body as `Content-Type: application/json`"};
    std::string error;
    const auto json = parse_json(text, &error);
    if (!json)
        throw Refusal{400, "the body is not JSON: " + error};
    if (!json->is_object())
        throw Refusal{400, "the body has to be a JSON object"};
    return *json;
}

std::string Exchange::text_body(const char *type) const {
    if (content_type() != type)
        throw Refusal{415, std::string("send the body as `Content-Type: ") + type + "`"};
    std::string text = body();
    if (!g_utf8_validate_len(text.data(), text.size(), nullptr))
        throw Refusal{400, "the body is not text"};
    return text;
}

void Exchange::set_header(const char *name, const std::string &value) {
    if (is_header_value(value))
        soup_message_headers_replace(soup_server_message_get_response_headers(message_.get()), name, value.c_str());
}

void Exchange::add_header(const char *name, const std::string &value) {
    if (is_header_value(value))
        soup_message_headers_append(soup_server_message_get_response_headers(message_.get()), name, value.c_str());
}

void Exchange::reply(int status, const Json &body) {
    reply(status, "application/json", body.dump());
}

void Exchange::reply(int status, const std::string &content_type, const std::string &body) {
    GBytes *bytes = g_bytes_new(body.data(), body.size());
    reply(status, content_type, bytes);
    g_bytes_unref(bytes);
}

void Exchange::reply(int status, const std::string &content_type, GBytes *body) {
    if (replied_)
        return;
    set_header("Content-Type", content_type);
    SoupMessageBody *response = soup_server_message_get_response_body(message_.get());
    soup_message_body_truncate(response);
    if (g_bytes_get_size(body) > 0)
        soup_message_body_append_bytes(response, body);
    finish(status);
}

void Exchange::reply_empty(int status) {
    if (!replied_)
        finish(status);
}

SoupServerMessage *Exchange::reply_in_pieces(int status, const std::string &content_type, uint64_t length) {
    if (replied_)
        return nullptr;
    set_header("Content-Type", content_type);
    SoupMessageHeaders *headers = soup_server_message_get_response_headers(message_.get());
    soup_message_headers_set_content_length(headers, static_cast<goffset>(length));
    soup_message_body_set_accumulate(soup_server_message_get_response_body(message_.get()), FALSE);
    finish(status);
    return gone_ ? nullptr : message_.get();
}

void Exchange::refuse(const Refusal &refusal) {
    if (refusal.retry_after_s > 0)
        set_header("Retry-After", std::to_string(refusal.retry_after_s));
    if (refusal.status == 401)
        set_header("WWW-Authenticate", "Bearer");
    reply(refusal.status,
          Json::object({{"code", refusal.code}, {"message", refusal.message}, {"requestId", request_id_}}));
}

void Exchange::defer() {
    if (replied_ || deferred_)
        return;
    deferred_ = true;
    soup_server_message_pause(message_.get());
}

void Exchange::finish(int status) {
    replied_ = true;
    if (gone_)
        return;
    if (!soup_check_version(3, 3, 0))
        set_header("Connection", "close"); // older libsoup never frees an idle connection that its client closed
    soup_server_message_set_status(message_.get(), static_cast<guint>(status), nullptr);
    if (deferred_)
        soup_server_message_unpause(message_.get());
}

} // namespace rostrum
