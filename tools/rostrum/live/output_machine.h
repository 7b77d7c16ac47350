// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include <map>
#include <optional>
#include <string>

namespace rostrum {

/// The life of a livestream or a recording as its users see it.
/// Interrupted: it failed, and goes on by itself when it can.
enum class OutputState { Starting, Started, Stopping, Stopped, Failed, Interrupted };

const char *output_state_name(OutputState state); ///< "starting", …
std::optional<OutputState> parse_output_state(const std::string &name);
inline bool is_over(OutputState state) {
    return state == OutputState::Stopped || state == OutputState::Failed;
}
/// Nobody has ended it.
inline bool is_wanted(OutputState state) {
    return state == OutputState::Starting || state == OutputState::Started || state == OutputState::Interrupted;
}

/// One thing that the session process reports on: an RTMP destination, or the file of a recording.
struct PartState {
    std::string state = "connecting"; ///< as reported
    std::string error;
    bool removed = false; ///< somebody took it out: how it ended says nothing about the whole
};

/// Turns what the parts report into the states of the whole: Started with the first part that is live, Stopped when all
/// are stopped, Failed when all gave up, Interrupted while a recording waits for room. But for that it never goes back,
/// so that each step is told once. Reentrant, no clock.
class OutputMachine {
  public:
    explicit OutputMachine(OutputState state = OutputState::Starting) : state_(state) {}

    OutputState state() const { return state_; }
    const std::map<std::string, PartState> &parts() const { return parts_; }
    void add_part(const std::string &id) { parts_[id]; }
    /// The caller sees to it that another one is left. One that has ended keeps its state.
    void remove_part(const std::string &id);

    /// Each gives the new state when it changed.
    /// `resumes`: of one that failed, it will report again.
    std::optional<OutputState> part_changed(const std::string &id, const std::string &state, const std::string &error,
                                            bool resumes = false);
    std::optional<OutputState> stop();    ///< someone wants it to end
    std::optional<OutputState> give_up(); ///< nobody will report any more: Stopped if it was to end, else Failed

  private:
    std::optional<OutputState> enter(OutputState state);
    OutputState state_;
    std::map<std::string, PartState> parts_;
};

} // namespace rostrum
