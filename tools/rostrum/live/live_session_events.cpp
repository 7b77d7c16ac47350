// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/base/ids.h"
#include "tools/rostrum/live/destination_list.h"
#include "tools/rostrum/live/live_session.h"

namespace rostrum {
namespace {

std::vector<std::string> names_of(const Feeds &feeds) {
    std::vector<std::string> names;
    for (const auto &[feed, kinds] : feeds)
        names.push_back(feed);
    return names;
}

} // namespace

Json LiveSession::envelope(const char *event, const Json &data) const {
    return Json::object({{"event", event}, {"seq", sequence_}, {"timestamp", now_ms()}, {"data", data}});
}

/// `seq` counts what is told to everyone; what goes to one participant carries the number of the last of those.
void LiveSession::emit(const char *event, const Json &data, const std::string &except) {
    ++sequence_;
    const std::string text = envelope(event, data).dump();
    for (const auto &[id, participant] : roster_.all())
        if (participant.events && id != except)
            participant.events->send(text);
}

void LiveSession::send_to(const Participant &participant, const char *event, const Json &data) {
    if (participant.events)
        participant.events->send(envelope(event, data).dump());
}

std::string LiveSession::status_of(OutputKind kind) const {
    for (const auto &output : outputs_)
        if (output->record.kind == kind && !is_over(output->machine.state()) &&
            output->machine.state() != OutputState::Interrupted)
            return output_status(kind, output_state_name(output->machine.state()));
    return output_status(kind, "stopped");
}

/// What a late joiner has to know, whole.
Json LiveSession::meeting_state(const Participant &self) {
    Json participants = Json::array(), livestreams = Json::array(), recordings = Json::array(), hls = Json::array();
    for (const auto &[id, participant] : roster_.all())
        participants.push(Json::object({{"participantId", id},
                                        {"name", participant.name},
                                        {"mode", mode_name(participant.mode)},
                                        {"marks", marks_of(participant)},
                                        {"muted", describe(roster_.mute_of(id))},
                                        {"feeds", names_of(roster_.feeds(id))}}));
    for (const auto &output : outputs_) {
        const OutputKind kind = output->record.kind;
        Json entry = Json::object({{"id", output->record.id}});
        if (kind == OutputKind::Livestream)
            entry.set("outputs", describe_destinations(output->record));
        else if (kind == OutputKind::Hls)
            entry = hls_facts(output->record).set("playable", output->record.details.get("playable").as_bool());
        (kind == OutputKind::Livestream ? livestreams : kind == OutputKind::Hls ? hls : recordings).push(entry);
    }
    return Json::object({{"roomId", room_.room_id},
                         {"sessionId", id_},
                         {"participantId", self.id},
                         {"participants", participants},
                         {"livestreamState", status_of(OutputKind::Livestream)},
                         {"recordingState", status_of(OutputKind::Recording)},
                         {"hlsState", status_of(OutputKind::Hls)},
                         {"livestreams", livestreams},
                         {"recordings", recordings},
                         {"hls", hls},
                         {"program", Json::object({{"mode", program_}})},
                         {"speaker", speaker_.empty() ? Json() : Json(speaker_)},
                         {"closesAt", closes_at() ? Json(iso_time(*closes_at())) : Json()},
                         {"permissions", self.permissions}});
}

void LiveSession::post(const std::string &type, const Json &extra, const OutputRecord *about) {
    Json data = Json::object({{"meetingId", room_.room_id}, {"sessionId", id_}});
    for (const auto &key : extra.keys())
        data.set(key, extra.get(key.c_str()));
    services_.webhooks.post(type, data, room_.settings.get("webhook"), about ? about->webhook_url : "",
                            about ? about->id : "");
}

Json marks_of(const Participant &participant) {
    const Marks &marks = participant.marks;
    return Json::object({{"hand", marks.hand}, {"mic", !marks.mic_off}, {"camera", !marks.camera_off}});
}

void LiveSession::tell_output(const LiveOutput &output) {
    const OutputKind kind = output.record.kind;
    const OutputState state = output.machine.state();
    const bool broken = state == OutputState::Failed || state == OutputState::Interrupted;
    const OutputState told = broken ? OutputState::Stopped : state;
    Json data = Json::object({{"status", output_status(kind, output_state_name(told))}, {"id", output.record.id}});
    if (kind == OutputKind::Livestream)
        data.set("outputs", describe_destinations(output.record));
    else if (is_recording(kind) && state == OutputState::Stopped)
        data.set("filePath", ended_facts(output.record).get("filePath"));
    else if (kind == OutputKind::Hls)
        for (const Json urls = hls_urls(output.record, services_.settings.public_url); const auto &name : urls.keys())
            data.set(name, urls.get(name.c_str()));
    emit((std::string(traits(kind).name) + "-state-changed").c_str(), data);
}

} // namespace rostrum
