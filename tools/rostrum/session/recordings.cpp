// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "recordings.h"

#include "json_text.h"
#include "part_path.h"
#include "plan.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace rostrum::session {

namespace {

std::string recording_of(const std::string &branch) {
    return branch.substr(branch.find(':') + 1);
}

RecordingRules rules_of(const Recording &recording) {
    return {recording.paused, recording.split_ms, recording.split_bytes};
}

/// A part that a former process made: what the file system says of it.
PartInfo info_of_file(const std::string &path) {
    PartInfo info;
    info.path = path;
    info.format = g_str_has_suffix(path.c_str(), extension_of(FileFormat::Mp4)) ? FileFormat::Mp4 : FileFormat::Webm;
    struct statx file;
    if (statx(AT_FDCWD, path.c_str(), 0, STATX_BTIME | STATX_MTIME | STATX_SIZE, &file) != 0)
        return info;
    const auto ms = [](const statx_timestamp &time) { return time.tv_sec * 1000 + time.tv_nsec / 1'000'000; };
    info.bytes = file.stx_size;
    const int64_t end = ms(file.stx_mtime), begin = file.stx_mask & STATX_BTIME ? ms(file.stx_btime) : end;
    info.started_at_ms = begin;
    info.duration_ms = static_cast<uint64_t>(std::max<int64_t>(end - begin, 0));
    return info;
}

} // namespace

class Recordings::RecorderObserver : public Recorder::Observer {
  public:
    RecorderObserver(Recordings &recordings, std::string id) : recordings_(recordings), id_(std::move(id)) {}

    void recorder_started() override { recordings_.started(id_, false); }
    void recorder_written() override { recordings_.started(id_, true); }
    void recorder_part_begins() override {
        if (g_str_equal(recordings_.entries_[id_].state, "started"))
            recordings_.set_state(id_, "started");
    }
    std::set<unsigned> taken_parts() override { return recordings_.taken_parts(id_); }
    void recorder_failed(const std::string &why) override { recordings_.fail(id_, why); }

  private:
    Recordings &recordings_;
    const std::string id_;
};

void Recordings::set_state(const std::string &recording, const char *state) {
    entries_[recording].state = state;
    listener_.recording_changed(recording, state, details(recording));
}

bool Recordings::is_running(const std::string &recording) const {
    return std::any_of(running_.begin(), running_.end(),
                       [&](const auto &running) { return running.second.recording == recording; });
}

void Recordings::want(const std::vector<Recording> &wanted) {
    std::set<std::string> ids;
    for (const auto &recording : wanted) {
        ids.insert(recording.id);
        const auto known = entries_.find(recording.id);
        const bool begins = known == entries_.end() || g_str_equal(known->second.state, "stopped");
        if (begins)
            entries_[recording.id] = {};
        entries_[recording.id].recording = recording;
        if (begins)
            set_state(recording.id, "starting");
    }
    for (const auto &[branch, running] : running_)
        running.recorder->set_rules(rules_of(entries_[running.recording].recording));
    for (const auto &[id, entry] : entries_)
        if (!ids.count(id) && !g_str_equal(entry.state, "stopped") && !g_str_equal(entry.state, "stopping"))
            stop(id);
}

/// One that is not written at present has nothing to finish.
void Recordings::stop(const std::string &recording) {
    entries_[recording].retry->stop();
    set_state(recording, "stopping");
    if (!is_running(recording))
        set_state(recording, "stopped");
}

void Recordings::suspend(std::vector<Recording> &wanted) const {
    for (auto &recording : wanted) {
        const auto entry = entries_.find(recording.id);
        recording.suspended = entry != entries_.end() && entry->second.suspended;
    }
}

void Recordings::built(RunningBranch &branch) {
    const std::string id = recording_of(branch.branch().id);
    const Recording &recording = entries_[id].recording;
    running_[&branch] = {id,
                         std::make_unique<Recorder>(branch, recording.path, rules_of(recording),
                                                    std::make_unique<RecorderObserver>(*this, id)),
                         false};
}

void Recordings::linked() {
    for (auto &[branch, running] : running_)
        if (!std::exchange(running.asked, true))
            running.recorder->request_start();
}

std::set<unsigned> Recordings::taken_parts(const std::string &recording) const {
    std::set<unsigned> taken;
    for (const auto &[branch, running] : running_)
        if (running.recording == recording)
            taken.merge(running.recorder->numbers());
    return taken;
}

void Recordings::refuse(const std::string &recording, const std::string &why) {
    Entry &entry = entries_[recording];
    if (g_str_equal(entry.state, "stopping") || entry.error == why)
        return;
    entry.error = why;
    set_state(recording, "failed");
}

