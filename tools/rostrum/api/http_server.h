// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/api/router.h"

namespace rostrum {

struct HttpLimits {
    size_t body_bytes = 256 * 1024; ///< an SDP offer of many tracks has 30 KiB
    unsigned request_timeout_ms = 30000;
    size_t connections = 20000;
};

struct HttpCounters {
    uint64_t requests = 0, refused_bodies = 0, timed_out = 0;
    std::map<int, uint64_t> statuses;
};

/// libsoup with limits: a body has a size, a request has to arrive in time, connections are counted. Whatever a client
/// sends or does not send costs no more than its own connection. Thread-bound: main thread.
class HttpServer {
  public:
    HttpServer(const Router &router, HttpLimits limits, std::string cors_origin);
    ~HttpServer();

    /// `url`: http://host:port, port 0 takes a free one. Returns an error text or "".
    std::string listen(const std::string &url);
    /// Where it listens, `http://127.0.0.1:8080`.
    std::string uri() const;
    const HttpCounters &counters() const { return counters_; }
    size_t connections() const { return watched_.size(); }

  private:
    struct Watch;
    static void message_gone(gpointer server, GObject *message);
    void request_started(SoupServerMessage *message);
    void headers_arrived(Watch &watch);
    void chunk_arrived(Watch &watch, size_t size);
    void request_arrived(SoupServerMessage *message);
    void refuse_body(Watch &watch);

    const Router &router_;
    const HttpLimits limits_;
    const std::string cors_origin_;
    HttpCounters counters_;
    ObjectRef<SoupServer> server_;
    std::map<SoupServerMessage *, std::unique_ptr<Watch>> watched_; // from the first byte to the end of the reply
};

} // namespace rostrum
