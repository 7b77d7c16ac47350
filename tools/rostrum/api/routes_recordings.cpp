// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/file_reply.h"
#include "tools/rostrum/api/outputs_common.h"
#include "tools/rostrum/api/recording_request.h"
#include "tools/rostrum/base/ids.h"

#include <algorithm>
#include <glib/gstdio.h>

namespace rostrum {
namespace {

/// Recordings of one kind and where they are found.
struct Place {
    OutputKind kind;
    const char *path;
    std::vector<const char *> stops; ///< documents spell it differently
    const char *what;                ///< in replies, as VideoSDK writes it
};

/// The longer paths come first: `{id}` takes any segment.
const Place kPlaces[] = {
    {OutputKind::TrackRecording, "/v2/recordings/participant/track", {"stop", "end"}, "Participant track recording"},
    {OutputKind::ParticipantRecording, "/v2/recordings/participant", {"stop", "end"}, "Participant recording"},
    {OutputKind::CompositeRecording, "/v2/recordings/composite", {"stop", "end"}, "Composite recording"},
    {OutputKind::Recording, "/v2/recordings", {"end", "stop"}, "Recording"},
};

int64_t file_size(const std::string &path) {
    GStatBuf status;
    return g_stat(path.c_str(), &status) == 0 ? status.st_size : 0;
}

std::string name_of(const std::string &path) {
    return path.substr(path.rfind('/') + 1);
}

/// As they were asked for.
Json chosen_participants(const Json &request) {
    Json people = Json::array();
    for (const auto &one : request.get("participants").items())
        people.push(Json::object({{"participantId", one.get("id")}, {"kind", one.get("kinds")}}));
    return people;
}

class Description {
  public:
    Description(Api &api, const OutputRecord &recording)
        : api_(api), recording_(recording), places_(api.sessions.services().settings.recordings) {}

    Json whole() {
        Json json = describe_output(api_, recording_);
        const Json facts = recording_facts(recording_), request = recording_.details.get("request");
        for (const char *key : {"participantId", "kind"})
            if (facts.has(key))
                json.set(key, facts.get(key));
        if (const std::string id = facts.text("participantId"); !id.empty()) {
            const auto participant = api_.store.sessions.participant(recording_.session_id, id);
            json.set("participantName", participant ? Json(participant->name) : Json());
        }
        for (const char *key : {"metadata", "error", "processing", "upload"})
            if (recording_.details.has(key))
                json.set(key, recording_.details.get(key));
        if (recording_.kind == OutputKind::CompositeRecording)
            json.set("participants", chosen_participants(request));
        json.set("fileFormat", request.text("format", "mp4"));
        json.set("paused", request.get("paused").as_bool());
        if (!recording_.end)
            return json.set("file", Json()).set("files", Json::array());
        Json parts = Json::array(), files = Json::array();
        for (const auto &part : recording_.details.get("parts").items()) {
            parts.push(describe_part(part));
            files.push(Json::object({{"fileUrl", url(name_of(part.text("path")))}}));
        }
        const auto all = recording_.details.get("parts").items();
        json.set("fileId", recording_.id);
        json.set("file", all.empty() ? Json() : describe_file(all.front()));
        return json.set("files", files).set("parts", parts);
    }

  private:
    std::string url(const std::string &name) const {
        return file_url(places_, api_.sessions.services().settings.public_url, recording_, name, now_ms());
    }

    Json describe_part(const Json &part) const {
        Json json = part;
        json.set("fileUrl", url(name_of(part.text("path"))));
        if (part.has("poster"))
            json.set("posterUrl", url(part.text("poster")));
        if (const Json thumbnails = part.get("thumbnails"); thumbnails.is_object())
            json.set("thumbnailsUrl", url(thumbnails.text("vtt")));
        if (part.has("startedAt"))
            json.set("start", iso_time(part.get("startedAt").as_integer()));
        return json;
    }

    /// The first part in VideoSDK's words.
    Json describe_file(const Json &part) const {
        const std::string path = part.text("path");
        const int64_t whole = part.has("durationMs") ? part.get("durationMs").as_integer()
                                                     : recording_.details.get("durationMs").as_integer();
        Json meta = Json::object({{"format", part.text("format", path.ends_with(".webm") ? "webm" : "mp4")},
                                  {"duration", double(whole) / 1000}});
        const int64_t height = part.get("height").as_integer();
        if (height > 0)
            meta.set("resolution", Json::object({{"width", part.get("width")}, {"height", height}}));
        const std::string shorter = std::to_string(std::min(height, part.get("width").as_integer()));
        const bool picture = height > 0 || recording_.details.get("request").text("mode") != "audio";
        Json json = Json::object({{"id", recording_.id},
                                  {"meta", meta},
                                  {"filePath", path},
                                  {"fileUrl", url(name_of(path))},
                                  {"size", part.has("bytes") ? part.get("bytes") : Json(file_size(path))},
                                  {"type", picture ? "video" : "audio"},
                                  {"createdAt", iso_time(recording_.created_at)},
                                  {"updatedAt", iso_time(recording_.end.value_or(recording_.created_at))}});
        if (height > 0)
            json.set("ratio", Json::object({{shorter.c_str(), 1}}));
        if (part.has("sha256"))
            json.set("sha256", part.get("sha256"));
        if (part.has("poster"))
            json.set("posterUrl", url(part.text("poster")));
        if (const Json thumbnails = part.get("thumbnails"); thumbnails.is_object())
            json.set("thumbnailsUrl", url(thumbnails.text("vtt")));
        return json;
    }

