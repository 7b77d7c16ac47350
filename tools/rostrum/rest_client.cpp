// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/rest_client.h"

#include "tools/rostrum/auth/token.h"
#include "tools/rostrum/base/glib_handles.h"
#include "tools/rostrum/base/ids.h"
#include "tools/rostrum/base/keys.h"

#include <algorithm>
#include <libsoup/soup.h>

namespace rostrum {
namespace {

constexpr int64_t kTokenTtlS = 60;
constexpr unsigned kSilenceS = 30; // the server answers at once; one that is stopped never does

std::string mint_for(Config &config, std::string *error) {
    *error = ensure_keys(config);
    if (!error->empty())
        return "";
    Claims claims;
    claims.allow_join = claims.allow_mod = true;
    claims.roles = {"crawler"};
    claims.issued_at = now_ms() / 1000;
    claims.expires_at = claims.issued_at + kTokenTtlS;
    return mint_token(claims, {config.text("api-key"), config.text("api-secret")});
}

/// Without TLS where that is answered too: a certificate is for the name that others use.
std::string own_address(const Config &config) {
    const auto urls = split_list(config.text("listen"));
    const auto plain = std::find_if(urls.begin(), urls.end(), [](const auto &url) { return url.starts_with("http:"); });
    return plain == urls.end() ? urls.front() : *plain;
}

std::string text_of(GBytes *bytes) {
    gsize size = 0;
    const auto *data = static_cast<const char *>(g_bytes_get_data(bytes, &size));
    return {data ? data : "", size};
}

} // namespace

RestAnswer call_server(Config &config, const char *method, const std::string &path, const Json &body) {
    RestAnswer answer;
    std::string token = config.text("token");
    if (token.empty())
        token = mint_for(config, &answer.error);
    if (!answer.error.empty())
        return answer;
    const std::string server = config.has("url") ? config.text("url") : own_address(config);
    const auto message = ObjectRef<SoupMessage>::adopt(soup_message_new(method, (server + path).c_str()));
    if (!message) {
        answer.error = "this is no URL: " + server + path;
        return answer;
    }
    soup_message_headers_append(soup_message_get_request_headers(message.get()), "Authorization", token.c_str());
    if (!body.is_null()) {
        const std::string text = body.dump();
        GBytes *bytes = g_bytes_new(text.data(), text.size());
        soup_message_set_request_body_from_bytes(message.get(), "application/json", bytes);
        g_bytes_unref(bytes);
    }
    const auto client = ObjectRef<SoupSession>::adopt(soup_session_new_with_options("timeout", kSilenceS, nullptr));
    GError *failure = nullptr;
    GBytes *bytes = soup_session_send_and_read(client.get(), message.get(), nullptr, &failure);
    if (!bytes) {
        answer.error =
            server + ": " + take_error(failure) + "; name the running server with --url, --state or --listen";
        return answer;
    }
    answer.body = text_of(bytes);
    g_bytes_unref(bytes);
    if (!SOUP_STATUS_IS_SUCCESSFUL(soup_message_get_status(message.get())))
        answer.error = answer.json().text("message", answer.body);
    return answer;
}

} // namespace rostrum
