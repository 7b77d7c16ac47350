// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include <cstdint>
#include <string>

namespace rostrum {

/// Links that work without a token until they expire: `PATH?expires=…&signature=…`. The signature covers path and
/// expiry; its key is for nothing else, so that links outlive an exchange of API secrets. Reentrant.
class SignedLinks {
  public:
    SignedLinks() = default;
    SignedLinks(std::string key, unsigned lifetime_s);

    std::string sign(const std::string &path, int64_t now_s) const;
    enum class Verdict { Good, Wrong, Expired };
    /// `expires`, `signature`: as the request brings them, untrusted.
    Verdict check(const std::string &path, const std::string &expires, const std::string &signature,
                  int64_t now_s) const;
    unsigned lifetime_s() const { return lifetime_s_; }

  private:
    std::string signature_of(const std::string &path, const std::string &expires) const;
    std::string key_;
    unsigned lifetime_s_ = 0;
};

} // namespace rostrum
