// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/base/ids.h"
#include "tools/rostrum/live/composition.h"
#include "tools/rostrum/live/live_session.h"

namespace rostrum {
namespace {

/// An id as the name of a directory: it has no slash, but it may be "..".
std::string directory_name(std::string id) {
    if (!id.empty() && id.front() == '.')
        id.front() = '_';
    return id;
}

} // namespace

std::variant<std::string, Refusal> LiveSession::start_recording(const RecordingRequest &wanted) {
    const bool of_room = wanted.kind == OutputKind::Recording, composed = wanted.kind == OutputKind::CompositeRecording;
    const auto composition = wanted.composition ? *wanted.composition : choose_composition(wanted.kind, wanted.config);
    if (auto *refusal = std::get_if<Refusal>(&composition))
        return *refusal;
    const auto &chosen = std::get<ChosenComposition>(composition);
    if (auto refusal = check_free(wanted.kind, wanted.config, wanted.resource_id))
        return *refusal;
    const RecordingPlaces &places = services_.settings.recordings;
    OutputRecord record;
    record.id = new_document_id();
    record.kind = wanted.kind;
    record.webhook_url = wanted.webhook_url;
    std::string directory = places.directory + "/" + room_.room_id + "/" + id_;
    for (const char *level : {"participant", "track"})
        if (wanted.request.has(level))
            directory += "/" + directory_name(wanted.request.text(level));
    if (g_mkdir_with_parents(directory.c_str(), 0700) != 0)
        return Refusal{500, traits(wanted.kind).start_failed, "the directory for the recording cannot be created"};
    const std::string path = directory + "/" + record.id + "." + wanted.request.text("format", "mp4");
    Json request = Json::object({{"id", record.id}, {"path", path}});
    if (places.split_ms > 0)
        request.set("splitMs", places.split_ms);
    if (places.split_bytes > 0)
        request.set("splitBytes", places.split_bytes);
    for (const auto &key : wanted.request.keys())
        request.set(key, wanted.request.get(key.c_str()));
    if (composed && !wanted.config.keys().empty())
        request.set("composition", chosen.composition);
    if (!chosen.own_id.empty())
        request.set("compositionId", chosen.own_id);
    record.details =
        Json::object({{"path", path}, {"config", wanted.config}, {"request", request}, {"prefix", wanted.prefix}});
    if (!wanted.resource_id.empty())
        record.details.set("resourceId", wanted.resource_id);
    if (!wanted.close_room_ms.is_null())
        record.details.set("closeRoomMs", wanted.close_room_ms);
    if (!wanted.metadata.is_null())
        record.details.set("metadata", wanted.metadata);
    if (of_room)
        take_composition(chosen, record);
    return add_output(std::move(record)).record.id;
}

std::optional<Refusal> LiveSession::pause_recording(const std::string &output_id, bool paused) {
    LiveOutput *output = find_output(output_id);
    if (!output || !is_recording(output->record.kind) || !is_wanted(output->machine.state()))
        return Refusal{409, "this recording is not running"};
    Json request = output->record.details.get("request");
    if (request.get("paused").as_bool() == paused)
        return std::nullopt;
    request.set("paused", paused);
    output->record.details.set("request", request);
    services_.store.outputs.update(output->record);
    push_state();
    const std::string name = traits(output->record.kind).name;
    post(name + (paused ? "-paused" : "-resumed"), recording_facts(output->record), &output->record);
    Json data = Json::object(
        {{"status", output_status(output->record.kind, paused ? "paused" : "started")}, {"id", output->record.id}});
    emit((name + "-state-changed").c_str(), data);
    return std::nullopt;
}

void LiveSession::recording_changed(const std::string &recording, const std::string &state, const Json &details) {
    LiveOutput *output = find_output(recording);
    if (!output)
        return;
    for (const char *key : {"parts", "durationMs", "bytes", "error"})
        if (details.has(key))
            output->record.details.set(key, details.get(key));
    const bool resumes = state == "failed" && details.get("resumes").as_bool();
    const auto next = output->machine.part_changed(recording, state, details.text("error"), resumes);
    if (next)
        advance(*output, next);
    else
        services_.store.outputs.update(output->record);
    forget_finished_outputs();
    if (next && is_over(*next))
        push_state();
}

/// `onFailure`: a session that is not recorded is not to go on. One that records again by then may.
void LiveSession::close_after(const OutputRecord &failed) {
    if (!failed.details.has("closeRoomMs") || phase_ != Phase::Live)
        return;
    const auto wait = static_cast<unsigned>(failed.details.get("closeRoomMs").as_integer());
    failure_timers_[failed.id].once(wait, [this, id = failed.id] {
        failure_timers_.erase(id);
        const LiveOutput *output = find_output(id);
        if (!output || output->machine.state() != OutputState::Started)
            end(leave_reason::kFailed);
    });
}

Json LiveSession::ended_facts(const OutputRecord &recording) const {
    Json facts = recording_facts(recording);
    const LiveSettings &settings = services_.settings;
    const Json files = file_details(settings.recordings, settings.public_url, recording, now_ms());
    facts.set("filePath", recording.details.get("path"));
    if (const auto all = files.items(); !all.empty()) {
        facts.set("filePath", all.front().get("filePath"));
        facts.set("fileUrl", all.front().get("fileUrl"));
    }
    facts.set("fileDetails", files);
    return facts;
}

} // namespace rostrum
