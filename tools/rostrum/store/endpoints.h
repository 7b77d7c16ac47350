// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/store/database.h"

#include <vector>

namespace rostrum {

/// Where webhooks were sent to, so that a restart goes on delivering what is still in the spool.
class EndpointStore {
  public:
    explicit EndpointStore(Database &database) : database_(database) {}
    void touch(const std::string &url, int64_t now);
    std::vector<std::string> used_since(int64_t time);

  private:
    Database &database_;
};

} // namespace rostrum
