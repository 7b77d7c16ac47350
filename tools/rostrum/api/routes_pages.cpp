// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The pages and their files, compiled in. A page takes its token from its own URL; nothing here is secret.

#include "tools/rostrum/api/api.h"

namespace rostrum {
namespace {

constexpr char kPrefix[] = "/org/rostrum/web/";

// Only own scripts and styles, none of them inline; media comes as streams and blobs, events by WebSocket.
constexpr char kContentSecurityPolicy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob: "
    "mediastream:; "
    "connect-src 'self' ws: wss:; base-uri 'none'; form-action 'self'; frame-ancestors 'self'";

const char *type_of(const std::string &name) {
    static const struct {
        const char *suffix, *type;
    } kTypes[] = {{".html", "text/html; charset=utf-8"},
                  {".js", "text/javascript; charset=utf-8"},
                  {".css", "text/css; charset=utf-8"},
                  {".svg", "image/svg+xml"},
                  {".png", "image/png"},
                  {".woff2", "font/woff2"},
                  {".json", "application/json"}};
    for (const auto &[suffix, type] : kTypes)
        if (name.ends_with(suffix))
            return type;
    return "application/octet-stream";
}

void send_resource(Exchange &exchange, int status, const std::string &name) {
    GBytes *bytes = g_resources_lookup_data((kPrefix + name).c_str(), G_RESOURCE_LOOKUP_FLAGS_NONE, nullptr);
    if (!bytes)
        throw Refusal{404, "there is nothing at this path"};
    const std::string etag = "\"" + std::to_string(g_bytes_hash(bytes)) + "\"";
    exchange.set_header("ETag", etag);
    exchange.set_header("Cache-Control", "no-cache");
    exchange.set_header("X-Content-Type-Options", "nosniff");
    exchange.set_header("Referrer-Policy", "no-referrer"); // the URL may carry a token
    if (name.ends_with(".html"))
        exchange.set_header("Content-Security-Policy", kContentSecurityPolicy);
    if (exchange.header("If-None-Match") == etag)
        exchange.reply_empty(304);
    else
        exchange.reply(status, type_of(name), bytes);
    g_bytes_unref(bytes);
}

/// Of an unknown room the page comes too: it says so in words.
void send_page(Api &api, Exchange &exchange, const std::string &name) {
    send_resource(exchange, api.store.rooms.find(exchange.param("roomId")) ? 200 : 404, name);
}

} // namespace

void add_page_routes(Router &router, Api &api) {
    router.add("GET", "/studio/{roomId}", [&api](const ExchangePtr &e) { send_page(api, *e, "studio.html"); });
    router.add("GET", "/watch/{roomId}", [&api](const ExchangePtr &e) { send_page(api, *e, "watch.html"); });
    router.add("GET", "/assets/{path...}",
               [](const ExchangePtr &e) { send_resource(*e, 200, "assets/" + e->param("path")); });
}

} // namespace rostrum
