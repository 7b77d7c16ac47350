// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/jobs/job_queue.h"
#include "tools/rostrum/live/recording_files.h"
#include "tools/rostrum/live/webhooks.h"
#include "tools/rostrum/store/store.h"

namespace rostrum {

/// What follows the end of a recording: its parts are finalised, get their pictures and checksums, and go to S3 when
/// that is configured; then it is told. Also tells of merges. Thread-bound: main thread.
class RecordingJobs {
  public:
    RecordingJobs(Store &store, JobQueue &queue, Webhooks &webhooks, const RecordingPlaces &places,
                  const std::string &public_url);

    /// Tells the participants of a session, if it still runs.
    std::function<void(const std::string &session_id, const char *event, const Json &data)> tell;

    /// Takes up what an earlier `serve` left, before the queue does.
    void recover();
    /// Its end has been stored and told; fills in what it holds (`details.parts`, `details.processing`).
    void over(OutputRecord &recording);

    /// Merges, as JobQueue has them.
    std::string add(JobRecord job) { return queue_.add(std::move(job)); }
    bool cancel(const std::string &id) { return queue_.cancel(id); }
    double progress(const std::string &id) const { return queue_.progress(id); }

  private:
    void changed(const JobRecord &job);
    void stored(const JobRecord &job);
    void remove_uploaded(const std::string &recording);
    void part_changed(const JobRecord &job);
    void upload_changed(const JobRecord &job);
    void abort_upload(const JobRecord &failed);
    void merge_changed(const JobRecord &job);
    void start_upload(OutputRecord &recording);
    void processed(OutputRecord &recording);
    void post(const std::string &type, const std::string &room_id, const std::string &session_id, const Json &extra,
              const std::string &extra_url, const std::string &id);

    Store &store_;
    JobQueue &queue_;
    Webhooks &webhooks_;
    const RecordingPlaces &places_;
    const std::string &public_url_;
};

} // namespace rostrum