    Api &api_;
    const OutputRecord &recording_;
    const RecordingPlaces &places_;
};

Json describe(Api &api, const OutputRecord &recording) {
    return Description(api, recording).whole();
}

void start(Api &api, const ExchangePtr &exchange, const Place &place, ReplyShape shape) {
    const Claims claims = api.claims(*exchange);
    const Json body = exchange->json_body();
    const Room room = api.room_to_moderate(claims, body);
    const RecordingRequest wanted = parse_recording(place.kind, body);
    LiveSession &session = api.live(room, traits(place.kind).start_failed);
    const auto go = [exchange, shape, wanted, what = place.what](LiveSession &live) {
        const auto result = live.start_recording(wanted);
        if (auto *refusal = std::get_if<Refusal>(&result))
            throw *refusal;
        Json reply = started(std::string(what) + " started successfully", std::get<std::string>(result), live);
        exchange->reply(200, shape(reply.set("recordingId", std::get<std::string>(result))));
    };
    with_checked_layout(api, exchange, session, wanted.config, {"config", "layout", "description"}, go);
}

/// Names the recording, or whose it is; of the room and of composites all of them when nothing is named.
std::string wanted_recording(const LiveSession &session, const Place &place, const Json &body) {
    const std::string id = body.has("recordingId") ? body.text("recordingId") : body.text("id");
    if (!id.empty() || place.kind == OutputKind::Recording || place.kind == OutputKind::CompositeRecording)
        return id;
    const std::string participant = body.text("participantId"), track = body.text("kind");
    if (participant.empty())
        throw Refusal{400, code::kInvalidParticipantId, "participantId is missing"};
    if (place.kind == OutputKind::TrackRecording && track.empty())
        throw Refusal{400, traits(place.kind).stop_failed, "kind is missing: which track is to be stopped"};
    for (const auto &output : session.outputs()) {
        const Json request = output->record.details.get("request");
        if (output->record.kind == place.kind && is_wanted(output->machine.state()) &&
            request.text("participant") == participant && request.text("track") == track)
            return output->record.id;
    }
    throw Refusal{404, traits(place.kind).stop_failed,
                  std::string("no ") + traits(place.kind).words + " of this participant is running"};
}

void stop(Api &api, Exchange &exchange, const Place &place, ReplyShape shape) {
    const Claims claims = api.claims(exchange);
    const Json body = exchange.json_body();
    const Room room = api.room_to_moderate(claims, body);
    LiveSession &session = api.live(room, traits(place.kind).stop_failed);
    demand(session.stop_outputs(place.kind, wanted_recording(session, place, body)));
    const bool of_room = place.kind == OutputKind::Recording;
    exchange.reply(200, shape(Json(std::string(place.what) + (of_room ? " ended" : " stopped") + " successfully")));
}

void remove(Api &api, Exchange &exchange, const Place &place) {
    const Claims claims = api.claims(exchange);
    const OutputRecord output = readable_output(api, exchange, place.kind);
    demand(check_moderate(claims, output.room_id));
    if (!output.end)
        throw Refusal{409, traits(place.kind).stop_failed, "the recording is still running; end it first"};
    api.store.outputs.remove(place.kind, output.id);
    exchange.reply(200, Json(place.kind == OutputKind::Recording ? "Room recording deleted successfully"
                                                                 : std::string(place.what) + " deleted successfully"));
}

void set_paused(Api &api, Exchange &exchange, bool paused) {
    const Claims claims = api.claims(exchange);
    demand(check_api(claims));
    const auto output = api.store.outputs.find_recording(exchange.param("id"));
    if (!output)
        throw Refusal{404, "there is no such recording"};
    demand(check_moderate(claims, output->room_id));
    LiveSession *session = api.sessions.find(output->session_id);
    if (!session)
        throw Refusal{409, "this recording is not running"};
    demand(session->pause_recording(output->id, paused));
    exchange.reply(200, Json(paused ? "Recording paused successfully" : "Recording resumed successfully"));
}

/// A signed link works by itself; a token that may read the room does too.
OutputRecord recording_of_file(Api &api, const Exchange &exchange, const std::string &path) {
    const auto recording = api.store.outputs.find_recording(exchange.param("id"));
    if (const std::string signature = exchange.query("signature"); !signature.empty()) {
        demand_signature(api, exchange, path);
    } else {
        const Claims claims = api.claims(exchange, true);
        demand(check_api(claims));
        if (recording)
            demand(check_read(claims, recording->room_id));
    }
    if (!recording)
        throw Refusal{404, "there is no such recording"};
    return *recording;
}

/// The thumbnails are named beside the text, and need a link as good as that of the text.
void send_cues(Exchange &exchange, const RecordedFile &file, const OutputRecord &recording, const SignedLinks &links) {
    gchar *bytes = nullptr;
    gsize size = 0;
    if (!g_file_get_contents(file.path.c_str(), &bytes, &size, nullptr))
        throw Refusal{404, "the file is not there"};
    const OwnedText owned(bytes);
    std::string text(bytes, size), name = file.name();
    name = name.substr(0, name.size() - std::string_view(".vtt").size()) + ".jpg";
    const std::string signed_path = links.sign("/v2/recordings/" + recording.id + "/files/" + name, now_ms() / 1000);
    const std::string query = signed_path.substr(signed_path.find('?'));
    for (size_t at = 0; (at = text.find("\n" + name + "#", at)) != std::string::npos; at += name.size())
        text.insert(at + 1 + name.size(), query);
    exchange.set_header("Cache-Control", "no-store"); // the links in it expire
    exchange.set_header("X-Content-Type-Options", "nosniff");
    exchange.reply(200, file.type, text);
}

void send_recorded(Api &api, const ExchangePtr &exchange, const OutputRecord &recording, const std::string &name) {
    const RecordingPlaces &places = api.sessions.services().settings.recordings;
    const auto files = files_of(recording);
    const auto file = std::find_if(files.begin(), files.end(), [&](const auto &one) { return one.name() == name; });
    if (file == files.end())
        throw Refusal{404, "this recording has no such file"};
    if (!g_file_test(file->path.c_str(), G_FILE_TEST_IS_REGULAR) &&
        recording.details.get("upload").text("state") == "completed" && places.s3.enabled()) {
        exchange->set_header("Location", file_url(places, "", recording, name, now_ms()));
        return exchange->reply_empty(302);
    }
    if (name.ends_with(".vtt"))
        return send_cues(*exchange, *file, recording, places.links);
    const bool media = name.ends_with(".mp4") || name.ends_with(".webm");
    send_file(exchange, {file->path, file->type, name, media});
}

void get_first_file(Api &api, const ExchangePtr &exchange) {
    const OutputRecord recording =
        recording_of_file(api, *exchange, "/v2/recordings/" + exchange->param("id") + "/file");
    const auto files = files_of(recording);
    if (files.empty())
        throw Refusal{404, "nothing has been recorded"};
    send_recorded(api, exchange, recording, files.front().name());
}

void get_file(Api &api, const ExchangePtr &exchange) {
    const std::string name = exchange->param("name");
    const OutputRecord recording =
        recording_of_file(api, *exchange, "/v2/recordings/" + exchange->param("id") + "/files/" + name);
    send_recorded(api, exchange, recording, name);
}

void add_place(Router &router, Api &api, const Place &place) {
    const std::string path = place.path;
    router.add("POST", path + "/start",
               [&api, &place](const ExchangePtr &exchange) { start(api, exchange, place, as_it_is); });
    for (const char *word : place.stops)
        router.add("POST", path + "/" + word,
                   [&api, &place](const ExchangePtr &exchange) { stop(api, *exchange, place, as_it_is); });
    router.add("GET", path,
               [&api, &place](const ExchangePtr &exchange) { list_outputs(api, *exchange, place.kind, describe); });
    router.add("GET", path + "/{id}", [&api, &place](const ExchangePtr &exchange) {
        exchange->reply(200, describe(api, readable_output(api, *exchange, place.kind)));
    });
    router.add("DELETE", path + "/{id}",
               [&api, &place](const ExchangePtr &exchange) { remove(api, *exchange, place); });
}

const Place &kRoomPlace = kPlaces[std::size(kPlaces) - 1];

} // namespace

void start_room_recording(Api &api, const ExchangePtr &exchange, ReplyShape shape) {
    start(api, exchange, kRoomPlace, shape);
}

void stop_room_recording(Api &api, Exchange &exchange, ReplyShape shape) {
    stop(api, exchange, kRoomPlace, shape);
}

void demand_signature(const Api &api, const Exchange &exchange, const std::string &path) {
    const SignedLinks &links = api.sessions.services().settings.recordings.links;
    switch (links.check(path, exchange.query("expires"), exchange.query("signature"), now_ms() / 1000)) {
    case SignedLinks::Verdict::Good:
        return;
    case SignedLinks::Verdict::Expired:
        throw Refusal{
            403, "this link has expired; ask for the recording again (or the session, for its chat) to get a new one"};
    case SignedLinks::Verdict::Wrong:
        throw Refusal{403, "the signature of this link is wrong"};
    }
}

void add_recording_routes(Router &router, Api &api) {
    for (const Place &place : kPlaces)
        add_place(router, api, place);
    for (const bool paused : {true, false})
        router.add("POST", paused ? "/v2/recordings/{id}/pause" : "/v2/recordings/{id}/resume",
                   [&api, paused](const ExchangePtr &exchange) { set_paused(api, *exchange, paused); });
    router.add("GET", "/v2/recordings/{id}/file", api.handler(get_first_file));
    router.add("GET", "/v2/recordings/{id}/files/{name}", api.handler(get_file));
}

} // namespace rostrum
