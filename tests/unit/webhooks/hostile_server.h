// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A receiver that answers as a test wants, down to the byte.

#pragma once

#include <condition_variable>
#include <functional>
#include <gio/gio.h>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace test {

struct Request {
    std::string path;
    std::map<std::string, std::string> headers; // names in lower case
    std::string body;
    gint64 at_us = 0;
};

struct Answer {
    std::string bytes = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    bool hangs = false;   // afterwards, until the server stops
    unsigned byte_ms = 0; // between single bytes
    bool closes = false;  // afterwards
    uint64_t pours = 0;   // so many bytes more, if they are taken
};

/// Real sockets on loopback, one thread per connection. Thread-safe.
class HostileServer {
  public:
    using Behaviour = std::function<Answer(const Request &)>;

    /// `certificate`: PEM file with its key; empty: plain HTTP. `behave` is called by many threads at once.
    explicit HostileServer(Behaviour behave, const std::string &certificate = "", int max_threads = 1200);
    ~HostileServer();

    std::string url(const std::string &path = "/", const std::string &host = "127.0.0.1") const;
    std::vector<Request> requests() const;
    size_t count() const;
    unsigned most_at_once() const; // requests between being read and being answered
    size_t connections() const;
    uint64_t poured() const; // bytes that were taken
    void behave(Behaviour behaviour);
    /// For behaviours: blocks until so many requests are being answered; false when it takes longer than 5 s.
    bool wait_for_company(unsigned requests);

  private:
    void serve(GSocketConnection *connection);
    bool read(GInputStream *stream, std::string &buffer, Request &request);
    bool answer(GOutputStream *stream, const Answer &answer);

    const bool is_tls_;
    GSocketService *service_;
    GTlsCertificate *certificate_ = nullptr;
    GCancellable *const stop_ = g_cancellable_new();
    guint16 port_ = 0;
    mutable std::mutex mutex_;
    std::mutex behaving_; // before mutex_
    std::condition_variable changed_;
    Behaviour behave_;
    std::vector<Request> requests_;
    unsigned at_once_ = 0, most_at_once_ = 0, open_ = 0;
    size_t connections_ = 0;
    uint64_t poured_ = 0;
    bool stopping_ = false;
};

} // namespace test
