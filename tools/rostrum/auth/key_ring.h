// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace rostrum {

/// A pair as it signs: one key, one secret.
struct TokenKey {
    std::string api_key, secret;
};

struct KeySecret {
    std::string text;
    int64_t until_s = INT64_MAX; ///< seconds since 1970; from then on it verifies nothing
};

/// An API key with all its secrets, the newest first: more than one while they are exchanged.
struct KeyPair {
    std::string api_key;
    std::vector<KeySecret> secrets;
    bool disabled = false;
};

/// The pairs that tokens may be signed with. Reentrant.
class KeyRing {
  public:
    KeyRing() = default;
    explicit KeyRing(std::vector<KeyPair> pairs) {
        for (auto &pair : pairs)
            put(std::move(pair));
    }
    void put(KeyPair pair) {
        std::string name = pair.api_key;
        pairs_.insert_or_assign(std::move(name), std::move(pair));
    }
    const KeyPair *find(std::string_view api_key) const {
        const auto found = pairs_.find(api_key);
        return found == pairs_.end() ? nullptr : &found->second;
    }

  private:
    std::map<std::string, KeyPair, std::less<>> pairs_;
};

} // namespace rostrum
