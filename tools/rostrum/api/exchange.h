// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/api/client_address.h"
#include "tools/rostrum/auth/token.h"
#include "tools/rostrum/base/cors.h"
#include "tools/rostrum/base/glib_handles.h"
#include "tools/rostrum/base/json.h"
#include "tools/rostrum/store/database.h"

#include <functional>
#include <libsoup/soup.h>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace rostrum {

/// What holds for every exchange.
struct HttpPolicy {
    Cors cors;
    ProxyTrust proxies;
    /// What links begin with, when clients of a proxy are to get what that says in its place.
    std::string own_origin;
};

/// What is said while nothing can be stored.
Refusal cannot_store(const Database &database);

/// One HTTP request and its reply. A handler replies at once, or keeps the shared_ptr and replies later; exactly one
/// reply is sent, and one that comes after the client has gone is dropped. It leaves when all that was written before
/// it is on disk, and is 503 when that fails. Thread-bound: main thread.
class Exchange : public std::enable_shared_from_this<Exchange> {
  public:
    Exchange(SoupServerMessage *message, Database &database, const HttpPolicy &policy);
    ~Exchange();
    Exchange(const Exchange &) = delete;
    Exchange &operator=(const Exchange &) = delete;

    const std::string &method() const { return method_; }
    const std::vector<std::string> &path() const { return path_; } ///< decoded segments
    const std::string &request_id() const { return request_id_; }
    std::string header(const char *name) const;
    std::string content_type() const; ///< lower case, without parameters
    std::string query(const char *name) const;
    const std::map<std::string, std::string> &queries() const { return query_; }
    std::string param(const std::string &name) const; ///< of the route, `{name}`
    void set_params(std::map<std::string, std::string> params) { params_ = std::move(params); }
    /// Who asks, behind trusted proxies.
    const IpAddress &client() const { return client_.address; }

    std::string body() const;
    /// An object. Throws Refusal: 415 for another content type, 400 for what is not JSON. No body is an empty object.
    Json json_body() const;
    /// A text body of one of `types`; throws 415, or 400 when it is not UTF-8 without NUL (D-Bus takes no other).
    std::string text_body(const char *type) const;

    /// The answer to a CORS preflight.
    void allow_methods(const std::string &methods, const char *headers);
    void set_header(const char *name, const std::string &value);
    /// One more of the same name.
    void add_header(const char *name, const std::string &value);
    void reply(int status, const Json &body);
    void reply(int status, const std::string &content_type, const std::string &body);
    void reply(int status, const std::string &content_type, GBytes *body);
    void reply_empty(int status);
    /// Sends the head of a reply of `length` bytes (none: it is not known before the end), of what has been stored long
    /// since; whoever takes the message appends them to its body as they are written. Null when the client has gone.
    SoupServerMessage *reply_in_pieces(int status, const std::string &content_type, std::optional<uint64_t> length);
    void refuse(const Refusal &refusal);

    /// Lets the handler return without a reply.
    void defer();
    bool replied() const { return replied_; }
    SoupServerMessage *message() const { return message_.get(); }
    /// Only what is on disk is told to this client as well.
    Database &database() const { return database_; }
    /// Called once, before the reply is sent, with what it is: also when the client has gone.
    std::function<void(int status, const std::string &content_type, std::string_view body)> on_reply;
    /// Of its token, once that was verified and counted (Api::claims).
    mutable std::optional<Claims> claims;
    /// The handler answers on `message()` by itself (event streams).
    void hand_over() { replied_ = true; }

  private:
    void tell_reply(int status, const std::string &content_type, std::string_view body);
    void allow_origin();
    void finish(int status);
    void send(int status);
    void write_refusal(const Refusal &refusal);
    void write_body(const std::string &content_type, GBytes *body);
    ObjectRef<SoupServerMessage> message_;
    Database &database_;
    const bool ungated_; // it came while nothing could be stored: what writes was refused at the door
    const HttpPolicy &policy_;
    const std::string request_id_;
    std::string method_;
    Client client_;
    std::vector<std::string> path_;
    std::map<std::string, std::string> params_, query_;
    bool deferred_ = false, replied_ = false, gone_ = false;
};
using ExchangePtr = std::shared_ptr<Exchange>;

/// Ends a reply in pieces, and its connection, before the end: the client must not take what it has for the whole.
void break_off(SoupServerMessage *message);

} // namespace rostrum
