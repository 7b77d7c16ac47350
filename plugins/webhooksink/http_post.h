// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// One POST at a time on a kept-alive connection.

#pragma once

#include "webhooksink/signature.h"

#include <functional>
#include <libsoup/soup.h>
#include <memory>
#include <optional>

namespace rostrum {

struct GObjectUnref {
    void operator()(gpointer object) const { g_object_unref(object); }
};
template <class T> using GObjectPtr = std::unique_ptr<T, GObjectUnref>;

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

    explicit HttpPoster(unsigned timeout_ms);
    ~HttpPoster(); // `done` of a running POST is not called any more
    HttpPoster(const HttpPoster &) = delete;
    HttpPoster &operator=(const HttpPoster &) = delete;

    /// Not while one is running. `done` comes later, from the context.
    void post(const std::string &url, const Headers &headers, std::string_view body, Done done);

  private:
    struct Call;

    GObjectPtr<SoupSession> session_;
    const unsigned timeout_ms_;
    gint64 posted_us_ = 0; // the last one
    std::shared_ptr<Call> call_;
};

} // namespace rostrum
