// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// POSTs that meet the moment at which a kept connection is given up.

#include "waiting.h"
#include "webhooks/http_post.h"

#include <libsoup/soup.h>
#include <vector>

using namespace rostrum;

namespace {

constexpr unsigned kPosters = 60;
constexpr unsigned kKeptMs = 3000; // as http_post.cpp keeps a connection

void answer(SoupServer *, SoupServerMessage *message, const char *, GHashTable *, gpointer) {
    soup_server_message_set_status(message, SOUP_STATUS_OK, nullptr);
}

std::string listen(SoupServer *server) {
    soup_server_add_handler(server, nullptr, answer, nullptr, nullptr);
    g_autoptr(GError) error = nullptr;
    soup_server_listen_local(server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error);
    g_assert_no_error(error);
    GSList *uris = soup_server_get_uris(server);
    g_autofree gchar *text = g_uri_to_string(static_cast<GUri *>(uris->data));
    g_slist_free_full(uris, reinterpret_cast<GDestroyNotify>(g_uri_unref));
    return text;
}

struct Poster {
    Poster(const HttpOptions &options, const std::string &url) : http(options, url, false) {}
    HttpPoster http;
    unsigned answered = 0;
};

void post(Poster &poster) {
    poster.http.post({}, "{}", [&poster](const PostResult &result) {
        g_assert_cmpstr(result.error.c_str(), ==, "");
        g_assert_cmpuint(result.status, ==, 200);
        poster.answered++;
    });
}

/// Each posts twice, so many ms apart; one begins after the other, for the server's queue of connections is short.
void test_kept_connection() {
    g_autoptr(SoupServer) server = soup_server_new("server-header", "test", nullptr);
    const std::string url = listen(server);
    HttpOptions options;
    options.timeout_ms = 5000;
    options.resolver = Resolver::create(nullptr);
    std::vector<std::unique_ptr<Poster>> posters;
    std::vector<gint64> due_us;
    for (unsigned i = 0; i < kPosters; i++) {
        posters.push_back(std::make_unique<Poster>(options, url));
        post(*posters[i]);
        test::wait_for("the first answer", [&] { return posters[i]->answered == 1; });
        due_us.push_back(g_get_monotonic_time() + kKeptMs * 1000 + (static_cast<gint64>(i) - kPosters / 2) * 100);
    }
    for (unsigned i = 0; i < kPosters; i++) {
        while (g_get_monotonic_time() < due_us[i])
            g_main_context_iteration(nullptr, FALSE);
        post(*posters[i]);
        test::wait_for("the second answer", [&] { return posters[i]->answered == 2; });
    }
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/webhooksink/kept-connection", test_kept_connection);
    return g_test_run();
}
