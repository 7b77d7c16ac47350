// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The recordings of a session: one Recorder per running recording branch, and what is told about them. Thread-bound:
// main.

#pragma once

#include "recorder.h"
#include "state.h"

#include <map>

namespace rostrum::session {

class Recordings {
  public:
    /// state: "starting", "started", "stopping", "stopped", "failed"; details: JSON {path, parts, durationMs, bytes,
    /// error}.
    using Changed = std::function<void(const std::string &recording, const char *state, const std::string &details)>;

    explicit Recordings(Changed changed) : changed_(std::move(changed)) {}

    /// What is wanted now; new ones are reported as starting. One that failed stays failed until its id is new.
    void want(const std::vector<Recording> &wanted);
    /// Those of `wanted` that have not failed.
    std::vector<Recording> viable(const std::vector<Recording> &wanted) const;

    // What the reconciler says about a recording branch.
    void built(RunningBranch &branch);
    void linked();
    bool draining(RunningBranch &branch, std::function<void()> done);
    void removed(RunningBranch &branch);
    void failed(const std::string &branch, const std::string &why);

    struct Entry {
        std::string path;
        const char *state = "starting";
        std::string error;
        uint64_t duration_ms = 0; // of finished parts
    };
    const std::map<std::string, Entry> &entries() const { return entries_; }
    std::string details(const std::string &recording) const;

  private:
    struct Running {
        std::string recording;
        std::unique_ptr<Recorder> recorder;
        bool asked = false;
    };

    void set_state(const std::string &recording, const char *state);

    const Changed changed_;
    std::map<std::string, Entry> entries_; // by recording
    std::map<const RunningBranch *, Running> running_;
    std::vector<std::string> wanted_;
};

} // namespace rostrum::session
