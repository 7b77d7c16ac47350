// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/router.h"

#include <optional>
#include <set>

namespace rostrum {
namespace {

using Params = std::map<std::string, std::string>;

std::vector<std::string> split(const std::string &path) {
    std::vector<std::string> segments;
    for (size_t from = 0; from < path.size();) {
        const size_t next = std::min(path.find('/', from), path.size());
        if (next > from)
            segments.push_back(path.substr(from, next - from));
        from = next + 1;
    }
    return segments;
}

std::optional<Params> match(const std::vector<std::string> &pattern, const std::vector<std::string> &path) {
    Params params;
    for (size_t i = 0; i < pattern.size(); ++i) {
        const std::string &segment = pattern[i];
        const bool variable = segment.front() == '{';
        if (variable && segment.ends_with("...}")) {
            std::string rest;
            for (size_t j = i; j < path.size(); ++j)
                rest += (j > i ? "/" : "") + path[j];
            params[segment.substr(1, segment.size() - 5)] = rest;
            return params;
        }
        if (i >= path.size() || (!variable && segment != path[i]))
            return std::nullopt;
        if (variable)
            params[segment.substr(1, segment.size() - 2)] = path[i];
    }
    return pattern.size() == path.size() ? std::optional(params) : std::nullopt;
}

std::string allowed_methods(const std::vector<const Route *> &routes) {
    std::set<std::string> methods{"OPTIONS"};
    for (const Route *route : routes)
        methods.insert(route->method);
    if (methods.count("GET"))
        methods.insert("HEAD");
    std::string text;
    for (const auto &method : methods)
        text += (text.empty() ? "" : ", ") + method;
    return text;
}

} // namespace

Route &Router::add(const char *method, const std::string &path, Handler handler) {
    routes_.push_back({method, split(path), path, std::move(handler), {}});
    return routes_.back();
}

void Router::add_absent(const std::string &path, std::string message) {
    absent_.push_back({split(path + "/{rest...}"), std::move(message)});
}

void Router::dispatch(const ExchangePtr &exchange) const {
    std::vector<const Route *> matching;
    for (const auto &route : routes_)
        if (auto params = match(route.pattern, exchange->path())) {
            if (route.method == exchange->method() || (route.method == "GET" && exchange->method() == "HEAD")) {
                exchange->set_params(std::move(*params));
                if (!doorkeeper_ || !doorkeeper_(route, exchange))
                    route.handler(exchange);
                return;
            }
            matching.push_back(&route);
        }
    if (exchange->method() == "OPTIONS" && !matching.empty())
        return answer_options(*exchange, matching);
    refuse_absent(*exchange);
    if (matching.empty())
        throw Refusal{404, "there is nothing at this path"};
    exchange->set_header("Allow", allowed_methods(matching));
    throw Refusal{405, "this path does not take " + exchange->method() + ", but " + allowed_methods(matching)};
}

void Router::refuse_absent(const Exchange &exchange) const {
    for (const auto &absent : absent_)
        if (match(absent.pattern, exchange.path()))
            throw Refusal{501, absent.message};
}

/// CORS preflight, and what RFC 9725 section 4.2 wants of a WHIP endpoint.
void Router::answer_options(Exchange &exchange, const std::vector<const Route *> &matching) const {
    const std::string methods = allowed_methods(matching);
    exchange.set_header("Allow", methods);
    exchange.allow_methods(
        methods, "Authorization, Content-Type, ETag, Idempotency-Key, If-Match, If-Range, Range, X-Request-Id");
    int status = 204;
    for (const Route *route : matching)
        if (route->describe) {
            exchange.set_params(*match(route->pattern, exchange.path()));
            route->describe(exchange);
            status = 200; // as RFC 9725 has it
        }
    exchange.reply_empty(status);
}

} // namespace rostrum
