// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/ice_links.h"

#include "tools/rostrum/base/glib_handles.h"

namespace rostrum {
namespace {

constexpr size_t kSha1Bytes = 20;

std::string hmac_sha1_base64(const std::string &key, const std::string &text) {
    GHmac *hmac = g_hmac_new(G_CHECKSUM_SHA1, reinterpret_cast<const guchar *>(key.data()), key.size());
    g_hmac_update(hmac, reinterpret_cast<const guchar *>(text.data()), static_cast<gssize>(text.size()));
    guint8 digest[kSha1Bytes];
    gsize size = sizeof digest;
    g_hmac_get_digest(hmac, digest, &size);
    g_hmac_unref(hmac);
    return take_string(g_base64_encode(digest, size));
}

} // namespace

/// Percent-encoded, a participant id of 128 bytes stays below the 508 bytes of a STUN USERNAME (RFC 8489 section 14.3),
/// and no quote or line end gets into a header.
TurnCredentials mint_turn_credentials(const std::string &secret, const std::string &participant_id, int64_t expiry_s) {
    const std::string name = take_string(g_uri_escape_string(participant_id.c_str(), nullptr, FALSE));
    const std::string username = std::to_string(expiry_s) + ":" + name;
    return {username, hmac_sha1_base64(secret, username)};
}

std::vector<std::string> IceLinks::values(const std::string &participant_id, int64_t now_s) const {
    std::vector<std::string> values;
    const TurnCredentials credentials = mint_turn_credentials(turn_secret_, participant_id, now_s + lifetime_s_);
    for (const auto &server : servers_) {
        std::string value = "<" + server.uri + ">; rel=\"ice-server\"";
        if (server.turn)
            value += "; username=\"" + credentials.username + "\"; credential=\"" + credentials.password +
                     "\"; credential-type=\"password\"";
        values.push_back(std::move(value));
    }
    return values;
}

} // namespace rostrum
