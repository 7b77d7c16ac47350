// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/base/ids.h"

#include "tools/rostrum/base/glib_handles.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <vector>

namespace rostrum {
namespace {

std::vector<uint8_t> random_bytes(size_t count) {
    std::vector<uint8_t> bytes(count);
    if (RAND_bytes(bytes.data(), static_cast<int>(count)) != 1)
        g_error("the system gives no random numbers"); // going on would hand out guessable secrets
    return bytes;
}

std::string base64(const std::vector<uint8_t> &bytes) {
    return take_string(g_base64_encode(bytes.data(), bytes.size()));
}

} // namespace

std::string random_hex(size_t digits) {
    static const char kDigits[] = "0123456789abcdef";
    std::string text;
    for (const uint8_t byte : random_bytes(digits))
        text += kDigits[byte & 15];
    return text;
}

std::string new_room_id() {
    static const char kAlphabet[] = "abcdefghijklmnopqrstuvwxyz234567"; // 32 symbols: no modulo bias; 60 bits in all
    std::string text;
    for (const uint8_t byte : random_bytes(12)) {
        if (text.size() == 4 || text.size() == 9)
            text += '-';
        text += kAlphabet[byte & 31];
    }
    return text;
}

std::string random_token(size_t bytes) {
    std::string text = base64(random_bytes(bytes));
    for (char &c : text)
        c = c == '+' ? '-' : c == '/' ? '_' : c;
    while (!text.empty() && text.back() == '=')
        text.pop_back();
    return text;
}

std::string new_webhook_secret() {
    return "whsec_" + base64(random_bytes(32));
}

bool is_document_id(std::string_view text) {
    return text.size() == 24 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_participant_id(std::string_view text) {
    if (text.empty() || text.size() > 128 || !g_utf8_validate_len(text.data(), text.size(), nullptr))
        return false;
    const std::string copy(text);
    for (const char *p = copy.c_str(); *p; p = g_utf8_next_char(p)) {
        const gunichar c = g_utf8_get_char(p);
        if (g_unichar_isspace(c) || !g_unichar_isprint(c) || c == '/')
            return false;
    }
    return true;
}

bool equal_constant_time(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

int64_t now_ms() {
    return g_get_real_time() / 1000;
}

std::string iso_time(int64_t ms) {
    GDateTime *seconds = g_date_time_new_from_unix_utc(ms / 1000);
    GDateTime *time = g_date_time_add(seconds, (ms % 1000) * 1000);
    const std::string date = take_string(g_date_time_format(time, "%Y-%m-%dT%H:%M:%S"));
    g_date_time_unref(seconds);
    g_date_time_unref(time);
    const std::string fraction = std::to_string(1000 + ms % 1000).substr(1);
    return date + "." + fraction + "Z";
}

} // namespace rostrum
