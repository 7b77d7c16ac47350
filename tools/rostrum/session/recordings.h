// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The recordings of a session: one Recorder per running recording branch, what is told about them, and when one that
// failed goes on. Thread-bound: main.

#pragma once

#include "recorder.h"
#include "state.h"

#include <map>

namespace rostrum::session {

class Recordings {
  public:
    class Listener {
      public:
        virtual ~Listener() = default;
        /// state: "starting", "started", "stopping", "stopped", "failed"; details: JSON {path, parts, durationMs,
        /// bytes, error, resumes}.
        virtual void recording_changed(const std::string &recording, const char *state, const std::string &details) = 0;
        /// suspend() says something else now.
        virtual void recordings_changed() = 0;
    };

    explicit Recordings(Listener &listener) : listener_(listener) {}

    /// What is wanted now; new ones are reported as starting.
    void want(const std::vector<Recording> &wanted);
    /// Marks those that cannot be written at present.
    void suspend(std::vector<Recording> &wanted) const;

    // What the reconciler says about a recording branch.
    void built(RunningBranch &branch);
    void linked();
    bool draining(RunningBranch &branch, std::function<void()> done);
    void removed(RunningBranch &branch);
    void failed(const std::string &branch, const std::string &why);

    /// It cannot be recorded as it is now; it begins by itself when that changes.
    void refuse(const std::string &recording, const std::string &why);

    /// By recording: its state.
    std::map<std::string, const char *> states() const;
    std::string details(const std::string &recording) const;

  private:
    static constexpr unsigned kRetryFirstMs = 1000, kRetryMaxMs = 30'000;
    // A recording that went well for so long has no former failures.
    static constexpr gint64 kWellUs = 60 * G_USEC_PER_SEC;

    struct Entry {
        Recording recording;
        std::shared_ptr<PartNames> names = {};
        const char *state = "starting";
        std::string error;
        std::vector<PartInfo> parts; // that are over
        bool suspended = false;
        unsigned failures = 0;
        gint64 started_us = 0;
        PartFile::Over disk_is_free; // of what it still holds
        std::unique_ptr<Timer> retry = std::make_unique<Timer>();
    };
    struct Running {
        std::string recording;
        std::unique_ptr<Recorder> recorder;
        bool asked = false;
    };
    class RecorderObserver;

    void started(const std::string &recording, bool written);
    void stop(const std::string &recording);
    void fail(const std::string &recording, const std::string &why);
    void schedule_retry(Entry &entry);
    void set_state(const std::string &recording, const char *state);
    std::vector<PartInfo> parts_of(const std::string &recording, const Entry &entry) const;
    bool is_running(const std::string &recording) const;

    Listener &listener_;
    std::map<std::string, Entry> entries_; // by recording
    std::map<const RunningBranch *, Running> running_;
};

} // namespace rostrum::session
