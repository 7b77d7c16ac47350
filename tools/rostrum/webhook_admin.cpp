// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// `rostrum webhook`: what waits, what was given up, and receivers, of a running server.

#include "tools/rostrum/commands.h"
#include "tools/rostrum/rest_client.h"
#include "tools/rostrum/webhook_flags.h"

#include <cstdio>
#include <cstdlib>
#include <glib.h>

namespace rostrum {
namespace {

constexpr int64_t kPerPage = 100;

int fail(const std::string &text) {
    std::fprintf(stderr, "rostrum webhook: %s\n", text.c_str());
    return 1;
}

std::string segment(const std::string &text) {
    char *escaped = g_uri_escape_string(text.c_str(), nullptr, FALSE);
    std::string result = escaped;
    g_free(escaped);
    return result;
}

/// Prints every entry of a paged list. Returns the exit status.
int print_all(Config &config, const std::string &path, void (*print)(const Json &)) {
    for (int64_t page = 1;; ++page) {
        const RestAnswer answer = call_server(config, "GET",
                                              path + (path.find('?') == std::string::npos ? "?" : "&") + "perPage=" +
                                                  std::to_string(kPerPage) + "&page=" + std::to_string(page));
        if (!answer.error.empty())
            return fail(answer.error);
        const Json reply = answer.json();
        for (const auto &entry : reply.get("data").items())
            print(entry);
        if (page >= reply.get("pageInfo").get("lastPage").as_integer())
            return 0;
    }
}

long long integer(const Json &object, const char *key) {
    return object.get(key).as_integer();
}

void print_endpoint(const Json &endpoint) {
    const bool enabled = endpoint.get("enabled").as_bool();
    const std::string breaker = endpoint.text("breaker"), why = endpoint.text("disabledReason");
    const std::string error = endpoint.get("lastFailure").text("error");
    const std::string state = !enabled              ? "disabled (" + why + ")"
                              : breaker == "closed" ? "enabled"
                                                    : "breaker " + breaker;
    std::printf("%lld  %s  %lld waiting  %lld dead  %s%s%s\n", integer(endpoint, "id"), state.c_str(),
                integer(endpoint, "waiting"), integer(endpoint, "dead"), endpoint.text("url").c_str(),
                error.empty() ? "" : "  last failure: ", error.c_str());
}

void print_delivery(const Json &delivery) {
    std::printf("%s  %-9s  %s #%lld  %s  %s  to %lld  %lld attempts%s%s\n", delivery.text("id").c_str(),
                delivery.text("state").c_str(), delivery.text("roomId").c_str(), integer(delivery, "sequence"),
                delivery.text("type").c_str(), delivery.text("createdAt").c_str(), integer(delivery, "endpointId"),
                integer(delivery, "attempts"), delivery.text("lastError").empty() ? "" : "  ",
                delivery.text("lastError").c_str());
}

int list(Config &config, const std::string &) {
    std::string path = "/v2/webhooks/deliveries?state=" + segment(config.text("filter"));
    if (config.has("room"))
        path += "&roomId=" + segment(config.text("room"));
    if (config.has("endpoint"))
        path += "&endpointId=" + segment(config.text("endpoint"));
    return print_all(config, path, print_delivery);
}

int endpoints(Config &config, const std::string &) {
    return print_all(config, "/v2/webhooks/endpoints", print_endpoint);
}

int show(Config &config, const std::string &id) {
    const RestAnswer answer = call_server(config, "GET", "/v2/webhooks/deliveries/" + segment(id));
    if (!answer.error.empty())
        return fail(answer.error);
    const Json delivery = answer.json();
    for (const auto &key : delivery.keys()) {
        const Json value = delivery.get(key.c_str());
        const std::string text = value.is_integer() ? std::to_string(value.as_integer()) : value.as_string();
        if (!value.is_null() && key != "body")
            std::printf("%-11s %s\n", key.c_str(), text.c_str());
    }
    std::printf("\n%s\n", delivery.text("body").c_str());
    return 0;
}

int resend_dead(Config &config) {
    int64_t total = 0;
    for (;;) {
        Json body = Json::object({{"endpointId", std::atoll(config.text("endpoint").c_str())}});
        if (config.has("room"))
            body.set("roomId", config.text("room"));
        const RestAnswer answer = call_server(config, "POST", "/v2/webhooks/resend", body);
        if (!answer.error.empty())
            return fail(answer.error);
        const int64_t count = integer(answer.json(), "count");
        total += count;
        if (count == 0 || integer(answer.json(), "left") == 0)
            break;
    }
    std::printf("%lld wait to be delivered again\n", static_cast<long long>(total));
    return 0;
}

int resend(Config &config, const std::string &id) {
    if (id.empty() && !config.has("endpoint"))
        return fail("which? name a delivery, or the dead letters of a receiver by --endpoint ID");
    if (id.empty())
        return resend_dead(config);
    const RestAnswer answer = call_server(config, "POST", "/v2/webhooks/deliveries/" + segment(id) + "/resend");
    if (!answer.error.empty())
        return fail(answer.error);
    print_delivery(answer.json());
    return 0;
}

int change_endpoint(Config &config, const std::string &id, const char *change) {
    const RestAnswer answer = call_server(config, "POST", "/v2/webhooks/endpoints/" + segment(id) + "/" + change);
    if (!answer.error.empty())
        return fail(answer.error);
    print_endpoint(answer.json());
    return 0;
}

int enable(Config &config, const std::string &id) {
    return change_endpoint(config, id, "enable");
}

int disable(Config &config, const std::string &id) {
    return change_endpoint(config, id, "disable");
}

int rotate_secret(Config &config, const std::string &) {
    const RestAnswer answer = call_server(config, "POST", "/v2/webhooks/secret/rotate");
    if (!answer.error.empty())
        return fail(answer.error);
    std::printf("%s\n", answer.json().text("secret").c_str());
    std::fprintf(stderr, "Both secrets sign now. When every receiver has this one: rostrum webhook retire-secret\n");
    return 0;
}

int retire_secret(Config &config, const std::string &) {
    const RestAnswer answer = call_server(config, "POST", "/v2/webhooks/secret/retire");
    return answer.error.empty() ? 0 : fail(answer.error);
}

enum class Takes { Nothing, Perhaps, One };
constexpr struct {
    const char *name;
    Takes argument;
    int (*run)(Config &, const std::string &);
} kActions[] = {{"list", Takes::Nothing, list},
                {"show", Takes::One, show},
                {"resend", Takes::Perhaps, resend},
                {"endpoints", Takes::Nothing, endpoints},
                {"enable", Takes::One, enable},
                {"disable", Takes::One, disable},
                {"rotate-secret", Takes::Nothing, rotate_secret},
                {"retire-secret", Takes::Nothing, retire_secret}};

} // namespace

const std::vector<ConfigKey> &webhook_flags() {
    static const std::vector<ConfigKey> flags = {
        {"filter", KeyKind::Text, "", false, "of list: waiting, delivered or dead; default: all"},
        {"room", KeyKind::Text, "", false, "of list and resend: only of this room"},
        {"endpoint", KeyKind::Text, "", false, "of list and resend: only to the receiver of this number"},
        {"url", KeyKind::HttpUrl, "", false, "the server; default: where `listen` says"},
        {"token", KeyKind::Text, "", true, "an access token; default: minted with the key in --state"},
    };
    return flags;
}

int run_webhook(const Arguments &arguments) {
    if (!arguments.empty() && arguments[0] == "verify")
        return run_webhook_verify({arguments.begin() + 1, arguments.end()});
    ConfigResult result = read_config(arguments, webhook_flags());
    const std::string name = result.arguments.empty() ? "" : result.arguments[0];
    const std::string argument = result.arguments.size() > 1 ? result.arguments[1] : "";
    if (!result.errors.empty())
        return report_config_errors(result.errors);
    std::vector<std::string> names;
    for (const auto &action : kActions) {
        names.emplace_back(action.name);
        if (name != action.name)
            continue;
        const size_t most = action.argument == Takes::Nothing ? 1 : 2;
        if (result.arguments.size() > most)
            return report_config_errors({"'" + result.arguments[most] + "' is too much; see `rostrum help webhook`"});
        if (action.argument == Takes::One && argument.empty())
            return report_config_errors({"which? write its id after `" + name + "`"});
        return action.run(result.config, argument);
    }
    names.emplace_back("verify");
    const std::string guess = did_you_mean(name, names);
    return report_config_errors(
        {(name.empty() ? "write what to do with webhooks"
                       : "'" + name + "' is nothing that can be done with webhooks") +
         (guess.empty() ? "; `rostrum help webhook` tells it" : "; did you mean '" + guess + "'?")});
}

} // namespace rostrum
