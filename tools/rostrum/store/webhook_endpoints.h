// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/store/database.h"
#include "tools/rostrum/store/page.h"

namespace rostrum {

/// A URL that webhooks go to.
struct WebhookEndpoint {
    int64_t id = 0;
    std::string url;
    bool enabled = true;
    std::string disabled_why;
    int64_t created_at = 0;
    std::optional<int64_t> failed_at;
    int64_t status = 0; ///< HTTP, of the last failure; 0 without an answer
    std::string error;  ///< of the last failure
};

class WebhookEndpointStore {
  public:
    explicit WebhookEndpointStore(Database &database);

    /// The one of that URL, made when there is none.
    WebhookEndpoint open(const std::string &url, int64_t now);
    /// All that was opened so far is on disk.
    void committed() { unstored_.clear(); }
    std::optional<WebhookEndpoint> find(int64_t id);
    Page<WebhookEndpoint> list(const PageRequest &page);
    /// Those that have something to deliver.
    std::vector<WebhookEndpoint> with_waiting();
    /// Ids of those that are disabled, and something is not given up yet.
    std::vector<int64_t> disabled_with_waiting();
    void enable(int64_t id);
    void disable(int64_t id, const std::string &why);
    /// A delivery to it, by its row, failed.
    void note_failure_of(int64_t row, const std::string &error, int64_t status, int64_t now);

  private:
    void note_enabled(int64_t id, bool enabled, const std::string &why);

    Database &database_;
    int64_t last_id_ = 0;
    std::map<std::string, WebhookEndpoint> unstored_; // by URL, those made since the last commit
};

} // namespace rostrum
