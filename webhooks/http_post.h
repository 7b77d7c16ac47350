// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// One POST at a time to one URL, on a kept-alive connection.

#pragma once

#include "webhooks/resolver.h"
#include "webhooks/signature.h"

#include <libsoup/soup.h>
#include <optional>

namespace rostrum {

/// What all posters of an owner share.
struct HttpOptions {
    unsigned timeout_ms = 10'000; // from the resolution of the name to the head of the answer
    bool use_proxy = false;       // the environment's
    std::shared_ptr<Resolver> resolver;
    GObjectPtr<GTlsDatabase> certificates; // trusted ones; empty: the system's
};

/// What came of a POST. `status` 0: no answer, and `error` says why.
struct PostResult {
    unsigned status = 0;
    std::string retry_after; // the header, if there is one
    std::string error;
};

/// Verifies TLS, follows no redirect. Thread-bound to the thread whose default context is current.
class HttpPoster {
  public:
    using Done = std::function<void(const PostResult &)>;

    /// `options` outlive it. `guarded`: connects only to public addresses.
    HttpPoster(const HttpOptions &options, const std::string &url, bool guarded);
    ~HttpPoster(); // `done` of a running POST is not called any more
    HttpPoster(const HttpPoster &) = delete;
    HttpPoster &operator=(const HttpPoster &) = delete;

    /// Not before `done` of the former. `done` comes later, from the context; it may destroy the poster.
    void post(const Headers &headers, std::string_view body, Done done);

    /// How long a connection without a POST is of use.
    static constexpr gint64 kKeepUs = 3'000'000;
    gint64 posted_us() const { return posted_us_; } // the last one, monotonic; 0: none

  private:
    struct Call;
    GObjectPtr<SoupSession> new_session() const;
    void give_up_call();

    const HttpOptions &options_;
    const std::string url_;
    const bool guarded_;
    GObjectPtr<SoupSession> session_;
    gint64 posted_us_ = 0;
    std::shared_ptr<Call> call_;
};

/// "http://" or "https://" with a host.
bool is_http_url(const std::string &url);

} // namespace rostrum
