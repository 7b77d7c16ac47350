// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/outputs_common.h"

#include "tools/rostrum/base/ids.h"

#include <glib/gstdio.h>

namespace rostrum {
namespace {

int64_t file_size(const std::string &path) {
    GStatBuf status;
    return g_stat(path.c_str(), &status) == 0 ? status.st_size : 0;
}

Json describe(Api &api, const OutputRecord &output) {
    Json json = describe_output(api, output);
    const std::string path = output.details.text("path");
    if (!output.end)
        return json.set("file", Json());
    json.set("fileId", output.id);
    json.set("file",
             Json::object(
                 {{"id", output.id},
                  {"meta", Json::object({{"format", "mp4"},
                                         {"duration", double(output.details.get("durationMs").as_integer()) / 1000}})},
                  {"filePath", path},
                  {"fileUrl", api.url("/v2/recordings/" + output.id + "/file")},
                  {"size", file_size(path)},
                  {"type", "video"}}));
    if (output.details.has("parts"))
        json.set("parts", output.details.get("parts"));
    return json;
}

void start(Api &api, const ExchangePtr &exchange) {
    const Claims claims = api.claims(*exchange);
    const Json body = exchange->json_body();
    const Room room = api.room_to_moderate(claims, body);
    if (const std::string format = body.text("fileFormat", "mp4"); format != "mp4")
        throw Refusal{400, code::kStartRecordingFailed, "fileFormat has to be mp4"};
    LiveSession &session = api.live(room, code::kStartRecordingFailed);
    const auto go = [exchange, config = body.get("config"), webhook_url = webhook_url_of(body)](LiveSession &live) {
        const auto result = live.start_recording(config, webhook_url);
        if (auto *refusal = std::get_if<Refusal>(&result))
            throw *refusal;
        exchange->reply(200, started("Recording started successfully", std::get<std::string>(result), live));
    };
    with_checked_layout(api, exchange, session, body.get("config"), {"config", "layout", "description"}, go);
}

void stop(Api &api, Exchange &exchange) {
    const Claims claims = api.claims(exchange);
    const Json body = exchange.json_body();
    const Room room = api.room_to_moderate(claims, body);
    LiveSession &session = api.live(room, code::kStopRecordingFailed);
    demand(session.stop_outputs(OutputKind::Recording, body.text("id")));
    exchange.reply(200, Json("Recording ended successfully"));
}

void remove(Api &api, Exchange &exchange) {
    const Claims claims = api.claims(exchange);
    const OutputRecord output = readable_output(api, exchange, OutputKind::Recording);
    demand(check_moderate(claims, output.room_id));
    if (!output.end)
        throw Refusal{409, code::kStopRecordingFailed, "the recording is still running; end it first"};
    api.store.outputs.remove(OutputKind::Recording, output.id);
    exchange.reply(200, Json("Room recording deleted successfully"));
}

/// libsoup answers Range from the mapped file; what has been recorded of a running one can be fetched too.
void get_file(Api &api, Exchange &exchange) {
    const OutputRecord output = readable_output(api, exchange, OutputKind::Recording);
    GMappedFile *file = g_mapped_file_new(output.details.text("path").c_str(), FALSE, nullptr);
    if (!file)
        throw Refusal{404, "the file of this recording is not there"};
    GBytes *bytes = g_mapped_file_get_bytes(file);
    g_mapped_file_unref(file);
    exchange.set_header("Accept-Ranges", "bytes");
    exchange.set_header("Content-Disposition", "attachment; filename=\"" + output.id + ".mp4\"");
    exchange.reply(200, "video/mp4", bytes);
    g_bytes_unref(bytes);
}

} // namespace

void add_recording_routes(Router &router, Api &api) {
    const std::string json = "application/json";
    auto bind = [&api](void (*handler)(Api &, Exchange &)) {
        return [&api, handler](const ExchangePtr &exchange) { handler(api, *exchange); };
    };
    router.add(
        "POST", "/v2/recordings/start", [&api](const ExchangePtr &exchange) { start(api, exchange); },
        "Record the composed picture", json);
    for (const char *path : {"/v2/recordings/end", "/v2/recordings/stop"})
        router.add("POST", path, bind(stop), "End a recording", json);
    router.add("GET", "/v2/recordings",
               bind([](Api &a, Exchange &exchange) { list_outputs(a, exchange, OutputKind::Recording, describe); }),
               "List recordings");
    router.add("GET", "/v2/recordings/{id}", bind([](Api &a, Exchange &exchange) {
                   exchange.reply(200, describe(a, readable_output(a, exchange, OutputKind::Recording)));
               }),
               "Get a recording");
    router.add("DELETE", "/v2/recordings/{id}", bind(remove), "Forget a recording; its file stays");
    router.add("GET", "/v2/recordings/{id}/file", bind(get_file), "The file of a recording");
}

} // namespace rostrum
