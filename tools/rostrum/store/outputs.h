// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/base/json.h"
#include "tools/rostrum/store/database.h"
#include "tools/rostrum/store/output_kind.h"
#include "tools/rostrum/store/page.h"

namespace rostrum {

struct OutputRecord {
    std::string id;
    OutputKind kind = OutputKind::Livestream;
    std::string session_id, room_id;
    int64_t created_at = 0;
    std::optional<int64_t> start, end;
    std::string state; ///< "starting", "started", "stopping", "stopped", "failed"
    std::string webhook_url;
    /// livestream: outputs with their keys, config; else: request (its entry in the wanted state), config, path,
    /// and what that process reports (parts, durationMs, bytes, error); of a recording also prefix (of its objects),
    /// and what jobs add: processing, upload, and in its parts processing, sha256, poster, thumbnails, …
    Json details = Json::object();
};

struct OutputFilter {
    std::string room_id, session_id; ///< "": every one
    std::string participant_id = {}; ///< of recordings that have one
};

class OutputStore {
  public:
    explicit OutputStore(Database &database) : database_(database) {}

    void create(const OutputRecord &output);
    /// Writes state, times and details.
    void update(const OutputRecord &output);
    std::optional<OutputRecord> find(OutputKind kind, const std::string &id);
    /// A recording of any kind.
    std::optional<OutputRecord> find_recording(const std::string &id);
    /// Recordings that ended and were not looked at since: `serve` ended in between.
    std::vector<OutputRecord> unprocessed();
    Page<OutputRecord> list(OutputKind kind, const OutputFilter &filter, const PageRequest &page);
    /// Those of a session that have not come to an end.
    std::vector<OutputRecord> running(const std::string &session_id);
    /// Soft: it is no longer found or listed.
    void remove(OutputKind kind, const std::string &id);

  private:
    Page<OutputRecord> search(const std::string &kind, const OutputFilter &filter, const PageRequest &page);
    Database &database_;
};

} // namespace rostrum
