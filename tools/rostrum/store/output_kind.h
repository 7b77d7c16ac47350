// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The kinds of things that a session sends out, and what differs between them.

#pragma once

#include <optional>
#include <string>

namespace rostrum {

enum class OutputKind { Livestream, Recording, ParticipantRecording, TrackRecording, CompositeRecording, Hls };

struct OutputTraits {
    OutputKind kind;
    /// In the store, and what webhooks and events begin with: `participant-recording` makes
    /// `participant-recording-started`, `participant-recording-state-changed` and `PARTICIPANT_RECORDING_STARTED`.
    const char *name;
    const char *words;             ///< for people: "participant recording"
    const char *multi_composition; ///< member of a room's `multiComposition` that allows several; null: always allowed
    int start_failed, stop_failed, already_running, failed; ///< numeric codes
};

const OutputTraits &traits(OutputKind kind);
std::optional<OutputKind> output_kind(const std::string &name);

/// Of any kind.
inline bool is_recording(OutputKind kind) {
    return kind != OutputKind::Livestream && kind != OutputKind::Hls;
}

/// `PARTICIPANT_RECORDING_STARTED` for "started".
std::string output_status(OutputKind kind, const std::string &state);

} // namespace rostrum
