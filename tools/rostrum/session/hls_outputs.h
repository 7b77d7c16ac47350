// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The HLS streams of a session: one HlsWriter per running branch, and what is told about them. Thread-bound: main; only
// the taps run on streaming threads.

#pragma once

#include "hls_writer.h"
#include "running_branch.h"
#include "state.h"

#include <map>

namespace rostrum::session {

class HlsOutputs {
  public:
    /// state: "starting", "started", "playable", "stopping", "stopped", "failed"; details: JSON {directory, segments,
    /// bytes, error}.
    using Changed = std::function<void(const std::string &hls, const char *state, const std::string &details)>;
    /// The journal has grown.
    using Grown = std::function<void(const std::string &hls)>;

    HlsOutputs(GstElement *pipeline, Changed changed, Grown grown)
        : pipeline_(pipeline), changed_(std::move(changed)), grown_(std::move(grown)) {}

    /// What is wanted now; new ones are reported as starting. One that failed stays failed until its id is new.
    void want(const Wanted &wanted);
    /// Those of `wanted` that have not failed.
    std::vector<Hls> viable(const std::vector<Hls> &wanted) const;

    // What the reconciler says about an HLS branch.
    void built(RunningBranch &branch);
    bool draining(RunningBranch &branch, std::function<void()> done);
    void removed(RunningBranch &branch);
    void failed(const std::string &branch, const std::string &why);

    struct Entry {
        Hls wanted;
        Composition composition;
        const char *state = "starting";
        std::string error;
        HlsWriter::Progress progress;
    };
    const std::map<std::string, Entry> &entries() const { return entries_; }
    std::string details(const std::string &hls) const;

  private:
    static constexpr unsigned kDrainMs = 3000;

    struct Running {
        std::string hls;
        std::shared_ptr<HlsWriter> writer;
        std::function<void()> drained;
        Timer deadline;
    };

    void set_state(const std::string &hls, const char *state);
    void progressed(const std::string &hls, const HlsWriter::Progress &progress);
    HlsSetup setup_of(const Entry &entry) const;

    GstElement *const pipeline_;
    const Changed changed_;
    const Grown grown_;
    std::map<std::string, Entry> entries_; // by HLS stream
    std::map<const RunningBranch *, Running> running_;
    std::vector<std::string> wanted_;
};

} // namespace rostrum::session
