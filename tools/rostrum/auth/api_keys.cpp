// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/auth/api_keys.h"

#include "tools/rostrum/base/ids.h"

#include <cstdlib>
#include <glib.h>

namespace rostrum {
namespace {

MasterKey master_key(const Config &config) {
    if (auto key = MasterKey::parse(config.text("master-key")))
        return *key;
    throw ApiKeyError("master-key: it has to be 32 bytes in base64, as `openssl rand -base64 32` prints them");
}

KeyPair pair_of(const Config &config) {
    KeyPair pair{config.text("api-key"), {{config.text("api-secret")}}};
    if (config.has("old-api-secret"))
        pair.secrets.push_back({config.text("old-api-secret")});
    return pair;
}

} // namespace

ApiKeyRecord stored_key(ApiKeyStore &store, const Config &config, const std::string &api_key) {
    if (auto record = store.find(api_key))
        return *record;
    if (api_key == config.text("api-key"))
        throw ApiKeyError("the key " + api_key +
                          " is that of the configuration: change api-secret there, with the one before as "
                          "old-api-secret, and start `rostrum serve` again");
    throw ApiKeyError("there is no key '" + api_key + "'; `rostrum key list` shows them");
}

ApiKeys::ApiKeys(ApiKeyStore &store, const Config &config)
    : store_(store), master_(master_key(config)), first_(pair_of(config)) {
    for (const auto &record : store_.all())
        if (opened(record).secrets.empty())
            throw ApiKeyError(
                "the secret of the API key " + record.api_key +
                " cannot be decrypted: the master key (ROSTRUM_MASTER_KEY, or master.key in the state "
                "directory) is not the one that encrypted it. Put that one back, or give the pair up with "
                "`rostrum key delete " +
                record.api_key + "`");
    reload();
}

/// Without secrets when they cannot be decrypted.
KeyPair ApiKeys::opened(const ApiKeyRecord &record) const {
    KeyPair pair{record.api_key, {}, record.disabled};
    if (auto secret = master_.open(record.secret, record.api_key))
        pair.secrets.push_back({std::move(*secret)});
    if (auto old = master_.open(record.old_secret, record.api_key))
        pair.secrets.push_back({std::move(*old), record.old_until / 1000});
    return pair;
}

void ApiKeys::reload() {
    version_ = store_.version();
    KeyRing ring;
    for (const auto &record : store_.all()) {
        KeyPair pair = opened(record);
        if (pair.secrets.empty())
            g_warning("the secret of the API key %s cannot be decrypted; its tokens are refused",
                      record.api_key.c_str());
        used_.try_emplace(record.api_key, record.used_at);
        ring.put(std::move(pair));
    }
    ring.put(first_);
    ring_ = std::move(ring);
}

const KeyRing &ApiKeys::ring(int64_t now_ms) {
    if (std::abs(now_ms - looked_ms_) >= kLookEveryMs) {
        looked_ms_ = now_ms;
        if (store_.version() != version_)
            reload();
    }
    return ring_;
}

void ApiKeys::used(const std::string &api_key, int64_t now_ms) {
    const auto last = used_.find(api_key);
    if (last == used_.end() || now_ms - last->second < kUsedEveryMs)
        return;
    last->second = now_ms;
    store_.used(api_key, now_ms);
}

TokenKey ApiKeys::signing_key(const std::string &api_key) const {
    const KeyPair *pair = ring_.find(api_key);
    if (!pair)
        throw ApiKeyError("there is no key '" + api_key + "'; `rostrum key list` shows them");
    if (pair->disabled)
        throw ApiKeyError("the key " + api_key + " is disabled; `rostrum key enable " + api_key + "` enables it");
    return {api_key, pair->secrets.front().text};
}

TokenKey ApiKeys::create(const std::string &name, int64_t now_ms) {
    const TokenKey key{"rostrum-" + random_token(9), random_token(32)};
    ApiKeyRecord record;
    record.api_key = key.api_key;
    record.name = name;
    record.secret = master_.seal(key.secret, key.api_key);
    record.created_at = now_ms;
    store_.insert(record);
    return key;
}

TokenKey ApiKeys::rotate(ApiKeyRecord record, int64_t keep_ms, int64_t now_ms) {
    const TokenKey key{record.api_key, random_token(32)};
    record.old_secret = keep_ms > 0 ? record.secret : "";
    record.old_until = keep_ms > 0 ? now_ms + keep_ms : 0;
    record.secret = master_.seal(key.secret, key.api_key);
    record.rotated_at = now_ms;
    store_.update(record);
    return key;
}

} // namespace rostrum
