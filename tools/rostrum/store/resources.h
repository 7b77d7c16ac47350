// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/store/database.h"
#include "tools/rostrum/store/page.h"

namespace rostrum {

/// A place for one composition that somebody has reserved.
struct ResourceUnit {
    std::string id;
    std::string type;          ///< "recording", "hls", "rtmp"
    std::string mode, quality; ///< as they were asked for, "" for any
    std::string webhook_url;
    std::string state; ///< "pending", "idle", "composing", "released"
    int64_t created_at = 0, updated_at = 0;
};

class ResourceStore {
  public:
    explicit ResourceStore(Database &database) : database_(database) {}

    void create(const ResourceUnit &unit);
    void set_state(const std::string &id, const std::string &state, int64_t now);
    std::optional<ResourceUnit> find(const std::string &id);
    /// `state` "": every one.
    Page<ResourceUnit> list(const std::string &state, const PageRequest &page);
    std::vector<ResourceUnit> in_state(const std::string &state);
    /// How many are not released.
    int64_t held();

  private:
    Database &database_;
};

} // namespace rostrum
