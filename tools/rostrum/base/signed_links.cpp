// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/base/signed_links.h"

#include "tools/rostrum/base/digest.h"
#include "tools/rostrum/base/ids.h"

#include <charconv>

namespace rostrum {

SignedLinks::SignedLinks(std::string key, unsigned lifetime_s) : key_(std::move(key)), lifetime_s_(lifetime_s) {}

std::string SignedLinks::signature_of(const std::string &path, const std::string &expires) const {
    return hex(hmac_sha256(key_, expires + "\n" + path));
}

std::string SignedLinks::sign(const std::string &path, int64_t now_s) const {
    const std::string expires = std::to_string(now_s + lifetime_s_);
    return path + "?expires=" + expires + "&signature=" + signature_of(path, expires);
}

SignedLinks::Verdict SignedLinks::check(const std::string &path, const std::string &expires,
                                        const std::string &signature, int64_t now_s) const {
    if (!equal_constant_time(signature_of(path, expires), signature))
        return Verdict::Wrong;
    int64_t until = 0;
    std::from_chars(expires.data(), expires.data() + expires.size(), until);
    return now_s < until ? Verdict::Good : Verdict::Expired;
}

} // namespace rostrum
