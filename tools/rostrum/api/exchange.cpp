// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/exchange.h"

#include "common/http_listener.h"
#include "tools/rostrum/base/ids.h"

namespace rostrum {
namespace {

constexpr unsigned kDiskRetryS = 5; // the server itself tries every second
constexpr char kExposedHeaders[] = "Location, ETag, Link, Retry-After, X-Request-Id, Content-Range, Accept-Ranges, "
                                   "Accept-Patch, Accept-Post, Access-Control-Allow-Methods, Allow, "
                                   "WWW-Authenticate, Idempotent-Replayed";

/// libsoup takes a reply without a length for one that lasts until its connection ends, and ends it.
void keep_connection_after(SoupServerMessage *empty_reply) {
    g_signal_connect(empty_reply, "wrote-headers", G_CALLBACK(+[](SoupServerMessage *message) {
                         soup_message_headers_set_encoding(soup_server_message_get_response_headers(message),
                                                           SOUP_ENCODING_NONE);
                     }),
                     nullptr);
}

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

/// RFC 6750 section 3: why this token does not do. Without a token there is nothing to say.
std::string challenge_of(const Refusal &refusal, bool has_token) {
    std::string challenge = "Bearer realm=\"rostrum\"";
    if (!has_token)
        return challenge;
    std::string description;
    for (const char c : refusal.message)
        if (c >= ' ' && c <= '~' && c != '"' && c != '\\')
            description += c;
    return challenge + ", error=\"" + (refusal.status == 401 ? "invalid_token" : "insufficient_scope") +
           "\", error_description=\"" + description + "\"";
}

/// Every value of a header, joined by commas; "" when there is none.
std::string list_of(SoupMessageHeaders *headers, const char *name) {
    const char *value = soup_message_headers_get_list(headers, name);
    return value ? value : "";
}

Client client_of(SoupServerMessage *message, const ProxyTrust &trust) {
    const char *host = soup_server_message_get_remote_host(message);
    const IpAddress peer = IpAddress::parse(host ? host : "").value_or(IpAddress());
    SoupMessageHeaders *headers = soup_server_message_get_request_headers(message);
    if (!trust.proxies.contain(peer))
        return {peer, ""};
    return find_client(peer, trust,
                       {list_of(headers, "Forwarded"), list_of(headers, "X-Forwarded-For"),
                        list_of(headers, "X-Forwarded-Proto"), list_of(headers, "X-Forwarded-Host"),
                        list_of(headers, "Host")});
}

/// JSON with the links in it, texts that begin with `from`, beginning with `to`.
std::string relocated(std::string json, const std::string &from, const std::string &to) {
    const std::string old = '"' + from + '/', fresh = '"' + to + '/';
    for (size_t at = json.find(old); at != std::string::npos; at = json.find(old, at + fresh.size()))
        json.replace(at, old.size(), fresh);
    return json;
}

bool is_header_value(const std::string &value) {
    for (const unsigned char c : value)
        if (c < ' ' || c == 0x7f)
            return false;
    return true;
}

} // namespace

Refusal cannot_store(const Database &database) {
    return {503, 503,
            "the server cannot write to its disk (" + database.fault() +
                "): it keeps what it has accepted and takes nothing new; try again later",
            kDiskRetryS};
}

Exchange::Exchange(SoupServerMessage *message, Database &database, const HttpPolicy &policy)
    : message_(ObjectRef<SoupServerMessage>::ref(message)), database_(database), ungated_(!database.fault().empty()),
      policy_(policy), request_id_(random_hex(16)), method_(soup_server_message_get_method(message)),
      client_(client_of(message, policy.proxies)) {
    GUri *uri = soup_server_message_get_uri(message);
    path_ = decoded_segments(g_uri_get_path(uri));
    query_ = decoded_query(g_uri_get_query(uri));
    g_signal_connect_swapped(message, "finished", G_CALLBACK(+[](Exchange *self) { self->gone_ = true; }), this);
    set_header("X-Request-Id", request_id_);
    allow_origin();
}

/// A handler that forgot to answer, or was destroyed with a deferred reply.
Exchange::~Exchange() {
    if (!replied_) {
        tell_reply(500, "", "");
        write_refusal({500, "the request was not answered"});
        send(500);
    }
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

/// The CORS protocol of the Fetch standard, and no more than it asks for.
void Exchange::allow_origin() {
    if (!policy_.cors.anybody())
        add_header("Vary", "Origin");
    const std::string allowed = policy_.cors.allowed(header("Origin"));
    if (allowed.empty())
        return;
    set_header("Access-Control-Allow-Origin", allowed);
    set_header("Access-Control-Expose-Headers", kExposedHeaders);
    if (policy_.cors.credentials)
        set_header("Access-Control-Allow-Credentials", "true");
}

void Exchange::allow_methods(const std::string &methods, const char *headers) {
    if (policy_.cors.allowed(header("Origin")).empty())
        return;
    set_header("Access-Control-Allow-Methods", methods);
    set_header("Access-Control-Allow-Headers", headers);
    set_header("Access-Control-Max-Age", std::to_string(policy_.cors.max_age_s));
    if (header("Access-Control-Request-Private-Network") == "true") // a page of the internet, a server at home
        set_header("Access-Control-Allow-Private-Network", "true");
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
    const bool elsewhere = !client_.origin.empty() && !policy_.own_origin.empty();
    reply(status, "application/json",
          elsewhere ? relocated(body.dump(), policy_.own_origin, client_.origin) : body.dump());
}

void Exchange::reply(int status, const std::string &content_type, const std::string &body) {
    GBytes *bytes = g_bytes_new(body.data(), body.size());
    reply(status, content_type, bytes);
    g_bytes_unref(bytes);
}

void Exchange::reply(int status, const std::string &content_type, GBytes *body) {
    if (replied_)
        return;
    gsize size = 0;
    const auto *bytes = static_cast<const char *>(g_bytes_get_data(body, &size));
    tell_reply(status, content_type, {bytes ? bytes : "", size});
    write_body(content_type, body);
    finish(status);
}

void Exchange::write_body(const std::string &content_type, GBytes *body) {
    set_header("Content-Type", content_type);
    // Only files have ranges: half a playlist, a moment later, is half of another one. RFC 9110 section 14.2 lets a
    // server ignore the header; SoupServer would follow it.
    soup_message_headers_remove(soup_server_message_get_request_headers(message_.get()), "Range");
    SoupMessageBody *response = soup_server_message_get_response_body(message_.get());
    soup_message_body_truncate(response);
    if (g_bytes_get_size(body) > 0)
        soup_message_body_append_bytes(response, body);
}

void Exchange::reply_empty(int status) {
    if (replied_)
        return;
    tell_reply(status, "", "");
    finish(status);
}

void Exchange::tell_reply(int status, const std::string &content_type, std::string_view body) {
    if (const auto told = std::exchange(on_reply, nullptr))
        told(status, content_type, body);
}

SoupServerMessage *Exchange::reply_in_pieces(int status, const std::string &content_type,
                                             std::optional<uint64_t> length) {
    if (replied_)
        return nullptr;
    set_header("Content-Type", content_type);
    SoupMessageHeaders *headers = soup_server_message_get_response_headers(message_.get());
    if (length)
        soup_message_headers_set_content_length(headers, static_cast<goffset>(*length));
    else
        soup_message_headers_set_encoding(headers, SOUP_ENCODING_CHUNKED);
    soup_message_body_set_accumulate(soup_server_message_get_response_body(message_.get()), FALSE);
    replied_ = true;
    send(status);
    return gone_ ? nullptr : message_.get();
}

void Exchange::refuse(const Refusal &refusal) {
    if (replied_)
        return;
    tell_reply(refusal.status, "", "");
    write_refusal(refusal);
    finish(refusal.status);
}

void Exchange::write_refusal(const Refusal &refusal) {
    if (refusal.retry_after_s > 0)
        set_header("Retry-After", std::to_string(refusal.retry_after_s));
    const bool has_token = !header("Authorization").empty();
    if (refusal.status == 401 || (refusal.status == 403 && has_token && refusal.code != code::kRoomDisabled))
        set_header("WWW-Authenticate", challenge_of(refusal, has_token));
    const std::string text =
        Json::object({{"code", refusal.code}, {"message", refusal.message}, {"requestId", request_id_}}).dump();
    GBytes *bytes = g_bytes_new(text.data(), text.size());
    write_body("application/json", bytes);
    g_bytes_unref(bytes);
}

void Exchange::defer() {
    if (deferred_)
        return;
    deferred_ = true;
    soup_server_message_pause(message_.get());
}

void Exchange::finish(int status) {
    replied_ = true;
    if (ungated_ || !database_.pending())
        return send(status);
    if (!gone_)
        defer();
    database_.after_commit([self = shared_from_this(), status] { self->send(status); },
                           [self = shared_from_this()] {
                               const Refusal refusal = cannot_store(self->database_);
                               self->write_refusal(refusal);
                               self->send(refusal.status);
                           });
}

void Exchange::send(int status) {
    if (gone_)
        return;
    soup_server_message_set_status(message_.get(), static_cast<guint>(status), nullptr);
    if (status == 204 || status == 304)
        keep_connection_after(message_.get());
    if (deferred_)
        soup_server_message_unpause(message_.get());
}

void break_off(SoupServerMessage *message) {
    if (GSocket *socket = HttpListener::socket_of(message))
        g_socket_shutdown(socket, TRUE, TRUE, nullptr);
    soup_message_body_complete(soup_server_message_get_response_body(message));
    soup_server_message_unpause(message);
}

} // namespace rostrum