/// A disk that has failed is believed when something is written on it.
void Recordings::started(const std::string &recording, bool written) {
    Entry &entry = entries_[recording];
    const bool failed = g_str_equal(entry.state, "failed");
    if (g_str_equal(entry.state, "stopping") || failed != written)
        return;
    entry.error.clear();
    entry.started_us = g_get_monotonic_time();
    set_state(recording, "started");
}

bool Recordings::draining(RunningBranch &branch, std::function<void()> done) {
    const auto running = running_.find(&branch);
    if (running == running_.end() || entries_[running->second.recording].suspended)
        return false;
    running->second.recorder->finish(std::move(done));
    return true;
}

void Recordings::removed(RunningBranch &branch) {
    const auto found = running_.find(&branch);
    if (found == running_.end())
        return;
    const std::string id = found->second.recording;
    Entry &entry = entries_[id];
    for (auto &part : found->second.recorder->parts())
        if (part.bytes > 0 && access(part.path.c_str(), F_OK) == 0) // neither empty nor removed
            entry.parts.push_back(std::move(part));
    entry.disk_is_free = found->second.recorder->over();
    running_.erase(found);
    if (g_str_equal(entry.state, "stopping") && !is_running(id))
        set_state(id, "stopped");
}

void Recordings::failed(const std::string &branch, const std::string &why) {
    fail(recording_of(branch), why);
}

void Recordings::fail(const std::string &recording, const std::string &why) {
    Entry &entry = entries_[recording];
    if (g_str_equal(entry.state, "stopping") || g_str_equal(entry.state, "stopped"))
        return;
    if (entry.started_us && g_get_monotonic_time() - std::exchange(entry.started_us, 0) > kWellUs)
        entry.failures = 0;
    const bool news = !g_str_equal(entry.state, "failed") || entry.error != why;
    entry.error = why;
    entry.suspended = true;
    schedule_retry(entry);
    if (news)
        set_state(recording, "failed");
    listener_.recordings_changed();
}

void Recordings::schedule_retry(Entry &entry) {
    const unsigned pause_ms = std::min(kRetryMaxMs, kRetryFirstMs << std::min(entry.failures, 5u));
    ++entry.failures;
    entry.retry->start(pause_ms, [this, &entry] {
        if (entry.disk_is_free && !entry.disk_is_free())
            return true; // it is still busy with what failed
        entry.suspended = false;
        listener_.recordings_changed();
        return false;
    });
}

std::map<std::string, const char *> Recordings::states() const {
    std::map<std::string, const char *> states;
    for (const auto &[id, entry] : entries_)
        states[id] = entry.state;
    return states;
}

/// Those of this process, and before them what an earlier one left.
std::vector<PartInfo> Recordings::parts_of(const std::string &recording, const Entry &entry) const {
    std::vector<PartInfo> own = entry.parts;
    for (const auto &[branch, running] : running_)
        if (running.recording == recording)
            for (auto &part : running.recorder->parts())
                if (part.started_at_ms != 0)
                    own.push_back(std::move(part));
    std::vector<PartInfo> parts;
    for (const auto &path : existing_parts(entry.recording.path))
        if (std::none_of(own.begin(), own.end(), [&](const PartInfo &part) { return part.path == path; }))
            parts.push_back(info_of_file(path));
    parts.insert(parts.end(), own.begin(), own.end());
    return parts;
}

std::string Recordings::details(const std::string &recording) const {
    const auto found = entries_.find(recording);
    if (found == entries_.end())
        return "{}";
    const Entry &entry = found->second;
    uint64_t duration_ms = 0, bytes = 0;
    JsonText json;
    json.add("path", entry.recording.path).begin_array("parts");
    for (const auto &part : parts_of(recording, entry)) {
        duration_ms += part.duration_ms;
        bytes += part.bytes;
        json.begin_object().add("path", part.path).add("startedAt", part.started_at_ms);
        json.add("durationMs", static_cast<int64_t>(part.duration_ms)).add("bytes", static_cast<int64_t>(part.bytes));
        if (part.width > 0)
            json.add("width", int64_t{part.width}).add("height", int64_t{part.height});
        json.add("format", extension_of(part.format) + 1).end_object();
    }
    json.end_array().add("durationMs", static_cast<int64_t>(duration_ms)).add("bytes", static_cast<int64_t>(bytes));
    if (!entry.error.empty())
        json.add("error", entry.error);
    if (g_str_equal(entry.state, "failed"))
        json.add_json("resumes", "true");
    return json.text();
}

} // namespace rostrum::session
