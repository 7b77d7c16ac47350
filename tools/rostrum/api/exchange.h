// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/auth/refusal.h"
#include "tools/rostrum/base/glib_handles.h"
#include "tools/rostrum/base/json.h"

#include <libsoup/soup.h>
#include <map>
#include <memory>
#include <vector>

namespace rostrum {

/// One HTTP request and its reply. A handler replies at once, or keeps the shared_ptr and replies later; exactly one
/// reply is sent, and one that comes after the client has gone is dropped. Thread-bound: main thread.
class Exchange {
  public:
    Exchange(SoupServerMessage *message, std::string cors_origin);
    ~Exchange();
    Exchange(const Exchange &) = delete;
    Exchange &operator=(const Exchange &) = delete;

    const std::string &method() const { return method_; }
    const std::vector<std::string> &path() const { return path_; } ///< decoded segments
    const std::string &request_id() const { return request_id_; }
    std::string header(const char *name) const;
    std::string content_type() const; ///< lower case, without parameters
    std::string query(const char *name) const;
    std::string param(const std::string &name) const; ///< of the route, `{name}`
    void set_params(std::map<std::string, std::string> params) { params_ = std::move(params); }
    std::string client_address() const;

    std::string body() const;
    /// An object. Throws Refusal: 415 for another content type, 400 for what is not JSON. No body is an empty object.
    Json json_body() const;
    /// A text body of one of `types`; throws 415, or 400 when it is not UTF-8 without NUL (D-Bus takes no other).
    std::string text_body(const char *type) const;

    void set_header(const char *name, const std::string &value);
    /// One more of the same name.
    void add_header(const char *name, const std::string &value);
    void reply(int status, const Json &body);
    void reply(int status, const std::string &content_type, const std::string &body);
    void reply(int status, const std::string &content_type, GBytes *body);
    void reply_empty(int status);
    /// Sends the head of a reply of `length` bytes; whoever takes the message appends them to its body as they are
    /// written. Null when the client has gone.
    SoupServerMessage *reply_in_pieces(int status, const std::string &content_type, uint64_t length);
    void refuse(const Refusal &refusal);

    /// Lets the handler return without a reply.
    void defer();
    bool replied() const { return replied_; }
    SoupServerMessage *message() const { return message_.get(); }
    /// The handler answers on `message()` by itself (event streams).
    void hand_over() { replied_ = true; }

  private:
    void finish(int status);
    ObjectRef<SoupServerMessage> message_;
    const std::string cors_origin_, request_id_;
    std::string method_;
    std::vector<std::string> path_;
    std::map<std::string, std::string> params_, query_;
    bool deferred_ = false, replied_ = false, gone_ = false;
};
using ExchangePtr = std::shared_ptr<Exchange>;

} // namespace rostrum
