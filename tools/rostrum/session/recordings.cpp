// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "recordings.h"

#include "json_text.h"
#include "plan.h"

#include <glib/gstdio.h>

#include <algorithm>
#include <utility>

namespace rostrum::session {

namespace {

constexpr int kDirectoryMode = 0750;

uint64_t bytes_of(const std::vector<std::string> &parts) {
    uint64_t bytes = 0;
    for (const auto &part : parts) {
        GStatBuf info;
        if (g_stat(part.c_str(), &info) == 0)
            bytes += static_cast<uint64_t>(info.st_size);
    }
    return bytes;
}

std::string recording_of(const std::string &branch) {
    return branch.substr(branch.find(':') + 1);
}

} // namespace

void Recordings::set_state(const std::string &recording, const char *state) {
    entries_[recording].state = state;
    changed_(recording, state, details(recording));
}

void Recordings::want(const std::vector<Recording> &wanted) {
    wanted_.clear();
    for (const auto &recording : wanted) {
        wanted_.push_back(recording.id);
        if (entries_.try_emplace(recording.id, Entry{recording.path, "starting", {}, 0}).second)
            set_state(recording.id, "starting");
    }
}

std::vector<Recording> Recordings::viable(const std::vector<Recording> &wanted) const {
    std::vector<Recording> result;
    for (const auto &recording : wanted) {
        const auto entry = entries_.find(recording.id);
        if (entry == entries_.end() || !g_str_equal(entry->second.state, "failed"))
            result.push_back(recording);
    }
    return result;
}

void Recordings::built(RunningBranch &branch) {
    const std::string id = recording_of(branch.branch().id);
    const std::string &path = entries_[id].path;
    g_autofree char *directory = g_path_get_dirname(path.c_str());
    g_mkdir_with_parents(directory, kDirectoryMode); // when it fails, filesink says why
    auto recorder = std::make_unique<Recorder>(branch, free_part(path), [this, id] { set_state(id, "started"); });
    running_[&branch] = {id, std::move(recorder), false};
}

void Recordings::linked() {
    for (auto &[branch, running] : running_)
        if (!std::exchange(running.asked, true))
            running.recorder->request_start();
}

bool Recordings::draining(RunningBranch &branch, std::function<void()> done) {
    const auto running = running_.find(&branch);
    if (running == running_.end())
        return false;
    const std::string id = running->second.recording;
    if (std::find(wanted_.begin(), wanted_.end(), id) == wanted_.end())
        set_state(id, "stopping");
    running->second.recorder->finish(std::move(done));
    return true;
}

void Recordings::removed(RunningBranch &branch) {
    const auto running = running_.find(&branch);
    if (running == running_.end())
        return;
    const std::string id = running->second.recording;
    entries_[id].duration_ms += running->second.recorder->duration_ms();
    running_.erase(running);
    if (g_str_equal(entries_[id].state, "stopping"))
        set_state(id, "stopped");
}

void Recordings::failed(const std::string &branch, const std::string &why) {
    const std::string id = recording_of(branch);
    entries_[id].error = why;
    set_state(id, "failed");
}

std::string Recordings::details(const std::string &recording) const {
    const auto found = entries_.find(recording);
    if (found == entries_.end())
        return "{}";
    const Entry &entry = found->second;
    uint64_t duration_ms = entry.duration_ms;
    for (const auto &[branch, running] : running_)
        if (running.recording == recording)
            duration_ms += running.recorder->duration_ms();
    const auto parts = existing_parts(entry.path);
    JsonText json;
    json.add("path", entry.path).add("parts", parts).add("durationMs", static_cast<int64_t>(duration_ms));
    json.add("bytes", static_cast<int64_t>(bytes_of(parts)));
    if (!entry.error.empty())
        json.add("error", entry.error);
    return json.text();
}

} // namespace rostrum::session
