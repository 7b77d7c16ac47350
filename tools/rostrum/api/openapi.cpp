// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/openapi.h"

#include <stdexcept>

namespace rostrum {
namespace {

std::string compiled_in(const char *name) {
    const std::string path = std::string("/org/rostrum/api/") + name;
    GBytes *bytes = g_resources_lookup_data(path.c_str(), G_RESOURCE_LOOKUP_FLAGS_NONE, nullptr);
    if (!bytes)
        throw std::runtime_error(path + " was not compiled in");
    gsize size = 0;
    const auto *data = static_cast<const char *>(g_bytes_get_data(bytes, &size));
    std::string text(data, size);
    g_bytes_unref(bytes);
    return text;
}

Json read_document() {
    std::string error;
    const auto document = parse_json(compiled_in("openapi.json"), &error);
    if (!document)
        throw std::runtime_error("openapi.json: " + error);
    return *document;
}

std::string lower(const std::string &text) {
    return take_string(g_ascii_strdown(text.c_str(), -1));
}

/// OpenAPI has no variable for the rest of a path.
std::string path_of(const Route &route) {
    std::string path = route.template_path;
    if (const size_t dots = path.find("...}"); dots != std::string::npos)
        path.erase(dots, 3);
    return path;
}

} // namespace

std::string openapi_document(const Router &router, const std::string &public_url) {
    Json document = read_document();
    document.set("servers", Json::array({Json::object({{"url", public_url}})}));
    Json paths = document.get("paths");
    for (const auto &route : router.routes()) {
        const std::string path = path_of(route), method = lower(route.method);
        Json item = paths.has(path.c_str()) ? paths.get(path.c_str()) : Json::object();
        if (item.has(method.c_str()))
            continue;
        const Json response = Json::object({{"default", Json::object({{"description", "not described"}})}});
        item.set(method, Json::object({{"x-undescribed", true}, {"responses", response}}));
        paths.set(path, item);
    }
    return document.set("paths", paths).dump();
}

std::string openapi_page() {
    return compiled_in("api.html");
}

} // namespace rostrum
