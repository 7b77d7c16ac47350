// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/base/ids.h"
#include "tools/rostrum/live/composition.h"
#include "tools/rostrum/live/live_session.h"

namespace rostrum {
namespace {

constexpr unsigned kStopDeadlineMs = 15000; // then an output that reports nothing counts as stopped

OutputMachine machine_for(const OutputRecord &record) {
    OutputMachine machine(parse_output_state(record.state).value_or(OutputState::Starting));
    if (record.kind != OutputKind::Livestream)
        machine.add_part(record.id);
    for (const auto &destination : record.details.get("outputs").items())
        machine.add_part(destination.text("id"));
    return machine;
}

} // namespace

LiveOutput *LiveSession::find_output(const std::string &id) {
    for (const auto &output : outputs_)
        if (output->record.id == id)
            return output.get();
    return nullptr;
}

/// One of a kind that composes the room at a time, unless the room was made for more; one that is stopping is in
/// nobody's way.
std::optional<Refusal> LiveSession::check_free(OutputKind kind) const {
    const char *several = traits(kind).multi_composition;
    if (!several || room_.settings.get("multiComposition").get(several).as_bool())
        return std::nullopt;
    for (const auto &output : outputs_) {
        const OutputState state = output->machine.state();
        if (output->record.kind == kind && (state == OutputState::Starting || state == OutputState::Started))
            return Refusal{409, traits(kind).already_running,
                           std::string("a ") + traits(kind).words + " is running already; end it first"};
    }
    return std::nullopt;
}

LiveOutput &LiveSession::add_output(OutputRecord record) {
    record.session_id = id_;
    record.room_id = room_.room_id;
    record.created_at = now_ms();
    record.state = output_state_name(OutputState::Starting);
    services_.store.outputs.create(record);
    OutputMachine machine = machine_for(record);
    outputs_.push_back(std::make_unique<LiveOutput>(LiveOutput{std::move(record), std::move(machine), nullptr}));
    LiveOutput &output = *outputs_.back();
    post(std::string(traits(output.record.kind).name) + "-starting", Json::object({{"id", output.record.id}}),
         output.record.webhook_url);
    tell_output(output);
    push_state();
    return output;
}

std::variant<std::string, Refusal> LiveSession::start_livestream(const Json &destinations, const Json &config,
                                                                 const std::string &webhook_url) {
    auto composition = parse_composition(config, composition_);
    if (auto *refusal = std::get_if<Refusal>(&composition))
        return *refusal;
    if (auto refusal = check_free(OutputKind::Livestream))
        return *refusal;
    OutputRecord record;
    record.id = new_document_id();
    record.kind = OutputKind::Livestream;
    record.webhook_url = webhook_url;
    Json outputs = Json::array();
    int64_t index = 0;
    for (const auto &destination : destinations.items())
        outputs.push(Json::object({{"id", record.id + "-" + std::to_string(index++)},
                                   {"url", destination.text("url")},
                                   {"streamKey", destination.text("streamKey")}}));
    record.details = Json::object({{"outputs", outputs}, {"config", config}});
    set_composition(std::get<Json>(composition));
    return add_output(std::move(record)).record.id;
}

std::variant<std::string, Refusal> LiveSession::start_recording(const Json &config, const std::string &webhook_url) {
    auto composition = parse_composition(config, composition_);
    if (auto *refusal = std::get_if<Refusal>(&composition))
        return *refusal;
    if (auto refusal = check_free(OutputKind::Recording))
        return *refusal;
    OutputRecord record;
    record.id = new_document_id();
    record.kind = OutputKind::Recording;
    record.webhook_url = webhook_url;
    const std::string directory = services_.settings.recordings_dir + "/" + room_.room_id + "/" + id_;
    if (g_mkdir_with_parents(directory.c_str(), 0700) != 0)
        return Refusal{500, code::kStartRecordingFailed, "the directory for the recording cannot be created"};
    const std::string path = directory + "/" + record.id + ".mp4";
    record.details = Json::object(
        {{"path", path}, {"config", config}, {"request", Json::object({{"id", record.id}, {"path", path}})}});
    set_composition(std::get<Json>(composition));
    return add_output(std::move(record)).record.id;
}

std::optional<Refusal> LiveSession::stop_outputs(OutputKind kind, const std::string &output_id) {
    bool found = false;
    for (const auto &output : outputs_)
        if (output->record.kind == kind && (output_id.empty() || output->record.id == output_id)) {
            stop_output(*output);
            found = true;
        }
    push_state();
    if (found)
        return std::nullopt;
    return Refusal{404, traits(kind).stop_failed,
                   std::string("no such ") + traits(kind).words + " is running in this room"};
}

void LiveSession::stop_output(LiveOutput &output) {
    advance(output, output.machine.stop());
    if (output.machine.state() != OutputState::Stopping || output.deadline)
        return;
    output.deadline = std::make_unique<Timer>();
    output.deadline->once(kStopDeadlineMs, [this, id = output.record.id] {
        if (LiveOutput *late = find_output(id))
            advance(*late, late->machine.give_up());
        forget_finished_outputs();
    });
}

/// Each state is stored, told to the participants and posted once.
void LiveSession::advance(LiveOutput &output, std::optional<OutputState> state) {
    if (!state)
        return;
    OutputRecord &record = output.record;
    record.state = output_state_name(*state);
    if (*state == OutputState::Started)
        record.start = now_ms();
    if (is_over(*state))
        record.end = now_ms();
    services_.store.outputs.update(record);

    const OutputTraits &kind = traits(record.kind);
    Json data = Json::object({{"id", record.id}});
    if (is_recording(record.kind) && *state == OutputState::Stopped) {
        data.set("filePath", record.details.get("path"));
        data.set("fileUrl", services_.settings.public_url + "/v2/recordings/" + record.id + "/file");
    }
    const std::string error = record.details.text("error");
    if (*state == OutputState::Failed && !error.empty())
        data.set("error", error);
    post(std::string(kind.name) + "-" + record.state, data, record.webhook_url);
    tell_output(output);
    if (*state == OutputState::Failed)
        emit("error", Json::object({{"code", kind.failed},
                                    {"message", std::string("the ") + kind.words +
                                                    " failed: " + (error.empty() ? "see its state" : error)}}));
}

void LiveSession::output_changed(const std::string &livestream, const std::string &part, const std::string &state,
                                 const Json &details) {
    LiveOutput *output = find_output(livestream);
    if (!output)
        return;
    const std::string error = details.text("error");
    if (!error.empty())
        output->record.details.set("error", error);
    const auto known = output->machine.parts().find(part);
    const bool news = known != output->machine.parts().end() && known->second.state != state;
    const auto next = output->machine.part_changed(part, state, error);
    if (next)
        advance(*output, next);
    else if (news)
        tell_output(*output);
    forget_finished_outputs();
    if (next && is_over(*next))
        push_state(); // one that failed is no longer wanted
}

void LiveSession::recording_changed(const std::string &recording, const std::string &state, const Json &details) {
    LiveOutput *output = find_output(recording);
    if (!output)
        return;
    for (const char *key : {"parts", "durationMs", "bytes", "error"})
        if (details.has(key))
            output->record.details.set(key, details.get(key));
    const auto next = output->machine.part_changed(recording, state, details.text("error"));
    advance(*output, next);
    forget_finished_outputs();
    if (next && is_over(*next))
        push_state();
}

void LiveSession::forget_finished_outputs() {
    std::erase_if(outputs_, [](const auto &output) { return is_over(output->machine.state()); });
}

void LiveSession::set_composition(const Json &composition) {
    composition_ = composition;
    services_.store.sessions.set_composition(id_, composition_.dump());
}

std::optional<Refusal> LiveSession::change_composition(const Json &config) {
    const auto composition = parse_composition(config, composition_);
    if (auto *refusal = std::get_if<Refusal>(&composition))
        return *refusal;
    set_composition(std::get<Json>(composition));
    push_state();
    return std::nullopt;
}

void LiveSession::restore_outputs() {
    for (auto &record : services_.store.outputs.running(id_)) {
        OutputMachine machine = machine_for(record);
        outputs_.push_back(std::make_unique<LiveOutput>(LiveOutput{std::move(record), std::move(machine), nullptr}));
    }
}

/// What was to stop and is no longer there has stopped while nobody listened.
void LiveSession::apply_output_snapshot(const Json &snapshot) {
    std::set<std::string> alive;
    for (const auto &entry : snapshot.get("outputs").items()) {
        alive.insert(entry.text("livestream"));
        output_changed(entry.text("livestream"), entry.text("output"), entry.text("state"), entry.get("details"));
    }
    for (const auto &entry : snapshot.get("recordings").items()) {
        alive.insert(entry.text("recording"));
        recording_changed(entry.text("recording"), entry.text("state"), entry.get("details"));
    }
    for (const auto &output : outputs_)
        if (output->machine.state() == OutputState::Stopping && !alive.count(output->record.id))
            advance(*output, output->machine.give_up());
    forget_finished_outputs();
}

} // namespace rostrum
