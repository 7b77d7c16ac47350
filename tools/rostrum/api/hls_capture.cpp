// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/hls_capture.h"

#include "tools/rostrum/base/ids.h"
#include "tools/rostrum/base/places.h"
#include "tools/rostrum/jobs/job_process.h"

#include <algorithm>
#include <glib/gstdio.h>
#include <set>

namespace rostrum {
namespace {

constexpr unsigned kSilenceMs = 20000; // of a process that decodes two seconds at most
constexpr size_t kMaxAtOnce = 4;
constexpr int64_t kMinSide = 16, kMaxSide = 3840;

int64_t side(const Json &body, const char *name) {
    if (!body.has(name))
        return 0;
    const int64_t value = body.get(name).as_integer(-1);
    if (value < kMinSide || value > kMaxSide)
        throw Refusal{400, std::string(name) + " has to be a whole number from 16 to 3840"};
    return value;
}

/// Where a picture is: milliseconds in a segment, -1 = its last one.
struct Place {
    uint64_t sequence = 0;
    int64_t at_ms = -1;
};

double time_of(const Json &body) {
    const Json value = body.get("time");
    JsonNode *node = nullptr;
    g_autoptr(JsonParser) parser = json_parser_new();
    if (json_parser_load_from_data(parser, value.dump().c_str(), -1, nullptr))
        node = json_parser_get_root(parser);
    const bool number = node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) != G_TYPE_STRING &&
                        json_node_get_value_type(node) != G_TYPE_BOOLEAN;
    const double seconds = number ? json_node_get_double(node) : -1;
    if (!(seconds >= 0 && seconds < 1e9))
        throw Refusal{400, "time has to be seconds from the begin of the stream"};
    return seconds;
}

Place find_place(const hls::RenditionEntry &rendition, const Json &body) {
    const auto &segments = rendition.segments;
    if (body.has("time")) {
        int64_t left_us = static_cast<int64_t>(time_of(body) * 1e6);
        for (uint64_t i = 0; i < segments.size(); ++i) {
            if (left_us < segments[i].duration_us && segments[i].bytes > 0)
                return {i, std::max<int64_t>(left_us, 0) / 1000}; // what begins before lies in a gap
            left_us -= segments[i].duration_us;
        }
        throw Refusal{404, "the stream has no picture at this time"};
    }
    for (uint64_t i = segments.size(); i-- > 0;)
        if (segments[i].bytes > 0)
            return {i, -1};
    throw Refusal{404, "the stream has no picture yet"};
}

/// A process under way; it answers once.
class Capture {
  public:
    static void run(const ExchangePtr &exchange, const std::string &binary, const std::string &log,
                    const Json &document, std::function<Json(const Json &)> reply) {
        static std::set<std::unique_ptr<Capture>> under_way; // main thread
        if (under_way.size() >= kMaxAtOnce)
            throw Refusal{503, 503, "too many pictures are being made; try again", 1};
        std::unique_ptr<Capture> made(new Capture);
        Capture *self = made.get();
        under_way.insert(std::move(made));
        const auto line = [self](const Json &said) {
            if (said.has("result"))
                self->result_ = said.get("result");
            else if (said.has("error"))
                self->error_ = said.get("error").as_string("no picture could be made");
        };
        const auto ended = [self, exchange, reply] {
            if (self->result_.is_object())
                exchange->reply(200, reply(self->result_));
            else
                exchange->refuse({500, "no picture could be made: " + self->error_});
            std::erase_if(under_way, [self](const auto &each) { return each.get() == self; });
        };
        exchange->defer();
        self->process_ =
            std::make_unique<JobProcess>(binary, log, document.dump(), kSilenceMs, JobProcess::Observer{line, ended});
    }

  private:
    std::unique_ptr<JobProcess> process_;
    Json result_;
    std::string error_ = "it took too long";
};

} // namespace

void capture_hls(Api &api, const ExchangePtr &exchange, const HlsStream &stream, const OutputRecord &output,
                 const Json &body) {
    std::string format = body.text("format", "jpg");
    if (format == "jpeg")
        format = "jpg";
    if (format != "jpg" && format != "png" && format != "webp")
        throw Refusal{400, "format has to be jpg, png or webp"};
    const auto &renditions = stream.timeline().renditions;
    if (renditions.empty() || renditions[0].maps.empty() || renditions[0].maps[0].width == 0)
        throw Refusal{404, "the stream has no picture"};
    const Place place = find_place(renditions[0], body);
    const hls::SegmentEntry &segment = renditions[0].segments[place.sequence];
    const std::string folder = stream.directory() + "/" + renditions[0].name + "/";
    const std::string captures = stream.directory() + "/captures";
    if (g_mkdir_with_parents(captures.c_str(), 0700) != 0)
        throw Refusal{500, "the directory for the picture cannot be created"};
    const int64_t created = now_ms();
    const std::string name = new_document_id() + "." + format, path = captures + "/" + name;
    const Json document = Json::object({{"kind", "capture"},
                                        {"init", folder + hls::init_name(segment.generation)},
                                        {"segment", folder + hls::segment_name(place.sequence)},
                                        {"bytes", segment.bytes},
                                        {"atMs", place.at_ms},
                                        {"width", side(body, "width")},
                                        {"height", side(body, "height")},
                                        {"format", format},
                                        {"path", path}});
    const auto note = [&api, session = output.session_id, hls = output.id](const Json &capture) {
        if (LiveSession *live = api.sessions.find(session))
            live->note_capture(hls, capture);
    };
    Capture::run(exchange, find_job_binary(), "/dev/null", document, [=, room_id = output.room_id](const Json &made) {
        note(Json::object({{"filePath", path},
                           {"fileName", name},
                           {"fileSize", made.get("bytes")},
                           {"createdAt", iso_time(created)}}));
        return Json::object({{"message", "captured thumbnail successfully"},
                             {"roomId", room_id},
                             {"meta", Json::object({{"createdAt", iso_time(created)},
                                                    {"width", made.get("width")},
                                                    {"height", made.get("height")},
                                                    {"format", format}})},
                             {"filePath", path},
                             {"fileSize", made.get("bytes")},
                             {"fileName", name}});
    });
}

} // namespace rostrum
