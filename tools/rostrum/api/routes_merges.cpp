// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Files made of several recordings, as jobs: VideoSDK's merge of two channels and its transcodings.

#include "tools/rostrum/api/file_reply.h"
#include "tools/rostrum/api/outputs_common.h"
#include "tools/rostrum/base/ids.h"

#include <algorithm>
#include <glib/gstdio.h>

namespace rostrum {
namespace {

constexpr size_t kMaxInputs = 100;

/// Jobs of one kind and where they are found.
struct Place {
    const char *kind;
    const char *path;
    const char *words;
};
const Place kMerges = {"merge", "/v2/recordings/participant/merge", "merge"};
const Place kTranscodings = {"composite-merge", "/v2/transcodings", "transcoding"};

Json describe(Api &api, const Place &place, const JobRecord &job) {
    const LiveServices &services = api.sessions.services();
    Json json = Json::object({{"id", job.id},
                              {"userId", api.user_id()},
                              {"roomId", job.room_id},
                              {"meetingId", job.room_id},
                              {"sessionId", job.session_id},
                              {"task", job.document.text("task", job.kind)},
                              {"status", job.state},
                              {"state", job.state},
                              {"progress", job.state == "completed" ? 1 : services.recording_jobs->progress(job.id)},
                              {"createdAt", iso_time(job.created_at)},
                              {"updatedAt", iso_time(job.updated_at)},
                              {"recordingIds", job.document.get("recordingIds")}});
    const bool over = job.state == "completed" || job.state == "failed" || job.state == "cancelled";
    const Json begin = iso_time(job.created_at), end = over ? Json(iso_time(job.updated_at)) : Json();
    json.set("start", begin).set("end", end).set("startedAt", begin).set("stoppedAt", end);
    for (const char *name : {"channel1", "channel2"})
        if (job.document.has(name))
            json.set(name, job.document.get(name));
    json.set("webhook", webhook_summary(api, job.id));
    if (!job.error.empty())
        json.set("error", job.error);
    if (job.state != "completed")
        return json.set("file", Json());
    const Json &result = job.result;
    Json meta = Json::object(
        {{"format", result.get("format")}, {"duration", double(result.get("durationMs").as_integer()) / 1000}});
    if (result.has("width"))
        meta.set("resolution", Json::object({{"width", result.get("width")}, {"height", result.get("height")}}));
    const std::string path = std::string(place.path) + "/" + job.id + "/file";
    json.set("file", Json::object({{"id", job.id},
                                   {"meta", meta},
                                   {"filePath", result.get("path")},
                                   {"fileUrl", services.settings.public_url +
                                                   services.settings.recordings.links.sign(path, now_ms() / 1000)},
                                   {"size", result.get("bytes")},
                                   {"sha256", result.get("sha256")},
                                   {"type", result.has("width") ? "video" : "audio"}}));
    return json;
}

struct Piece {
    std::string path;
    int64_t started_at;
    int channel;
};

/// Its parts, in time. Refuses what is not there to be read.
void take_pieces(const OutputRecord &recording, int channel, std::vector<Piece> &pieces) {
    if (!recording.end)
        throw Refusal{409, "the recording " + recording.id + " is still running; end it first"};
    const std::string processing = recording.details.text("processing");
    if (processing == "pending" || processing == "processing")
        throw Refusal{409, 409, "the recording " + recording.id + " is still being processed", 5};
    int64_t next = recording.start.value_or(recording.created_at);
    for (const auto &part : recording.details.get("parts").items()) {
        const std::string path = part.text("path");
        if (!g_file_test(path.c_str(), G_FILE_TEST_IS_REGULAR))
            throw Refusal{409, "the files of the recording " + recording.id +
                                   " are not here any more; set s3-keep-local to keep them beside the bucket"};
        const int64_t start = part.get("startedAt").as_integer(next);
        next = start + part.get("durationMs").as_integer();
        if (part.text("processing") == "completed")
            pieces.push_back({path, start, channel});
    }
}

/// Takes its parts as if they followed at `at` (ms) one after the other. Gives where the last one ends.
int64_t append_pieces(const OutputRecord &recording, int64_t at, std::vector<Piece> &pieces) {
    std::vector<Piece> taken;
    take_pieces(recording, 0, taken);
    for (const auto &part : recording.details.get("parts").items())
        for (auto &piece : taken)
            if (piece.path == part.text("path")) {
                piece.started_at = at;
                at += part.get("durationMs").as_integer();
                pieces.push_back(piece);
            }
    return at;
}

/// `facts`: what its description says of it besides.
std::string add_job(Api &api, const Place &place, const OutputRecord &first, const std::vector<Piece> &pieces,
                    const std::vector<std::string> &recordings, const std::string &webhook_url, const Json &facts) {
    if (pieces.empty())
        throw Refusal{400, "nothing was recorded that could be merged"};
    if (pieces.size() > kMaxInputs)
        throw Refusal{400, "at most 100 files can be merged at once"};
    JobRecord job;
    job.id = new_document_id();
    job.kind = place.kind;
    job.room_id = first.room_id;
    job.session_id = first.session_id;
    job.webhook_url = webhook_url;
    const std::string directory = api.sessions.services().settings.recordings.directory + "/" + first.room_id + "/" +
                                  first.session_id + "/merged";
    if (g_mkdir_with_parents(directory.c_str(), 0700) != 0)
        throw Refusal{500, "the directory for the file cannot be created"};
    int64_t begin = INT64_MAX;
    for (const auto &piece : pieces)
        begin = std::min(begin, piece.started_at);
    Json inputs = Json::array();
    for (const auto &piece : pieces)
        inputs.push(
            Json::object({{"path", piece.path}, {"offsetMs", piece.started_at - begin}, {"channel", piece.channel}}));
    job.document =
        Json::object({{"path", directory + "/" + job.id + ".mp4"}, {"inputs", inputs}, {"recordingIds", recordings}});
    for (const auto &key : facts.keys())
        job.document.set(key, facts.get(key.c_str()));
    return api.sessions.services().recording_jobs->add(std::move(job));
}

/// {participantId, recordingId?, type?}: what a channel is to hear.
std::vector<OutputRecord> recordings_of(Api &api, const SessionRecord &session, const Json &entry,
                                        const std::string &usual_type) {
    const std::string type = entry.text("type", usual_type), participant = entry.text("participantId");
    if (type != "participant" && type != "track")
        throw Refusal{400, "type has to be participant or track"};
    if (const std::string id = entry.text("recordingId"); !id.empty()) {
        const auto recording = api.store.outputs.find_recording(id);
        if (!recording || recording->session_id != session.id)
            throw Refusal{404, "there is no recording " + id + " of this session"};
        return {*recording};
    }
    if (!is_participant_id(participant))
        throw Refusal{400, code::kInvalidParticipantId, "a channel needs a recordingId or a participantId"};
    const OutputKind kind = type == "track" ? OutputKind::TrackRecording : OutputKind::ParticipantRecording;
    std::vector<OutputRecord> found;
    const OutputFilter filter{session.room_id, session.id, participant};
    const auto listed = api.store.outputs.list(kind, filter, {1, static_cast<int64_t>(kMaxInputs)});
    if (listed.total > static_cast<int64_t>(kMaxInputs))
        throw Refusal{400, "'" + participant + "' has more than 100 " + type +
                               " recordings in this session; name them by recordingId"};
    for (const auto &recording : listed.items) {
        const Json request = recording.details.get("request");
        const bool sound = type == "participant" || request.text("track").ends_with("audio");
        if (sound && request.text("participant") == participant)
            found.push_back(recording);
    }
    if (found.empty())
        throw Refusal{404, "there is no " + type + " recording of '" + participant + "' in this session"};
    return found;
}

void merge_channels(Api &api, Exchange &exchange) {
    const Claims claims = api.claims(exchange);
    const Json body = exchange.json_body();
    demand(check_api(claims));
    if (body.text("sessionId").empty())
        throw Refusal{400, "sessionId is missing"};
    const SessionRecord session = api.session(body.text("sessionId"));
    demand(check_moderate(claims, session.room_id));
    std::vector<Piece> pieces;
    std::vector<std::string> ids;
    std::optional<OutputRecord> first;
    Json channels = Json::object();
    for (const int channel : {0, 1}) {
        const char *name = channel == 0 ? "channel1" : "channel2";
        const auto entries = body.get(name).items();
        if (entries.empty() || entries.size() > kMaxInputs)
            throw Refusal{400, std::string(name) + " has to be a list of {\"participantId\": \"…\"}"};
        Json heard = Json::array();
        for (const auto &entry : entries)
            for (const auto &recording : recordings_of(api, session, entry, body.text("type", "participant"))) {
                take_pieces(recording, channel, pieces);
                ids.push_back(recording.id);
                first = first ? first : recording;
                heard.push(Json::object({{"recordingId", recording.id},
                                         {"participantId", recording.details.get("request").get("participant")}}));
            }
        channels.set(name, heard);
    }
    const std::string id = add_job(api, kMerges, *first, pieces, ids, webhook_url_of(body), channels);
    exchange.reply(200, describe(api, kMerges, *api.store.jobs.find(id)).set("mergeId", id));
}

void merge_composed(Api &api, Exchange &exchange) {
    const Claims claims = api.claims(exchange);
    const Json body = exchange.json_body();
    demand(check_api(claims));
    if (body.text("task", "composite-merge") != "composite-merge")
        throw Refusal{400, "task has to be composite-merge"};
    refuse_unsupported(body);
    const auto ids = body.get("recordingIds").strings();
    if (ids.empty() || ids.size() > kMaxInputs)
        throw Refusal{400, "recordingIds has to be a list of 1 to 100 ids of recordings"};
    std::vector<Piece> pieces;
    std::optional<OutputRecord> first;
    for (const auto &id : ids) {
        const auto recording = api.store.outputs.find_recording(id);
        if (!recording)
            throw Refusal{404, "there is no recording " + id};
        demand(check_moderate(claims, recording->room_id));
        take_pieces(*recording, 0, pieces);
        first = first ? first : recording;
    }
    const std::string id = add_job(api, kTranscodings, *first, pieces, ids, webhook_url_of(body), Json::object());
    exchange.reply(200, describe(api, kTranscodings, *api.store.jobs.find(id)));
}

/// Strings, or {id}: another place to read from is not taken.
std::vector<std::string> ids_of_recordings(const Json &body) {
    std::vector<std::string> ids;
    for (const auto &entry : body.get("recordingIds").items()) {
        if (!entry.text("presignedUrl").empty())
            throw Refusal{
                501, "recordingIds: presignedUrl is not supported; recordings are read where this server has them"};
        ids.push_back(entry.is_string() ? entry.as_string() : entry.text("id"));
    }
    if (ids.empty() || ids.size() > kMaxInputs)
        throw Refusal{400, "recordingIds has to be a list of 1 to 100 ids of room recordings"};
    return ids;
}

/// Room recordings one after the other, without what was between them.
void append_recordings(Api &api, Exchange &exchange) {
    const Claims claims = api.claims(exchange);
    const Json body = exchange.json_body();
    demand(check_api(claims));
    if (!body.text("presignedOutputUrl").empty())
        throw Refusal{501, "presignedOutputUrl is not supported; fetch the file from its fileUrl"};
    const auto ids = ids_of_recordings(body);
    std::vector<OutputRecord> recordings;
    for (const auto &id : ids) {
        const auto recording = api.store.outputs.find(OutputKind::Recording, id);
        if (!recording)
            throw Refusal{404, "there is no room recording " + id};
        demand(check_moderate(claims, recording->room_id));
        recordings.push_back(*recording);
    }
    std::sort(recordings.begin(), recordings.end(), [](const auto &a, const auto &b) { return a.start < b.start; });
    std::vector<Piece> pieces;
    int64_t end = 0;
    for (const auto &recording : recordings)
        end = append_pieces(recording, end, pieces);
    const std::string id = add_job(api, kTranscodings, recordings.front(), pieces, ids, webhook_url_of(body),
                                   Json::object({{"task", "meeting-recording-merge"}}));
    exchange.reply(200, describe(api, kTranscodings, *api.store.jobs.find(id)));
}

JobRecord job_of(Api &api, const Exchange &exchange, const Place &place) {
    const auto job = api.store.jobs.find(exchange.param("id"));
    if (!job || job->kind != place.kind)
        throw Refusal{404, std::string("there is no such ") + place.words};
    return *job;
}

JobRecord readable_job(Api &api, const Exchange &exchange, const Place &place) {
    const Claims claims = api.claims(exchange);
    demand(check_api(claims));
    JobRecord job = job_of(api, exchange, place);
    demand(check_read(claims, job.room_id));
    return job;
}

void list(Api &api, Exchange &exchange, const Place &place) {
    const Claims claims = api.claims(exchange);
    demand(check_api(claims));
    JobFilter filter{{place.kind},
                     exchange.query("roomId"),
                     exchange.query("sessionId"),
                     exchange.query("status"),
                     exchange.query("id")};
    if (!exchange.query("hlsId").empty()) // none is made of an HLS stream
        filter.state = "none";
    if (!filter.room_id.empty())
        filter.room_id = api.room(filter.room_id).room_id;
    if (!claims.room_id.empty()) {
        demand(check_read(claims, filter.room_id.empty() ? claims.room_id : filter.room_id));
        filter.room_id = claims.room_id;
    }
    const PageRequest page = page_request(exchange);
    const auto jobs = api.store.jobs.list(filter, page);
    Json data = Json::array();
    for (const auto &job : jobs.items)
        data.push(describe(api, place, job));
    Json reply = paged(page, jobs.total, data);
    if (&place == &kMerges) // as VideoSDK's clients read it
        reply.set("recordings", data);
    exchange.reply(200, reply);
}

void cancel(Api &api, Exchange &exchange, const Place &place) {
    const Claims claims = api.claims(exchange);
    demand(check_api(claims));
    const JobRecord job = job_of(api, exchange, place);
    demand(check_moderate(claims, job.room_id));
    if (!api.sessions.services().recording_jobs->cancel(job.id))
        throw Refusal{409, std::string("this ") + place.words + " is " + job.state + " already"};
    exchange.reply(200, describe(api, place, *api.store.jobs.find(job.id)));
}

void get_file(Api &api, const ExchangePtr &exchange, const Place &place) {
    const JobRecord job = [&] {
        if (exchange->query("signature").empty())
            return readable_job(api, *exchange, place);
        demand_signature(api, *exchange, std::string(place.path) + "/" + exchange->param("id") + "/file");
        return job_of(api, *exchange, place);
    }();
    if (job.state != "completed")
        throw Refusal{404, std::string("this ") + place.words + " is " + job.state};
    send_file(exchange, {job.result.text("path"), "video/mp4", job.id + ".mp4", true});
}

void add_place(Router &router, Api &api, const Place &place) {
    const std::string path = place.path, words = place.words;
    router.add("GET", path, [&api, &place](const ExchangePtr &exchange) { list(api, *exchange, place); });
    router.add("GET", path + "/{id}", [&api, &place](const ExchangePtr &exchange) {
        exchange->reply(200, describe(api, place, readable_job(api, *exchange, place)));
    });
    router.add("POST", path + "/{id}/cancel",
               [&api, &place](const ExchangePtr &exchange) { cancel(api, *exchange, place); });
    router.add("GET", path + "/{id}/file",
               [&api, &place](const ExchangePtr &exchange) { get_file(api, exchange, place); });
}

} // namespace

void add_merge_routes(Router &router, Api &api) {
    router.add("POST", kMerges.path, api.handler(merge_channels));
    router.add("POST", "/v2/transcodings/merge", api.handler(merge_composed));
    router.add("POST", "/v2/transcodings/meeting-recording-merge", api.handler(append_recordings));
    for (const Place *place : {&kMerges, &kTranscodings})
        add_place(router, api, *place);
}

} // namespace rostrum
