// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/auth/key_ring.h"
#include "tools/rostrum/base/config.h"
#include "tools/rostrum/base/master_key.h"
#include "tools/rostrum/store/api_keys.h"

namespace rostrum {

/// What is wrong with the pairs or with what was asked for them, for a person.
struct ApiKeyError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// All API keys: the pair of the configuration, which is the first one, and those of the database, whose secrets lie
/// there encrypted. Thread-bound: main thread.
class ApiKeys {
  public:
    /// `config`: after ensure_keys(). Throws ApiKeyError when a secret cannot be decrypted.
    ApiKeys(ApiKeyStore &store, const Config &config);

    /// As they are now: what `rostrum key` has changed in another process is seen within kLookEveryMs.
    const KeyRing &ring(int64_t now_ms);
    /// A token of this key was taken. Written down once an hour.
    void used(const std::string &api_key, int64_t now_ms);
    const std::string &first() const { return first_.api_key; }

    /// With its newest secret. Throws ApiKeyError when there is no such pair, or it is disabled.
    TokenKey signing_key(const std::string &api_key) const;
    TokenKey create(const std::string &name, int64_t now_ms);
    /// A new secret; the one before is taken for `keep_ms` more.
    TokenKey rotate(ApiKeyRecord record, int64_t keep_ms, int64_t now_ms);

  private:
    static constexpr int64_t kLookEveryMs = 200; // a person does not notice, and a request pays no more than a clock
    static constexpr int64_t kUsedEveryMs = 3'600'000;

    KeyPair opened(const ApiKeyRecord &record) const;
    void reload();

    ApiKeyStore &store_;
    const MasterKey master_;
    const KeyPair first_;
    KeyRing ring_;
    std::map<std::string, int64_t> used_; ///< when it was last written down
    int64_t looked_ms_ = 0, version_ = 0;
};

/// A pair of the database, or ApiKeyError with what to do about it.
ApiKeyRecord stored_key(ApiKeyStore &store, const Config &config, const std::string &api_key);

} // namespace rostrum
