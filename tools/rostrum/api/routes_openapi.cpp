// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What the API says of itself, to programs and to people.

#include "tools/rostrum/api/api.h"
#include "tools/rostrum/api/openapi.h"

namespace rostrum {
namespace {

struct Document {
    std::string type, text, etag;

    Document(const char *content_type, std::string content) : type(content_type), text(std::move(content)) {
        etag =
            "\"" + take_string(g_compute_checksum_for_string(G_CHECKSUM_SHA256, text.c_str(), -1)).substr(0, 32) + "\"";
    }
};

void send(Exchange &exchange, const Document &document) {
    exchange.set_header("ETag", document.etag);
    exchange.set_header("Cache-Control", "no-cache");
    if (exchange.header("If-None-Match") == document.etag)
        exchange.reply_empty(304);
    else
        exchange.reply(200, document.type, document.text);
}

void send_document(const Router &router, const Api &api, Exchange &exchange) {
    // The URL is known once the server listens.
    static const Document document("application/json", openapi_document(router, api.url("")));
    send(exchange, document);
}

/// The page itself says what it may load: nothing but what is in it.
void send_page(Exchange &exchange) {
    static const Document page("text/html; charset=utf-8", openapi_page());
    exchange.set_header("X-Content-Type-Options", "nosniff");
    exchange.set_header("Content-Security-Policy", "frame-ancestors 'none'");
    send(exchange, page);
}

} // namespace

void add_openapi_routes(Router &router, Api &api) {
    router.add("GET", "/openapi.json", [&router, &api](const ExchangePtr &e) { send_document(router, api, *e); });
    router.add("GET", "/docs", [](const ExchangePtr &e) { send_page(*e); });
}

} // namespace rostrum
