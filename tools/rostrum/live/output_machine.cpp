// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/live/output_machine.h"

#include <algorithm>

namespace rostrum {
namespace {

constexpr const char *kNames[] = {"starting", "started", "stopping", "stopped", "failed", "interrupted"};

bool is_live(const std::string &state) {
    return state == "live" || state == "started";
}
bool has_ended(const std::string &state) {
    return state == "stopped" || state == "failed";
}

} // namespace

const char *output_state_name(OutputState state) {
    return kNames[static_cast<int>(state)];
}

std::optional<OutputState> parse_output_state(const std::string &name) {
    const auto *found = std::find(std::begin(kNames), std::end(kNames), name);
    return found == std::end(kNames) ? std::nullopt
                                     : std::optional(static_cast<OutputState>(found - std::begin(kNames)));
}

std::optional<OutputState> OutputMachine::enter(OutputState state) {
    state_ = state;
    return state;
}

std::optional<OutputState> OutputMachine::part_changed(const std::string &id, const std::string &state,
                                                       const std::string &error, bool resumes) {
    const auto part = parts_.find(id);
    if (part == parts_.end() || is_over(state_) || has_ended(part->second.state))
        return std::nullopt;
    part->second.state = resumes && is_wanted(state_) ? "retrying" : state;
    part->second.error = error;
    if (is_live(state) && (state_ == OutputState::Starting || state_ == OutputState::Interrupted))
        return enter(OutputState::Started);
    if (resumes && is_wanted(state_))
        return state_ == OutputState::Interrupted ? std::nullopt : enter(OutputState::Interrupted);
    const auto ended = [](const auto &entry) { return has_ended(entry.second.state); };
    if (!std::all_of(parts_.begin(), parts_.end(), ended))
        return std::nullopt;
    const auto failed = [](const auto &entry) { return entry.second.removed || entry.second.state == "failed"; };
    const bool all_failed = std::all_of(parts_.begin(), parts_.end(), failed);
    return enter(all_failed && state_ != OutputState::Stopping ? OutputState::Failed : OutputState::Stopped);
}

void OutputMachine::remove_part(const std::string &id) {
    const auto part = parts_.find(id);
    if (part == parts_.end())
        return;
    part->second.removed = true;
    if (!has_ended(part->second.state))
        part->second.state = "stopped";
}

std::optional<OutputState> OutputMachine::stop() {
    if (state_ == OutputState::Stopping || is_over(state_))
        return std::nullopt;
    return enter(OutputState::Stopping);
}

std::optional<OutputState> OutputMachine::give_up() {
    if (is_over(state_))
        return std::nullopt;
    return enter(state_ == OutputState::Stopping ? OutputState::Stopped : OutputState::Failed);
}

} // namespace rostrum
