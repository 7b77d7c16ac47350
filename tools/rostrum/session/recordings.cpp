// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "recordings.h"

#include "json_text.h"
#include "plan.h"

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

void add_parts(const std::vector<PartInfo> &parts, JsonText &json) {
    uint64_t duration_ms = 0, bytes = 0;
    json.begin_array("parts");
    for (const auto &part : parts) {
        duration_ms += part.duration_ms;
        bytes += part.bytes;
        json.begin_object().add("path", part.path).add("startedAt", part.started_at_ms);
        json.add("durationMs", static_cast<int64_t>(part.duration_ms)).add("bytes", static_cast<int64_t>(part.bytes));
        if (part.width > 0)
            json.add("width", int64_t{part.width}).add("height", int64_t{part.height});
        json.add("format", extension_of(part.format) + 1).end_object();
    }
    json.end_array().add("durationMs", static_cast<int64_t>(duration_ms)).add("bytes", static_cast<int64_t>(bytes));
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
        Entry &entry = entries_[recording.id];
        if (!entry.names || entry.recording.path != recording.path)
            entry.names = std::make_shared<PartNames>(recording.path);
        entry.recording = recording;
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
    const Entry &entry = entries_[id];
    running_[&branch] = {id,
                         std::make_unique<Recorder>(branch, entry.names, rules_of(entry.recording),
                                                    std::make_unique<RecorderObserver>(*this, id)),
                         false};
}

void Recordings::linked() {
    for (auto &[branch, running] : running_)
        if (!std::exchange(running.asked, true))
            running.recorder->request_start();
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
        if (part.bytes > 0)
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
    std::vector<PartInfo> parts = entry.names->earlier();
    parts.insert(parts.end(), entry.parts.begin(), entry.parts.end());
    for (const auto &[branch, running] : running_)
        if (running.recording == recording)
            for (auto &part : running.recorder->parts())
                if (part.started_at_ms != 0)
                    parts.push_back(std::move(part));
    return parts;
}

std::string Recordings::details(const std::string &recording) const {
    const auto found = entries_.find(recording);
    if (found == entries_.end())
        return "{}";
    const Entry &entry = found->second;
    JsonText json;
    json.add("path", entry.recording.path);
    if (entry.names->known()) // else what is known of it from before is not known here yet
        add_parts(parts_of(recording, entry), json);
    if (!entry.error.empty())
        json.add("error", entry.error);
    if (g_str_equal(entry.state, "failed"))
        json.add_json("resumes", "true");
    return json.text();
}

} // namespace rostrum::session
