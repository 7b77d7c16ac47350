// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "peer/credentials.h"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>

namespace peerwire {

namespace {

constexpr std::string_view kIceChars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string random_text(size_t size) {
    std::array<uint8_t, 32> random;
    if (RAND_bytes(random.data(), static_cast<int>(size)) != 1)
        std::abort(); // predictable passwords would be worse
    std::string text;
    for (size_t i = 0; i < size; ++i)
        text.push_back(kIceChars[random[i] % kIceChars.size()]); // 64 characters: no bias
    return text;
}

bool ice_chars_only(std::string_view text) {
    // RFC 8839 says only ice-char; '-' and '_' are in the wild and harmless.
    return std::all_of(text.begin(), text.end(), [](char c) {
        return kIceChars.find(c) != std::string_view::npos || c == '-' || c == '_' || c == '=';
    });
}

} // namespace

IceCredentials make_ice_credentials() {
    return {random_text(8), random_text(32)};
}

bool valid_ice_credentials(std::string_view ufrag, std::string_view pwd) {
    return ufrag.size() >= 4 && ufrag.size() <= 256 && pwd.size() >= 22 && pwd.size() <= 256 && ice_chars_only(ufrag) &&
           ice_chars_only(pwd);
}

} // namespace peerwire
