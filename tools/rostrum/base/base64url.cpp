// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/base/base64url.h"

#include <array>
#include <cstdint>

namespace rostrum {
namespace {

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr uint8_t kNone = 0xff;

constexpr std::array<uint8_t, 256> make_values() {
    std::array<uint8_t, 256> values{};
    for (auto &value : values)
        value = kNone;
    for (uint8_t i = 0; i < 64; ++i)
        values[static_cast<uint8_t>(kAlphabet[i])] = i;
    return values;
}
constexpr std::array<uint8_t, 256> kValues = make_values();

} // namespace

std::string base64url_encode(std::string_view bytes) {
    std::string text;
    text.reserve((bytes.size() * 4 + 2) / 3);
    uint32_t held = 0;
    unsigned bits = 0;
    for (const char c : bytes) {
        held = held << 8 | static_cast<uint8_t>(c);
        for (bits += 8; bits >= 6; bits -= 6)
            text += kAlphabet[held >> (bits - 6) & 63];
    }
    if (bits > 0)
        text += kAlphabet[held << (6 - bits) & 63];
    return text;
}

std::optional<std::string> base64url_decode(std::string_view text) {
    if (text.size() % 4 == 1)
        return std::nullopt;
    std::string bytes;
    bytes.reserve(text.size() * 3 / 4);
    uint32_t held = 0;
    unsigned bits = 0;
    for (const char c : text) {
        const uint8_t value = kValues[static_cast<uint8_t>(c)];
        if (value == kNone)
            return std::nullopt;
        held = held << 6 | value;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes += static_cast<char>(held >> bits & 255);
        }
    }
    return bytes;
}

} // namespace rostrum
