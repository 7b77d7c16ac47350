// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Livestreams of a session: their destinations come, go and fail one by one.

#include "tools/rostrum/base/ids.h"
#include "tools/rostrum/live/composition.h"
#include "tools/rostrum/live/destination_list.h"
#include "tools/rostrum/live/destinations.h"
#include "tools/rostrum/live/live_session.h"
#include "tools/rostrum/live/platforms.h"

namespace rostrum {
namespace {

bool is_same_place(const Json &a, const Json &b) {
    return a.text("url") == b.text("url") && a.text("streamKey") == b.text("streamKey");
}

} // namespace

std::variant<std::string, Refusal> LiveSession::start_livestream(const Json &destinations, const Json &config,
                                                                 const std::string &webhook_url,
                                                                 const std::string &resource_id) {
    const auto composition = choose_composition(OutputKind::Livestream, config);
    if (auto *refusal = std::get_if<Refusal>(&composition))
        return *refusal;
    if (auto refusal = check_free(OutputKind::Livestream, config, resource_id))
        return *refusal;
    OutputRecord record;
    record.id = new_document_id();
    record.kind = OutputKind::Livestream;
    record.webhook_url = webhook_url;
    record.details = Json::object({{"outputs", Json::array()}, {"config", config}});
    if (!resource_id.empty())
        record.details.set("resourceId", resource_id);
    for (const auto &destination : destinations.items())
        rostrum::add_destination(record, destination);
    const auto &chosen = std::get<ChosenComposition>(composition);
    record.details.set("warnings", platform_warnings(record, chosen.composition));
    take_composition(chosen, record);
    return add_output(std::move(record)).record.id;
}

Json LiveSession::warnings_of(const std::string &livestream) {
    const LiveOutput *output = find_output(livestream);
    return output ? output->record.details.get("warnings") : Json::array();
}

std::variant<LiveOutput *, Refusal> LiveSession::running_livestream(const std::string &livestream) {
    LiveOutput *output = find_output(livestream);
    const bool running =
        output && output->record.kind == OutputKind::Livestream &&
        (output->machine.state() == OutputState::Starting || output->machine.state() == OutputState::Started);
    if (!running)
        return Refusal{404, "this livestream is not running"};
    return output;
}

std::variant<Json, Refusal> LiveSession::add_destination(const std::string &livestream, const Json &destination) {
    const auto found = running_livestream(livestream);
    if (auto *refusal = std::get_if<Refusal>(&found))
        return *refusal;
    LiveOutput &output = *std::get<LiveOutput *>(found);
    if (running_destinations(output.record) >= kMaxOutputs)
        return Refusal{409, code::kInvalidLivestreamConfig,
                       "a livestream has at most " + std::to_string(kMaxOutputs) + " outputs; remove one first"};
    for (const Json &each : output.record.details.get("outputs").items())
        if (!has_ended(each) && is_same_place(each, destination))
            return Refusal{409, code::kInvalidLivestreamConfig, "this destination is one of its outputs already"};
    const std::string id = rostrum::add_destination(output.record, destination);
    output.machine.add_part(id);
    refresh_warnings();
    services_.store.outputs.update(output.record);
    tell_output(output);
    push_state();
    return describe_destination(find_destination(output.record, id));
}

std::optional<Refusal> LiveSession::remove_destination(const std::string &livestream, const std::string &id) {
    const auto found = running_livestream(livestream);
    if (auto *refusal = std::get_if<Refusal>(&found))
        return *refusal;
    LiveOutput &output = *std::get<LiveOutput *>(found);
    Json destination = find_destination(output.record, id);
    if (!destination.is_object() || destination.get("removed").as_bool())
        return Refusal{404, "this livestream has no such output"};
    if (!has_ended(destination) && running_destinations(output.record) == 1)
        return Refusal{409, code::kInvalidLivestreamConfig, "this is its last output; end the livestream instead"};
    destination.set("removed", true);
    if (!has_ended(destination))
        destination.set("state", "stopped");
    output.machine.remove_part(id);
    refresh_warnings();
    services_.store.outputs.update(output.record);
    tell_output(output);
    push_state();
    return std::nullopt;
}

void LiveSession::output_changed(const std::string &livestream, const std::string &part, const std::string &state,
                                 const Json &details) {
    LiveOutput *output = find_output(livestream);
    Json destination = output ? find_destination(output->record, part) : Json();
    if (!destination.is_object())
        return;
    note_report(destination, details);
    if (has_ended(destination) || destination.text("state") == state)
        return; // only its numbers changed
    destination.set("state", state);
    const bool failed = state == "failed";
    if (failed)
        output->record.details.set("failedOutput", part).set("error", details.text("error"));
    if (failed && is_wanted(output->machine.state()))
        tell_failed_destination(*output);
    const auto next = output->machine.part_changed(part, state, details.text("error"));
    if (next) {
        advance(*output, next);
    } else {
        services_.store.outputs.update(output->record);
        tell_output(*output);
    }
    forget_finished_outputs();
    if (failed || (next && is_over(*next)))
        push_state(); // one that failed is no longer wanted
}

/// What webhooks say of a livestream.
Json LiveSession::livestream_facts(const OutputRecord &record) const {
    Json data = Json::object({{"id", record.id}});
    const bool failed = record.state == output_state_name(OutputState::Failed);
    const Json destination = find_destination(record, record.details.text("failedOutput"));
    if (failed && destination.is_object()) {
        const Json shown = describe_destination(destination);
        data.set("outputId", shown.get("id")).set("url", shown.get("url"));
    }
    return data;
}

/// Whether the livestream goes on without it is told by itself.
void LiveSession::tell_failed_destination(const LiveOutput &output) {
    const Json shown =
        describe_destination(find_destination(output.record, output.record.details.text("failedOutput")));
    const std::string why = shown.text("error");
    post("livestream-output-failed",
         Json::object(
             {{"id", output.record.id}, {"outputId", shown.get("id")}, {"url", shown.get("url")}, {"error", why}}),
         &output.record);
    emit("error", Json::object({{"code", traits(OutputKind::Livestream).failed},
                                {"message", "an output of the livestream failed: " + shown.text("url") + ": " + why}}));
}

} // namespace rostrum
