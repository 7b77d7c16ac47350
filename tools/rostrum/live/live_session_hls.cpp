// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/base/ids.h"
#include "tools/rostrum/live/composition.h"
#include "tools/rostrum/live/live_session.h"

namespace rostrum {
namespace {

constexpr size_t kSecretBytes = 18;
constexpr size_t kMaxCaptures = 100; // the newest that a stream tells of

} // namespace

std::variant<std::string, Refusal> LiveSession::start_hls(const Json &config, const std::string &webhook_url,
                                                          const std::string &resource_id) {
    const auto composition = choose_composition(OutputKind::Hls, config);
    if (auto *refusal = std::get_if<Refusal>(&composition))
        return *refusal;
    const std::string mode = config.text("mode", "video-and-audio");
    if (mode != "video-and-audio" && mode != "audio")
        return Refusal{400, traits(OutputKind::Hls).start_failed, "config.mode has to be video-and-audio or audio"};
    if (auto refusal = check_free(OutputKind::Hls, config, resource_id))
        return *refusal;
    const HlsPlaces &places = services_.settings.hls;
    OutputRecord record;
    record.id = new_document_id();
    record.kind = OutputKind::Hls;
    record.webhook_url = webhook_url;
    const std::string directory = places.directory + "/" + room_.room_id + "/" + id_ + "/" + record.id;
    const auto &chosen = std::get<ChosenComposition>(composition);
    Json request = Json::object(
        {{"id", record.id}, {"directory", directory}, {"mode", mode}, {"dvrMs", places.dvr_ms}, {"keep", places.keep}});
    if (!chosen.own_id.empty())
        request.set("compositionId", chosen.own_id);
    record.details = Json::object(
        {{"request", request}, {"config", config}, {"name", record.id + "-" + random_token(kSecretBytes)}});
    if (!resource_id.empty())
        record.details.set("resourceId", resource_id);
    take_composition(chosen, record);
    const std::string id = add_output(std::move(record)).record.id;
    if (config.get("recording").get("enabled").as_bool())
        record_beside(id, config, chosen);
    return id;
}

/// `config.recording.enabled`: a recording that ends with the stream. One that runs already is as good.
void LiveSession::record_beside(const std::string &hls, const Json &config, const ChosenComposition &composition) {
    RecordingRequest wanted;
    wanted.config = config;
    wanted.composition = composition;
    if (config.text("mode") == "audio")
        wanted.request.set("mode", "audio");
    const auto result = start_recording(wanted);
    LiveOutput *output = find_output(hls);
    if (const auto *recording = std::get_if<std::string>(&result); recording && output) {
        output->record.details.set("recordingId", *recording);
        services_.store.outputs.update(output->record);
    }
}

void LiveSession::hls_changed(const std::string &hls, const std::string &state, const Json &details) {
    LiveOutput *output = find_output(hls);
    if (!output)
        return;
    OutputRecord &record = output->record;
    for (const char *key : {"bytes", "error"})
        if (details.has(key))
            record.details.set(key, details.get(key));
    const bool playable = state == "playable" && !record.details.get("playable").as_bool();
    const auto next = output->machine.part_changed(hls, state == "playable" ? "started" : state, details.text("error"));
    advance(*output, next);
    if (playable && output->machine.state() == OutputState::Started)
        tell_playable(*output);
    forget_finished_outputs();
    if (next && is_over(*next))
        push_state();
}

void LiveSession::tell_playable(LiveOutput &output) {
    output.record.details.set("playable", true);
    services_.store.outputs.update(output.record);
    Json data = hls_facts(output.record);
    post("hls-playable", data, &output.record);
    data.set("status", output_status(OutputKind::Hls, "playable"));
    emit("hls-state-changed", data);
}

void LiveSession::note_capture(const std::string &hls, const Json &capture) {
    LiveOutput *output = find_output(hls);
    if (!output)
        return;
    std::vector<Json> known = output->record.details.get("captureLog").items();
    known.push_back(capture);
    Json log = Json::array();
    for (size_t i = known.size() - std::min(known.size(), kMaxCaptures); i < known.size(); ++i)
        log.push(known[i]);
    output->record.details.set("captureLog", log);
    services_.store.outputs.update(output->record);
}

void LiveSession::hls_grown(const std::string &hls) {
    services_.hls.grown(hls);
}

Json LiveSession::hls_facts(const OutputRecord &record) const {
    Json facts = hls_urls(record, services_.settings.public_url);
    return facts.set("id", record.id);
}

/// Its duration is known, and it can be watched as a whole.
void LiveSession::hls_over(OutputRecord &record) {
    const auto stream = services_.hls.find(record);
    stream->close();
    record.details.set("durationMs", stream->duration_ms());
    services_.store.outputs.update(record);
    if (const std::string recording = record.details.text("recordingId"); !recording.empty())
        if (LiveOutput *output = find_output(recording))
            stop_output(*output, stop_reason::kEnded);
}

} // namespace rostrum
