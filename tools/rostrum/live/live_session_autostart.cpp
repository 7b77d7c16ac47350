// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// `autoStartConfig` of the room.

#include "tools/rostrum/live/live_session.h"

namespace rostrum {
namespace {

bool is_enabled(const Json &wanted) {
    return wanted.is_object() && (!wanted.has("enabled") || wanted.get("enabled").as_bool());
}

Json config_of(const Json &wanted) {
    return wanted.get("config").is_object() ? wanted.get("config") : Json::object();
}

} // namespace

void LiveSession::start_by_itself() {
    const Json wanted = room_.settings.get("autoStartConfig");
    const auto tell_refusal = [this](OutputKind kind, const std::variant<std::string, Refusal> &result) {
        const auto *refusal = std::get_if<Refusal>(&result);
        if (!refusal)
            return;
        g_warning("session %s: the %s does not start by itself: %s", id_.c_str(), traits(kind).words,
                  refusal->message.c_str());
        post(std::string(traits(kind).name) + "-failed", Json::object({{"error", refusal->message}}));
    };
    const auto record = [this](OutputKind kind, const Json &recording) -> std::variant<std::string, Refusal> {
        try {
            return start_recording(services_.parse_recording(kind, recording));
        } catch (const Refusal &refusal) {
            return refusal;
        }
    };
    if (const Json recording = wanted.get("recording"); is_enabled(recording))
        tell_refusal(OutputKind::Recording, record(OutputKind::Recording, recording));
    if (const Json composite = wanted.get("composite"); is_enabled(composite))
        tell_refusal(OutputKind::CompositeRecording, record(OutputKind::CompositeRecording, composite));
    if (const Json hls = wanted.get("hls"); is_enabled(hls))
        tell_refusal(OutputKind::Hls, start_hls(config_of(hls), ""));
}

} // namespace rostrum
