// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/base/ids.h"
#include "tools/rostrum/live/composition.h"
#include "tools/rostrum/live/destination_list.h"
#include "tools/rostrum/live/live_session.h"
#include "tools/rostrum/session/session_limits.h"

namespace rostrum {
namespace {

constexpr unsigned kStopDeadlineMs = 15000; // then an output that reports nothing counts as stopped

OutputMachine machine_for(const OutputRecord &record) {
    OutputMachine machine(parse_output_state(record.state).value_or(OutputState::Starting));
    if (record.kind != OutputKind::Livestream)
        machine.add_part(record.id);
    for (const auto &destination : record.details.get("outputs").items()) {
        const std::string id = destination.text("id");
        machine.add_part(id);
        if (has_ended(destination))
            machine.part_changed(id, destination.text("state"), destination.get("report").text("error"));
        if (destination.get("removed").as_bool())
            machine.remove_part(id);
    }
    return machine;
}

} // namespace

LiveOutput *LiveSession::find_output(const std::string &id) {
    for (const auto &output : outputs_)
        if (output->record.id == id)
            return output.get();
    return nullptr;
}

/// As many as the session process takes, and one of a kind that composes the room at a time unless the room was made
/// for more; one that is stopping is in nobody's way.
std::optional<Refusal> LiveSession::check_free(OutputKind kind, const Json &config,
                                               const std::string &resource_id) const {
    const bool recorded_too = kind == OutputKind::Hls && config.get("recording").get("enabled").as_bool();
    const size_t places = recorded_too ? 2 : 1;
    const auto is_like_it = [kind](const auto &output) {
        const OutputKind other = output->record.kind;
        return (is_recording(kind) ? is_recording(other) : other == kind) && is_wanted(output->machine.state());
    };
    const size_t most = is_recording(kind)               ? session::kMaxRecordings
                        : kind == OutputKind::Livestream ? session::kMaxLivestreams
                                                         : session::kMaxHls;
    if (static_cast<size_t>(std::count_if(outputs_.begin(), outputs_.end(), is_like_it)) >= most)
        return Refusal{409, traits(kind).start_failed,
                       "no more than " + std::to_string(most) + " may run in a session; end one first"};
    const char *several = traits(kind).multi_composition;
    if (!several || room_.settings.get("multiComposition").get(several).as_bool())
        return services_.pool->check(kind, resource_id, config, places);
    for (const auto &output : outputs_) {
        const OutputState state = output->machine.state();
        if (output->record.kind == kind && is_wanted(state))
            return Refusal{409, traits(kind).already_running,
                           std::string("a ") + traits(kind).words + " is running already; end it first"};
    }
    return services_.pool->check(kind, resource_id, config, places);
}

LiveOutput &LiveSession::add_output(OutputRecord record) {
    record.session_id = id_;
    record.room_id = room_.room_id;
    record.created_at = now_ms();
    record.state = output_state_name(OutputState::Starting);
    services_.store.outputs.create(record);
    services_.pool->began(record);
    OutputMachine machine = machine_for(record);
    outputs_.push_back(std::make_unique<LiveOutput>(LiveOutput{std::move(record), std::move(machine)}));
    LiveOutput &output = *outputs_.back();
    post(std::string(traits(output.record.kind).name) + "-starting", recording_facts(output.record), &output.record);
    tell_output(output);
    push_state();
    watch_hosts();
    return output;
}

std::optional<Refusal> LiveSession::stop_outputs(OutputKind kind, const std::string &output_id) {
    bool found = false;
    for (const auto &output : outputs_)
        if (output->record.kind == kind && (output_id.empty() || output->record.id == output_id)) {
            stop_output(*output, stop_reason::kEnded);
            found = true;
        }
    push_state();
    if (found)
        return std::nullopt;
    return Refusal{404, traits(kind).stop_failed,
                   std::string("no such ") + traits(kind).words + " is running in this room"};
}

void LiveSession::stop_output(LiveOutput &output, const char *reason) {
    const auto stopping = output.machine.stop();
    if (stopping)
        output.record.details.set("reason", reason);
    advance(output, stopping);
    give_deadline(output);
}

void LiveSession::give_deadline(LiveOutput &output) {
    if (output.machine.state() != OutputState::Stopping || output.deadline)
        return;
    output.deadline = std::make_unique<Timer>();
    output.deadline->once(kStopDeadlineMs, [this, id = output.record.id] {
        if (LiveOutput *late = find_output(id))
            advance(*late, late->machine.give_up());
        forget_finished_outputs();
        push_state(); // the recording beside an HLS stream ends with it
    });
}

/// Each state is stored, told to the participants and posted once.
void LiveSession::advance(LiveOutput &output, std::optional<OutputState> state) {
    if (!state)
        return;
    OutputRecord &record = output.record;
    record.state = output_state_name(*state);
    if (*state == OutputState::Started && !record.start)
        record.start = now_ms();
    if (is_over(*state))
        record.end = now_ms();
    const bool told_failed = record.details.get("toldFailed").as_bool();
    record.details.set("toldFailed",
                       *state == OutputState::Interrupted || (told_failed && *state != OutputState::Started));
    services_.store.outputs.update(record);
    if (is_over(*state))
        services_.pool->over(record.id);
    if (is_over(*state) && record.kind == OutputKind::Hls)
        hls_over(record);

    const OutputTraits &kind = traits(record.kind);
    const bool broken = *state == OutputState::Failed || *state == OutputState::Interrupted;
    const std::string error = record.details.text("error");
    Json data = record.kind == OutputKind::Livestream          ? livestream_facts(record)
                : record.kind == OutputKind::Hls               ? hls_facts(record)
                : is_recording(record.kind) && is_over(*state) ? ended_facts(record)
                                                               : recording_facts(record);
    if (broken && !error.empty())
        data.set("error", error);
    if (*state == OutputState::Interrupted)
        data.set("resumes", true);
    if (const std::string reason = record.details.text("reason"); !broken && !reason.empty())
        data.set("reason", reason);
    // What was interrupted has been told as failed: it ends once for each time it started.
    if (!(is_over(*state) && told_failed))
        post(std::string(kind.name) + "-" + (broken ? "failed" : record.state), data, &record);
    tell_output(output);
    if (broken && is_recording(record.kind))
        close_after(record);
    if (broken)
        emit("error", Json::object({{"code", kind.failed},
                                    {"message", std::string("the ") + kind.words +
                                                    " failed: " + (error.empty() ? "see its state" : error)}}));
    if (is_over(*state) && is_recording(record.kind) && services_.recording_jobs)
        services_.recording_jobs->over(record);
}

void LiveSession::forget_finished_outputs() {
    std::erase_if(outputs_, [](const auto &output) { return is_over(output->machine.state()); });
    watch_hosts();
}

void LiveSession::restore_outputs() {
    for (auto &record : services_.store.outputs.running(id_)) {
        services_.pool->began(record);
        if (record.state == output_state_name(OutputState::Interrupted))
            close_after(record);
        OutputMachine machine = machine_for(record);
        outputs_.push_back(std::make_unique<LiveOutput>(LiveOutput{std::move(record), std::move(machine)}));
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
    for (const auto &entry : snapshot.get("hls").items()) {
        alive.insert(entry.text("hls"));
        hls_changed(entry.text("hls"), entry.text("state"), entry.get("details"));
        hls_grown(entry.text("hls"));
    }
    for (const auto &output : outputs_)
        if (output->machine.state() == OutputState::Stopping && !alive.count(output->record.id))
            advance(*output, output->machine.give_up());
        else
            give_deadline(*output);
    forget_finished_outputs();
}

} // namespace rostrum
