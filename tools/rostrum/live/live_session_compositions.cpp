// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// How the picture of a session is composed, and those of outputs that have a composition of their own.

#include "tools/rostrum/base/ids.h"
#include "tools/rostrum/live/composition.h"
#include "tools/rostrum/live/live_session.h"
#include "tools/rostrum/live/platforms.h"

namespace rostrum {

/// A room that was made for several compositions of a kind gives an output of that kind one of its own when it asks for
/// a picture; those that ask for the same share it. Otherwise what an output asks for changes the room's.
std::variant<ChosenComposition, Refusal> LiveSession::choose_composition(OutputKind kind, const Json &config) const {
    auto parsed = parse_composition(config, composition_);
    if (auto *refusal = std::get_if<Refusal>(&parsed))
        return *refusal;
    ChosenComposition chosen{std::get<Json>(parsed), ""};
    const char *several = traits(kind).multi_composition;
    if (!several || !room_.settings.get("multiComposition").get(several).as_bool() || !names_picture(config))
        return chosen;
    for (const auto &output : outputs_) {
        const Json &details = output->record.details;
        const std::string id = details.text("compositionId");
        if (is_wanted(output->machine.state()) && !id.empty() &&
            details.get("composition").dump() == chosen.composition.dump())
            return ChosenComposition{chosen.composition, id};
    }
    chosen.own_id = new_document_id();
    return chosen;
}

void LiveSession::take_composition(const ChosenComposition &chosen, OutputRecord &record) {
    if (chosen.own_id.empty())
        return set_composition(chosen.composition);
    record.details.set("compositionId", chosen.own_id);
    record.details.set("composition", chosen.composition);
}

void LiveSession::set_composition(const Json &composition) {
    composition_ = composition;
    services_.store.sessions.set_composition(id_, composition_.dump());
    for (auto &[id, participant] : roster_.all())
        note_media(participant);
    refresh_warnings();
}

Json LiveSession::composition_of(const OutputRecord &output) const {
    return output.details.text("compositionId").empty() ? composition_ : output.details.get("composition");
}

/// What platforms say to the composition is looked at again with each change of it.
void LiveSession::refresh_warnings() {
    for (const auto &output : outputs_)
        if (output->record.kind == OutputKind::Livestream)
            output->record.details.set("warnings", platform_warnings(output->record, composition_of(output->record)));
}

std::optional<Refusal> LiveSession::change_composition(const Json &config) {
    const auto composition = parse_composition(config, composition_);
    if (auto *refusal = std::get_if<Refusal>(&composition))
        return *refusal;
    set_composition(std::get<Json>(composition));
    push_state();
    return std::nullopt;
}

std::variant<Json, Refusal> LiveSession::composition_of(const std::string &output_id) const {
    for (const auto &output : outputs_)
        if (output->record.id == output_id && is_wanted(output->machine.state()))
            return composition_of(output->record);
    return Refusal{404, "no such output is running in this session"};
}

std::optional<Refusal> LiveSession::change_composition_of(const std::string &output_id, const Json &config) {
    const auto current = composition_of(output_id);
    if (auto *refusal = std::get_if<Refusal>(&current))
        return *refusal;
    OutputRecord &record = find_output(output_id)->record;
    const std::string own_id = record.details.text("compositionId");
    if (own_id.empty())
        return Refusal{409, "this output shows the room's composition; change that one"};
    for (const auto &other : outputs_)
        if (other->record.id != output_id && is_wanted(other->machine.state()) &&
            other->record.details.text("compositionId") == own_id)
            return Refusal{409, "output " + other->record.id +
                                    " shares this composition; end it first, or start both "
                                    "with different ones"};
    const auto changed = parse_composition(config, std::get<Json>(current));
    if (auto *refusal = std::get_if<Refusal>(&changed))
        return *refusal;
    record.details.set("composition", std::get<Json>(changed));
    refresh_warnings();
    services_.store.outputs.update(record);
    push_state();
    return std::nullopt;
}

} // namespace rostrum
