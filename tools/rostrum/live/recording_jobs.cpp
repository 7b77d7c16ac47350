// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/live/recording_jobs.h"

#include "tools/rostrum/base/ids.h"

#include <glib/gstdio.h>

#include <set>

namespace rostrum {
namespace {

constexpr const char *kPartFacts[] = {"bytes",      "durationMs", "width",  "height",     "format",    "videoCodec",
                                      "audioCodec", "sha256",     "poster", "thumbnails", "finalised", "notes"};

bool is_over(const std::string &state) {
    return state == "completed" || state == "failed" || state == "cancelled";
}

} // namespace

RecordingJobs::RecordingJobs(Store &store, JobQueue &queue, Webhooks &webhooks, const RecordingPlaces &places,
                             const std::string &public_url)
    : store_(store), queue_(queue), webhooks_(webhooks), places_(places), public_url_(public_url) {
    queue_.on_changed = [this](const JobRecord &job) { changed(job); };
    queue_.on_stored = [this](const JobRecord &job) { stored(job); };
    queue_.secrets_of = [this](const JobRecord &job) {
        return job.kind == "upload" ? Json::object({{"s3", to_json(places_.s3)}}) : Json::object();
    };
}

void RecordingJobs::recover() {
    for (const auto &job : store_.jobs.untold()) // the former `serve` was killed at that moment
        stored(job);
    for (auto &recording : store_.outputs.unprocessed())
        over(recording);
}

void RecordingJobs::over(OutputRecord &recording) {
    const Json parts = all_parts(recording);
    recording.details.set("parts", parts);
    const bool any = !parts.items().empty();
    recording.details.set("processing", any ? "pending" : "failed");
    Transaction transaction(store_.database);
    store_.outputs.update(recording);
    for (const auto &part : parts.items()) {
        JobRecord job;
        job.kind = "process";
        job.output_id = recording.id;
        job.session_id = recording.session_id;
        job.room_id = recording.room_id;
        job.document = Json::object({{"path", part.get("path")}});
        queue_.add(std::move(job));
    }
    transaction.commit();
    if (!any)
        processed(recording);
}

void RecordingJobs::changed(const JobRecord &job) {
    if (job.kind == "process")
        part_changed(job);
    else if (job.kind == "upload")
        upload_changed(job);
    else
        merge_changed(job);
}

/// Files that the bucket has confirmed go once that is stored: before, a crash would have them sent again.
void RecordingJobs::stored(const JobRecord &job) {
    if (job.kind == "merge" || job.kind == "composite-merge") {
        if (is_over(job.state))
            for (const auto &id : job.document.get("recordingIds").strings())
                remove_uploaded(id);
        return;
    }
    if (job.state != "completed")
        return;
    if (job.kind == "upload")
        remove_uploaded(job.output_id);
    store_.jobs.remove(job.id); // the recording has what it made
}

/// The files of a recording that is in the bucket, but for those that a merge is still to read.
void RecordingJobs::remove_uploaded(const std::string &id) {
    const auto recording = store_.outputs.find_recording(id);
    if (places_.s3.keep_local || !recording || recording->details.get("upload").text("state") != "completed")
        return;
    std::set<std::string> needed;
    for (const auto &job : store_.jobs.unfinished())
        for (const auto &input : job.document.get("inputs").items())
            needed.insert(input.text("path"));
    for (const auto &file : files_of(*recording))
        if (!needed.count(file.path))
            g_unlink(file.path.c_str());
}

void RecordingJobs::part_changed(const JobRecord &job) {
    auto recording = store_.outputs.find_recording(job.output_id);
    if (!recording)
        return;
    Json parts = Json::array();
    for (auto part : recording->details.get("parts").items()) {
        if (part.text("path") == job.document.text("path")) {
            part.set("processing", job.state);
            part.set("error", job.error.empty() ? Json() : Json(job.error));
            for (const char *fact : kPartFacts)
                if (job.result.has(fact))
                    part.set(fact, job.result.get(fact));
        }
        parts.push(part);
    }
    recording->details.set("parts", parts);
    bool all_over = true, any_good = false;
    for (const auto &part : parts.items()) {
        const std::string state = part.text("processing");
        all_over = all_over && is_over(state);
        any_good = any_good || state == "completed";
    }
    recording->details.set("processing", !all_over ? "processing" : any_good ? "completed" : "failed");
    store_.outputs.update(*recording);
    if (all_over)
        processed(*recording);
}

void RecordingJobs::processed(OutputRecord &recording) {
    Json data = recording_facts(recording);
    data.set("processing", recording.details.get("processing"));
    Json files = Json::array();
    for (auto part : recording.details.get("parts").items()) {
        const std::string path = part.text("path");
        Json file = Json::object(
            {{"filePath", path},
             {"fileUrl", file_url(places_, public_url_, recording, path.substr(path.rfind('/') + 1), now_ms())}});
        for (const char *fact : {"bytes", "durationMs", "width", "height", "format", "sha256", "processing", "error"})
            if (!part.get(fact).is_null())
                file.set(fact, part.get(fact));
        files.push(file);
    }
    data.set("files", files);
    post("recording-processed", recording.room_id, recording.session_id, data, recording.webhook_url, recording.id);
    if (tell)
        tell(recording.session_id, "recording-processed", data);
    start_upload(recording);
}

void RecordingJobs::start_upload(OutputRecord &recording) {
    if (!places_.s3.enabled() || recording.details.text("processing") != "completed")
        return;
    Json files = Json::array();
    for (const auto &file : files_of(recording))
        if (g_file_test(file.path.c_str(), G_FILE_TEST_IS_REGULAR))
            files.push(Json::object(
                {{"path", file.path}, {"key", object_key(places_, recording, file.name())}, {"type", file.type}}));
    JobRecord job;
    job.kind = "upload";
    job.output_id = recording.id;
    job.session_id = recording.session_id;
    job.room_id = recording.room_id;
    job.document = Json::object({{"files", files}});
    recording.details.set("upload", Json::object({{"state", "pending"}}));
    store_.outputs.update(recording);
    queue_.add(std::move(job));
}

/// What of it has arrived takes room in the bucket.
void RecordingJobs::abort_upload(const JobRecord &failed) {
    JobRecord job;
    job.kind = "upload";
    job.output_id = failed.output_id;
    job.session_id = failed.session_id;
    job.room_id = failed.room_id;
    job.document = Json::object({{"abort", true}});
    job.resume = failed.resume;
    queue_.add(std::move(job));
}

void RecordingJobs::upload_changed(const JobRecord &job) {
    if (job.document.get("abort").as_bool())
        return;
    if (job.state == "failed")
        abort_upload(job);
    auto recording = store_.outputs.find_recording(job.output_id);
    if (!recording)
        return;
    Json upload = Json::object({{"state", job.state}, {"attempts", job.attempts}});
    if (!job.error.empty())
        upload.set("error", job.error);
    if (job.state == "pending")
        upload.set("nextTryAt", iso_time(job.not_before));
    recording->details.set("upload", upload);
    store_.outputs.update(*recording);
    if (job.state != "completed" && job.state != "failed")
        return;
    Json data = recording_facts(*recording);
    if (job.state == "failed")
        data.set("error", job.error);
    data.set("fileDetails", file_details(places_, public_url_, *recording, now_ms()));
    post(job.state == "completed" ? "recording-uploaded" : "recording-upload-failed", recording->room_id,
         recording->session_id, data, recording->webhook_url, recording->id);
}

void RecordingJobs::merge_changed(const JobRecord &job) {
    const bool composed = job.kind == "composite-merge";
    const std::string name = job.state == "processing" ? "started" : job.state;
    if (job.state == "pending" || (job.state == "processing" && job.attempts > 1))
        return;
    if (!composed && job.state != "completed" && job.state != "failed")
        return;
    Json data = Json::object({{"id", job.id}});
    if (job.state == "failed")
        data.set("message", job.error);
    post((composed ? "composite-merge-" : "merge-recording-") + name, job.room_id, job.session_id, data,
         job.webhook_url, job.id);
}

void RecordingJobs::post(const std::string &type, const std::string &room_id, const std::string &session_id,
                         const Json &extra, const std::string &extra_url, const std::string &id) {
    Json data = Json::object({{"meetingId", room_id}, {"sessionId", session_id}});
    for (const auto &key : extra.keys())
        data.set(key, extra.get(key.c_str()));
    const auto room = store_.rooms.find_by_room_id(room_id);
    webhooks_.post(type, data, room ? room->settings.get("webhook") : Json(), extra_url, id);
}

} // namespace rostrum
