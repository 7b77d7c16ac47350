// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/base/json.h"
#include "tools/rostrum/store/database.h"
#include "tools/rostrum/store/page.h"

namespace rostrum {

/// What follows a recording, or was asked for: rostrum-job does it, one after another.
struct JobRecord {
    std::string id;
    std::string kind;                           ///< "process", "upload", "merge", "composite-merge"
    std::string state;                          ///< "pending", "processing", "completed", "failed", "cancelled"
    std::string output_id, session_id, room_id; ///< what it belongs to, "" where it is more than one
    int64_t created_at = 0, updated_at = 0;
    int64_t not_before = 0; ///< the next try
    int64_t attempts = 0;
    std::string webhook_url;
    Json document = Json::object(); ///< for rostrum-job, without secrets
    Json resume = Json::object();   ///< where an earlier try got to
    Json result = Json::object();
    std::string error; ///< of the last try
};

struct JobFilter {
    std::vector<std::string> kinds;  ///< one or two
    std::string room_id, session_id; ///< "": every one
    std::string state = {}, id = {}; ///< likewise
};

class JobStore {
  public:
    explicit JobStore(Database &database) : database_(database) {}

    void create(const JobRecord &job);
    /// Writes all that changes: state, times, attempts, resume, result, error.
    void update(const JobRecord &job);
    std::optional<JobRecord> find(const std::string &id);
    Page<JobRecord> list(const JobFilter &filter, const PageRequest &page);
    /// What it made is stored elsewhere.
    void remove(const std::string &id);
    /// How many are in a state.
    int64_t count(const std::string &state);
    /// What is pending, oldest first.
    std::vector<JobRecord> pending();
    std::vector<JobRecord> unfinished(); ///< pending or processing
    std::vector<JobRecord> untold();     ///< of a recording, completed, and not removed since
    /// What was under way when an earlier `serve` ended is pending again.
    void release_all(int64_t now);
    Database &database() { return database_; }

  private:
    Page<JobRecord> search(const JobFilter &filter, const PageRequest &page);
    Database &database_;
};

} // namespace rostrum
