// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/jobs/job_queue.h"

#include "tools/rostrum/base/ids.h"

#include <algorithm>

namespace rostrum {
namespace {

constexpr unsigned kSilenceMs = 120'000;       // progress comes every half second
constexpr unsigned kUploadSilenceMs = 600'000; // a part of some MiB on a slow line
constexpr int64_t kMaxAttempts = 3;            // what crashes a job three times will do so again
constexpr int64_t kUploadForMs = 24 * 3600 * 1000;
constexpr unsigned kStoreAgainMs = 5000;
constexpr int64_t kFirstRetryMs = 2000, kMaxRetryMs = 600'000;

bool is_upload(const JobRecord &job) {
    return job.kind == "upload";
}

int64_t retry_after_ms(int64_t attempts) {
    return std::min(kMaxRetryMs, kFirstRetryMs << std::min<int64_t>(attempts - 1, 20));
}

} // namespace

JobQueue::JobQueue(JobStore &store, JobSettings settings) : store_(store), settings_(std::move(settings)) {}

void JobQueue::recover() {
    store_.release_all(now_ms());
    pump();
}

std::string JobQueue::add(JobRecord job) {
    if (job.id.empty())
        job.id = new_document_id();
    job.state = "pending";
    job.created_at = job.updated_at = now_ms();
    store_.create(job);
    next_.once(0, [this] { pump(); }); // not inside of whoever adds several
    return job.id;
}

bool JobQueue::cancel(const std::string &id) {
    auto job = store_.find(id);
    if (!job || (job->state != "pending" && job->state != "processing"))
        return false;
    running_.erase(id);
    change(*job, "cancelled");
    pump();
    return true;
}

double JobQueue::progress(const std::string &id) const {
    const auto found = running_.find(id);
    return found == running_.end() ? 0 : found->second.progress;
}

bool JobQueue::has_place(const JobRecord &job) const {
    const auto uploads =
        std::count_if(running_.begin(), running_.end(), [](const auto &entry) { return is_upload(entry.second.job); });
    const auto others = static_cast<int64_t>(running_.size()) - uploads;
    return is_upload(job) ? uploads < 1 : others < static_cast<int64_t>(settings_.processes);
}

void JobQueue::pump() {
    if (!store_.database().fault().empty()) // what cannot be stored is not begun
        return next_.once(kStoreAgainMs, [this] { pump(); });
    const int64_t now = now_ms();
    int64_t next = INT64_MAX;
    for (const JobRecord &job : store_.pending()) {
        if (job.not_before > now)
            next = std::min(next, job.not_before);
        else if (!running_.count(job.id) && has_place(job))
            start(job);
    }
    next_.cancel();
    if (next != INT64_MAX)
        next_.once(static_cast<unsigned>(std::min<int64_t>(next - now, kMaxRetryMs)), [this] { pump(); });
}

void JobQueue::start(const JobRecord &record) {
    Running &running = running_[record.id];
    running.job = record;
    ++running.job.attempts;
    change(running.job, "processing");
    Json document = secrets_of ? secrets_of(running.job) : Json::object();
    for (const auto &key : record.document.keys())
        document.set(key, record.document.get(key.c_str()));
    document.set("kind", record.kind);
    document.set("state", record.resume);
    running.process = std::make_unique<JobProcess>(
        settings_.binary, settings_.log, document.dump(), is_upload(record) ? kUploadSilenceMs : kSilenceMs,
        JobProcess::Observer{[this, id = record.id](const Json &line) {
                                 if (const auto found = running_.find(id); found != running_.end())
                                     took_line(found->second, line);
                             },
                             [this, id = record.id] { ended(id); }});
}

void JobQueue::took_line(Running &running, const Json &line) {
    if (line.has("progress")) {
        running.progress = line.get("progress").as_number();
    } else if (line.has("state")) {
        running.job.resume = line.get("state");
        running.job.updated_at = now_ms();
        if (store_.database().fault().empty()) // else it is kept for later, and there may be thousands of them
            store_.update(running.job);
    } else {
        running.outcome = line;
    }
}

void JobQueue::ended(const std::string &id) {
    const auto found = running_.find(id);
    if (found == running_.end())
        return;
    JobRecord job = found->second.job;
    const Json outcome = found->second.outcome;
    done_.push_back(std::move(found->second.process)); // it is calling
    burial_.once(0, [this] { done_.clear(); });
    running_.erase(found);
    settle(job, outcome);
    pump();
}

void JobQueue::settle(JobRecord &job, const Json &outcome) {
    if (outcome.has("result")) {
        job.result = outcome.get("result");
        job.error.clear();
        return change(job, "completed");
    }
    job.error = outcome.text("error", "the job crashed or hung");
    const int64_t now = now_ms();
    const bool again = is_upload(job) ? now < job.created_at + kUploadForMs : job.attempts < kMaxAttempts;
    g_warning("job %s (%s), try %d: %s", job.id.c_str(), job.kind.c_str(), static_cast<int>(job.attempts),
              job.error.c_str());
    if (!again || outcome.get("permanent").as_bool())
        return change(job, "failed");
    job.not_before = now + retry_after_ms(job.attempts);
    change(job, "pending");
}

void JobQueue::change(JobRecord &job, const char *state) {
    job.state = state;
    job.updated_at = now_ms();
    Transaction transaction(store_.database());
    store_.update(job);
    if (on_changed)
        on_changed(job);
    transaction.commit();
    if (on_stored)
        store_.database().after_commit([this, job] { on_stored(job); });
}

} // namespace rostrum
