// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Access tokens: first as they come, then with the same bytes as claims under a good signature, so that the claims are
// reached too.

#include "tools/rostrum/auth/token.h"

#include <cstdlib>
#include <glib.h>
#include <string>

namespace {

const rostrum::TokenKey kKey{"k", "secret"};
const rostrum::KeyRing kRing({{kKey.api_key, {{kKey.secret}}}});
constexpr int64_t kNow = 1'800'000'000;

void append_base64url(std::string &out, const void *data, size_t size) {
    g_autofree char *text = g_base64_encode(static_cast<const guchar *>(data), size);
    for (const char *c = text; *c && *c != '='; ++c)
        out += *c == '+' ? '-' : *c == '/' ? '_' : *c;
}

std::string signed_token(const uint8_t *data, size_t size) {
    static const char kHeader[] = R"({"alg":"HS256","typ":"JWT"})";
    std::string token;
    append_base64url(token, kHeader, sizeof kHeader - 1);
    token += '.';
    append_base64url(token, data, size);
    guint8 mac[32];
    gsize mac_size = sizeof mac;
    GHmac *hmac =
        g_hmac_new(G_CHECKSUM_SHA256, reinterpret_cast<const guchar *>(kKey.secret.data()), kKey.secret.size());
    g_hmac_update(hmac, reinterpret_cast<const guchar *>(token.data()), static_cast<gssize>(token.size()));
    g_hmac_get_digest(hmac, mac, &mac_size);
    g_hmac_unref(hmac);
    token += '.';
    append_base64url(token, mac, mac_size);
    return token;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const std::string_view bytes(reinterpret_cast<const char *>(data), size);
    (void)rostrum::verify_token(bytes, kRing, kNow);
    const auto result = rostrum::verify_token(signed_token(data, size), kRing, kNow);
    if (const auto *claims = std::get_if<rostrum::Claims>(&result))
        if (claims->expires_at <= kNow || claims->api_key != kKey.api_key)
            std::abort();
    return 0;
}
