// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/openapi.h"

#include "tools/rostrum/base/version.h"

namespace rostrum {
namespace {

/// What answers without a token.
bool is_public(const std::string &path) {
    const bool api = path.starts_with("/v2/") || path.starts_with("/whip/") || path.starts_with("/whep/");
    return !api || path.starts_with("/v2/public/");
}

Json parameters_of(const Route &route) {
    Json parameters = Json::array();
    for (const auto &segment : route.pattern)
        if (segment.front() == '{')
            parameters.push(Json::object({{"name", segment.substr(1, segment.find_first_of(".}") - 1)},
                                          {"in", "path"},
                                          {"required", true},
                                          {"schema", Json::object({{"type", "string"}})}}));
    return parameters;
}

Json error_response() {
    return Json::object(
        {{"description", "Refused: what is wrong and what to do"},
         {"content",
          Json::object({{"application/json",
                         Json::object({{"schema", Json::object({{"$ref", "#/components/schemas/Error"}})}})}})}});
}

Json operation_of(const Route &route) {
    const bool creates = route.request_type == "application/sdp";
    Json operation = Json::object({{"summary", route.summary}, {"parameters", parameters_of(route)}});
    if (!route.request_type.empty())
        operation.set("requestBody",
                      Json::object({{"content", Json::object({{route.request_type.c_str(), Json::object()}})}}));
    operation.set("responses", Json::object({{creates ? "201" : "2XX", Json::object({{"description", "Done"}})},
                                             {"4XX", error_response()},
                                             {"5XX", error_response()}}));
    if (is_public(route.template_path))
        operation.set("security", Json::array());
    return operation;
}

std::string lower(const std::string &text) {
    std::string result = text;
    for (char &c : result)
        c = g_ascii_tolower(c);
    return result;
}

} // namespace

Json describe_openapi(const Router &router) {
    Json paths = Json::object();
    for (const auto &route : router.routes()) {
        std::string path = route.template_path;
        if (const size_t dots = path.find("...}"); dots != std::string::npos)
            path.erase(dots, 3);
        Json methods = paths.has(path.c_str()) ? paths.get(path.c_str()) : Json::object();
        methods.set(lower(route.method), operation_of(route));
        paths.set(path, methods);
    }
    const Json error =
        Json::object({{"type", "object"},
                      {"required", Json::array({"code", "message", "requestId"})},
                      {"properties", Json::object({{"code", Json::object({{"type", "integer"}})},
                                                   {"message", Json::object({{"type", "string"}})},
                                                   {"requestId", Json::object({{"type", "string"}})}})}});
    const Json token = Json::object({{"type", "apiKey"}, {"in", "header"}, {"name", "Authorization"}});
    return Json::object({{"openapi", "3.1.0"},
                         {"info", Json::object({{"title", "Rostrum"}, {"version", kVersion}})},
                         {"security", Json::array({Json::object({{"token", Json::array()}})})},
                         {"paths", paths},
                         {"components", Json::object({{"schemas", Json::object({{"Error", error}})},
                                                      {"securitySchemes", Json::object({{"token", token}})}})}});
}

} // namespace rostrum
