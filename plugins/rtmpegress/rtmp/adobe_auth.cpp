// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "rtmpegress/rtmp/adobe_auth.h"

#include <array>
#include <cstdio>
#include <glib.h>
#include <initializer_list>

namespace rostrum::rtmp {

namespace {

std::string md5_base64(std::initializer_list<std::string_view> parts) {
    GChecksum *sum = g_checksum_new(G_CHECKSUM_MD5);
    for (const std::string_view part : parts)
        g_checksum_update(sum, reinterpret_cast<const guchar *>(part.data()), static_cast<gssize>(part.size()));
    std::array<guint8, 16> digest{};
    gsize size = digest.size();
    g_checksum_get_digest(sum, digest.data(), &size);
    g_checksum_free(sum);
    g_autofree gchar *text = g_base64_encode(digest.data(), size);
    return text;
}

/// A field of "?reason=needauth&user=u&salt=s&challenge=c&opaque=o"; empty when there is none.
std::string_view field(std::string_view query, std::string_view name) {
    while (!query.empty()) {
        const std::string_view pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(pair.size() + 1, query.size()));
        if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=')
            return pair.substr(name.size() + 1);
    }
    return {};
}

std::string hex(uint32_t value) {
    std::array<char, 9> text{};
    std::snprintf(text.data(), text.size(), "%08x", value);
    return text.data();
}

} // namespace

AdobeAuth::AdobeAuth(std::string user, std::string password, uint32_t nonce)
    : user_(std::move(user)), password_(std::move(password)), nonce_(hex(nonce)) {}

AdobeAuth::Answer AdobeAuth::deny(std::string why) {
    denial_ = std::move(why);
    return Answer::Denied;
}

std::string AdobeAuth::response(std::string_view challenge) const {
    const std::string_view opaque = field(challenge, "opaque");
    const std::string_view theirs = opaque.empty() ? field(challenge, "challenge") : opaque;
    const std::string salted = md5_base64({user_, field(challenge, "salt"), password_});
    std::string text = "&challenge=" + nonce_ + "&response=" + md5_base64({salted, theirs, nonce_});
    if (!opaque.empty())
        text.append("&opaque=").append(opaque);
    return text;
}

AdobeAuth::Answer AdobeAuth::answer(std::string_view description) {
    if (description.find("authmod=") == description.npos)
        return Answer::NotAsked;
    if (description.find("authmod=adobe") == description.npos)
        return deny("the server wants a kind of login that is not supported");
    if (user_.empty())
        return deny("the server wants a user name and a password");
    const size_t mark = description.find('?');
    const std::string_view query = mark == description.npos ? std::string_view() : description.substr(mark + 1);
    const std::string_view reason = field(query, "reason");
    if (reason.empty() && !named_) {
        g_autofree gchar *escaped = g_uri_escape_string(user_.c_str(), nullptr, FALSE);
        query_ = std::string("authmod=adobe&user=") + escaped;
        named_ = true;
        return Answer::Again;
    }
    if (reason == "needauth" && named_ && !responded_) {
        query_ += response(query);
        responded_ = true;
        return Answer::Again;
    }
    return deny("the server does not accept the user name or the password");
}

} // namespace rostrum::rtmp
