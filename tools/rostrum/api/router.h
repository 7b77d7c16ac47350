// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/api/exchange.h"

#include <functional>

namespace rostrum {

/// Answers one request, now or later. Throws Refusal to refuse; nothing else escapes it on purpose.
using Handler = std::function<void(const ExchangePtr &)>;

struct Route {
    std::string method;
    std::vector<std::string> pattern; ///< segments; `{name}` takes any one, `{name...}` the rest
    std::string template_path;
    Handler handler;
    /// Adds to the answer to OPTIONS on this path; throws nothing.
    std::function<void(Exchange &)> describe = {};
};

/// Stands before the handlers. True: the request has been answered. Throws Refusal.
using Doorkeeper = std::function<bool(const Route &, const ExchangePtr &)>;

/// Finds the handler: 404, 405 with Allow and CORS preflight are answered here. Reentrant once filled.
class Router {
  public:
    Route &add(const char *method, const std::string &path, Handler handler);
    /// Whatever is asked below `path` (segments, as of add) with whatever method, is refused with 501: it is no part of
    /// this server. `message` says so and what to do. Routes win over it.
    void add_absent(const std::string &path, std::string message);
    void set_doorkeeper(Doorkeeper doorkeeper) { doorkeeper_ = std::move(doorkeeper); }
    void dispatch(const ExchangePtr &exchange) const;
    const std::vector<Route> &routes() const { return routes_; }

  private:
    struct Absent {
        std::vector<std::string> pattern;
        std::string message;
    };

    void answer_options(Exchange &exchange, const std::vector<const Route *> &matching) const;
    void refuse_absent(const Exchange &exchange) const;
    std::vector<Route> routes_;
    std::vector<Absent> absent_;
    Doorkeeper doorkeeper_;
};

} // namespace rostrum
