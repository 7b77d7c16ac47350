// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "rtmpegress/rtmp/refusal.h"

#include <algorithm>
#include <array>
#include <string>

namespace rostrum::rtmp {

namespace {

/// The same stream from a connection that broke is still there, or the server is not up to it now.
constexpr std::array kPassing = {"already",  "in use",    "exists",   "duplicate", "being published", "busy",   "limit",
                                 "too many", "try again", "temporar", "overload",  "maintenance",     "timeout"};

constexpr std::array kLasting = {"invalid",   "denied",    "unauthori", "not authori", "not allowed",
                                 "forbidden", "unknown",   "not found", "no such",     "expired",
                                 "wrong",     "incorrect", "disabled",  "banned",      "bad key"};

/// NetStream.Publish.BadName is not here: it is the usual answer to a name that is in use.
constexpr std::array kPermanentCodes = {"netconnection.connect.invalidapp",  "netconnection.connect.rejected",
                                        "netstream.publish.denied",          "netstream.publish.rejected",
                                        "netstream.publish.unauthorized",    "netstream.authenticate.failed",
                                        "netconnection.connect.unauthorized"};

constexpr std::string_view kBadName = "netstream.publish.badname";

std::string lower(std::string_view text) {
    std::string result(text);
    for (char &c : result)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return result;
}

template <size_t N> bool has_any(const std::string &text, const std::array<const char *, N> &words) {
    return std::any_of(words.begin(), words.end(), [&](const char *word) { return text.find(word) != text.npos; });
}

} // namespace

bool is_permanent(std::string_view code, std::string_view description) {
    const std::string what = lower(code), why = lower(description);
    if (has_any(why, kPassing))
        return false;
    return has_any(what, kPermanentCodes) || (what == kBadName && has_any(why, kLasting));
}

} // namespace rostrum::rtmp
