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
    std::string summary;           ///< for /openapi.json
    std::string request_type = {}; ///< content type of the body, "" when there is none
    /// Adds to the answer to OPTIONS on this path; throws nothing.
    std::function<void(Exchange &)> describe = {};
};

/// Finds the handler: 404, 405 with Allow and CORS preflight are answered here. Reentrant once filled.
class Router {
  public:
    Route &add(const char *method, const std::string &path, Handler handler, std::string summary,
               std::string request_type = {});
    void dispatch(const ExchangePtr &exchange) const;
    const std::vector<Route> &routes() const { return routes_; }

  private:
    void answer_options(Exchange &exchange, const std::vector<const Route *> &matching) const;
    std::vector<Route> routes_;
};

} // namespace rostrum
