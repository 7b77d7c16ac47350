// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/store/database.h"

#include <vector>

namespace rostrum {

/// A pair beside that of the configuration. Times are milliseconds since 1970, 0 = never.
struct ApiKeyRecord {
    std::string api_key, name;
    std::string secret, old_secret; ///< sealed; the old one "" when there is none
    int64_t old_until = 0;          ///< from then on the old one is not taken
    bool disabled = false;
    int64_t created_at = 0, rotated_at = 0, used_at = 0;
};

/// Written by `rostrum key` while `serve` runs: `version` tells it that something has changed.
class ApiKeyStore {
  public:
    explicit ApiKeyStore(Database &database) : database_(database) {}

    std::vector<ApiKeyRecord> all(); ///< oldest first
    std::optional<ApiKeyRecord> find(const std::string &api_key);
    void insert(const ApiKeyRecord &record);
    /// Everything but `used_at`, which belongs to `serve`. False when there is no such key.
    bool update(const ApiKeyRecord &record);
    bool remove(const std::string &api_key);
    void used(const std::string &api_key, int64_t now);
    /// Another value after another connection has written to the database.
    int64_t version();

  private:
    Database &database_;
};

} // namespace rostrum
