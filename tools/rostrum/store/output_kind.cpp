// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/store/output_kind.h"

#include <glib.h>

#include <algorithm>
#include <array>

namespace rostrum {
namespace {

constexpr std::array kTraits = {
    OutputTraits{OutputKind::Livestream, "livestream", "livestream", "rtmp", 4013, 4014, 4019, 5002},
    OutputTraits{OutputKind::Recording, "recording", "recording", "recording", 4011, 4012, 4018, 5001},
    OutputTraits{OutputKind::ParticipantRecording, "participant-recording", "participant recording", nullptr, 4035,
                 4036, 4035, 5001},
    OutputTraits{OutputKind::TrackRecording, "participant-track-recording", "track recording", nullptr, 4037, 4038,
                 4037, 5001},
    OutputTraits{OutputKind::CompositeRecording, "composite-recording", "composite recording", nullptr, 4039, 4040,
                 4039, 5001},
    OutputTraits{OutputKind::Hls, "hls", "HLS stream", "hls", 4016, 4017, 4020, 5003},
};

} // namespace

const OutputTraits &traits(OutputKind kind) {
    return kTraits[static_cast<size_t>(kind)];
}

std::optional<OutputKind> output_kind(const std::string &name) {
    const auto *found =
        std::find_if(kTraits.begin(), kTraits.end(), [&](const auto &each) { return each.name == name; });
    return found == kTraits.end() ? std::nullopt : std::optional(found->kind);
}

std::string output_status(OutputKind kind, const std::string &state) {
    std::string status = std::string(traits(kind).name) + "_" + state;
    for (char &c : status)
        c = c == '-' ? '_' : g_ascii_toupper(c);
    return status;
}

} // namespace rostrum
