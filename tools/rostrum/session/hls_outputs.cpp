// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "hls_outputs.h"

#include "hls_tap.h"
#include "json_text.h"
#include "plan_hls.h"

#include <algorithm>
#include <utility>

namespace rostrum::session {

namespace {

std::string hls_of(const std::string &branch) {
    return branch.substr(branch.find(':') + 1);
}

} // namespace

void HlsOutputs::set_state(const std::string &hls, const char *state) {
    entries_[hls].state = state;
    changed_(hls, state, details(hls));
}

void HlsOutputs::want(const Wanted &wanted) {
    wanted_.clear();
    for (const auto &hls : wanted.hls) {
        wanted_.push_back(hls.id);
        const Composition &composition = wanted.composition_of(hls.own_composition);
        if (entries_.try_emplace(hls.id, Entry{hls, composition, "starting", {}, {}}).second)
            set_state(hls.id, "starting");
    }
}

std::vector<Hls> HlsOutputs::viable(const std::vector<Hls> &wanted) const {
    std::vector<Hls> result;
    for (const auto &hls : wanted) {
        const auto entry = entries_.find(hls.id);
        if (entry == entries_.end() || !g_str_equal(entry->second.state, "failed"))
            result.push_back(hls);
    }
    return result;
}

HlsSetup HlsOutputs::setup_of(const Entry &entry) const {
    HlsSetup setup;
    setup.directory = entry.wanted.directory;
    for (const auto &rendition : hls_renditions(entry.wanted, entry.composition))
        setup.renditions.push_back({rendition.name, rendition.peak_bps(), rendition.average_bps()});
    setup.with_video = !entry.wanted.audio_only;
    setup.dvr_ms = entry.wanted.dvr_ms;
    setup.keep = entry.wanted.keep;
    const GstClockTime running = gst_element_get_current_running_time(pipeline_);
    setup.epoch_ms = g_get_real_time() / 1000;
    if (running != GST_CLOCK_TIME_NONE)
        setup.epoch_ms -= static_cast<int64_t>(running / GST_MSECOND);
    return setup;
}

void HlsOutputs::built(RunningBranch &branch) {
    const std::string id = hls_of(branch.branch().id);
    const Entry &entry = entries_[id];
    HlsWriter::Observer observer;
    observer.grown = [this, id](const HlsWriter::Progress &progress) { progressed(id, progress); };
    observer.failed = [this, id](const std::string &error) { failed(hls_branch(id), error); };
    observer.finished = [this, running = &branch] {
        const auto found = running_.find(running);
        if (found != running_.end())
            if (const auto drained = std::exchange(found->second.drained, nullptr))
                drained();
    };
    auto writer = std::make_shared<HlsWriter>(setup_of(entry), std::move(observer));
    size_t index = 0;
    for (const auto &rendition : hls_renditions(entry.wanted, entry.composition))
        if (!rendition.encode.empty())
            tap_video(branch.element(rendition.name + "_sink"), writer, index++);
    tap_audio(branch.element("audio_sink"), writer);
    Running &running = running_[&branch];
    running.hls = id;
    running.writer = std::move(writer);
}

void HlsOutputs::progressed(const std::string &hls, const HlsWriter::Progress &progress) {
    Entry &entry = entries_[hls];
    entry.progress = progress;
    if (g_str_equal(entry.state, "starting"))
        set_state(hls, "started");
    if (g_str_equal(entry.state, "started") && progress.segments > 0)
        set_state(hls, "playable");
    grown_(hls);
}

bool HlsOutputs::draining(RunningBranch &branch, std::function<void()> done) {
    const auto running = running_.find(&branch);
    if (running == running_.end() || g_str_equal(entries_[running->second.hls].state, "failed"))
        return false;
    const std::string id = running->second.hls;
    if (std::find(wanted_.begin(), wanted_.end(), id) != wanted_.end())
        return false; // another branch goes on with it
    set_state(id, "stopping");
    running->second.drained = std::move(done);
    running->second.deadline.start(kDrainMs, [&drained = running->second.drained] {
        if (const auto late = std::exchange(drained, nullptr))
            late();
        return false;
    });
    running->second.writer->finish();
    return true;
}

void HlsOutputs::removed(RunningBranch &branch) {
    const auto running = running_.find(&branch);
    if (running == running_.end())
        return;
    const std::string id = running->second.hls;
    running_.erase(running);
    if (g_str_equal(entries_[id].state, "stopping"))
        set_state(id, "stopped");
}

void HlsOutputs::failed(const std::string &branch, const std::string &why) {
    const std::string id = hls_of(branch);
    if (g_str_equal(entries_[id].state, "failed"))
        return;
    entries_[id].error = why;
    set_state(id, "failed");
}

std::string HlsOutputs::details(const std::string &hls) const {
    const auto found = entries_.find(hls);
    if (found == entries_.end())
        return "{}";
    const Entry &entry = found->second;
    JsonText json;
    json.add("directory", entry.wanted.directory)
        .add("segments", static_cast<int64_t>(entry.progress.segments))
        .add("bytes", static_cast<int64_t>(entry.progress.bytes));
    if (!entry.error.empty())
        json.add("error", entry.error);
    return json.text();
}

} // namespace rostrum::session
