// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "common/http_listener.h"
#include "tools/rostrum/api/connection_counts.h"
#include "tools/rostrum/api/rate_limits.h"
#include "tools/rostrum/api/router.h"
#include "tools/rostrum/api/tls_files.h"

namespace rostrum {

struct HttpLimits {
    size_t body_bytes = 256 * 1024; ///< an SDP offer of many tracks has 30 KiB
    unsigned request_timeout_ms = 30000;
    unsigned idle_timeout_s = 60; ///< no progress either way; WebSocket pings come more often
    size_t connections = 20000;
    size_t connections_per_address = 5000;
    Networks unlimited; ///< whose connections are not counted for each address
};

struct HttpCounters {
    uint64_t requests = 0, refused_bodies = 0, timed_out = 0;
    std::map<int, uint64_t> statuses;
};

/// libsoup with limits: a body has a size, a request has to arrive in time, connections are counted. Whatever a client
/// sends or does not send costs no more than its own connection. Thread-bound: main thread.
class HttpServer {
  public:
    /// `tls`: for https://, loaded before somebody connects.
    HttpServer(const Router &router, Database &database, RateLimits &rates, const TlsFiles &tls, HttpLimits limits,
               HttpPolicy policy);
    ~HttpServer();

    /// `url`: http://host:port or https://host:port, port 0 takes a free one. Returns an error text or "".
    std::string listen(const std::string &url);
    /// Where it listens, `http://127.0.0.1:8080`, in the order of the calls.
    const std::vector<std::string> &uris() const { return uris_; }
    /// See HttpPolicy.
    void set_own_origin(std::string origin) { policy_.own_origin = std::move(origin); }
    const HttpCounters &counters() const { return counters_; }
    const ConnectionCounts &connections() const { return counts_; }

  private:
    struct Watch;
    static void message_gone(gpointer server, GObject *message);
    void keep_connections_open();
    GIOStream *accept(GSocketConnection *connection, bool tls);
    void request_started(SoupServerMessage *message);
    void headers_arrived(Watch &watch);
    void chunk_arrived(Watch &watch, size_t size);
    void request_arrived(SoupServerMessage *message);
    void answer(const ExchangePtr &exchange, bool too_large);
    void check(const Exchange &exchange, bool too_large);
    void refuse_body(Watch &watch);

    void dispatch(const ExchangePtr &exchange);

    const Router &router_;
    Database &database_;
    RateLimits &rates_;
    const TlsFiles &tls_;
    const HttpLimits limits_;
    HttpPolicy policy_;
    ConnectionCounts counts_;
    HttpCounters counters_;
    ObjectRef<SoupServer> server_;
    ObjectRef<GSocket> silent_; // see keep_connections_open()
    HttpListener plain_, secure_;
    std::vector<std::string> uris_;
    std::map<SoupServerMessage *, std::unique_ptr<Watch>> watched_; // from the first byte (of the first
                                                                    // request: from the connection) to the reply's end
};

} // namespace rostrum
