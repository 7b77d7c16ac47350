// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/jobs/job_process.h"
#include "tools/rostrum/store/jobs.h"

#include <map>

namespace rostrum {

struct JobSettings {
    std::string binary; ///< rostrum-job
    std::string log;
    unsigned processes = 1; ///< at once; uploads have one more to themselves
};

/// Does the stored jobs one after another, each in a process of its own, and again when one fails that might work
/// later. What is stored survives `serve`. Thread-bound: main thread.
class JobQueue {
  public:
    JobQueue(JobStore &store, JobSettings settings);

    /// Told of every new state, in the transaction that stores it: what is stored along holds with it or not at all.
    std::function<void(const JobRecord &)> on_changed;
    /// The same once it is on disk.
    std::function<void(const JobRecord &)> on_stored;
    /// What is added to the document of a job when it runs, and never stored.
    std::function<Json(const JobRecord &)> secrets_of;

    /// Takes up what an earlier `serve` left.
    void recover();
    /// Fills in the id where there is none, state and times, and stores it.
    std::string add(JobRecord job);
    /// False when it is over already.
    bool cancel(const std::string &id);
    double progress(const std::string &id) const;
    bool idle() const { return running_.empty(); }

  private:
    struct Running {
        JobRecord job;
        double progress = 0;
        Json outcome = Json::object(); ///< the last line
        std::unique_ptr<JobProcess> process;
    };
    void pump();
    void start(const JobRecord &job);
    void took_line(Running &running, const Json &line);
    void ended(const std::string &id);
    void settle(JobRecord &job, const Json &outcome);
    void change(JobRecord &job, const char *state);
    bool has_place(const JobRecord &job) const;

    JobStore &store_;
    const JobSettings settings_;
    std::map<std::string, Running> running_;
    std::vector<std::unique_ptr<JobProcess>> done_; // until the main loop comes round
    Timer next_, burial_;
};

} // namespace rostrum
