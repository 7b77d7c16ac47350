// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What players and CDNs fetch: playlists, parts and segments of HLS streams, without a token. The path holds a secret.

#include "tools/rostrum/api/api.h"
#include "tools/rostrum/api/file_reply.h"

#include <charconv>

namespace rostrum {
namespace {

constexpr char kPlaylistType[] = "application/vnd.apple.mpegurl";
// RFC 8216bis section 6.2.1 and appendix B: what may change is fetched again within half a target duration, what a
// URL with _HLS_msn gave is good for six of them.
constexpr char kCacheLive[] = "public, max-age=1", kCacheBlocking[] = "public, max-age=12";
constexpr char kCacheOver[] = "public, max-age=60", kCacheForever[] = "public, max-age=31536000, immutable";
constexpr char kCacheMissing[] = "public, max-age=1";

std::optional<uint64_t> number_of(std::string_view text) {
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool good = !text.empty() && error == std::errc() && end == text.data() + text.size() && value < 1ULL << 53;
    return good ? std::optional(value) : std::nullopt;
}

std::optional<hls::View> view_of(const std::string &file) {
    for (const hls::View view : {hls::View::Live, hls::View::Dvr, hls::View::Vod})
        if (file == hls::file_of(view))
            return view;
    return std::nullopt;
}

/// "s12.m4s", "s12.3.m4s", "init0.mp4".
struct MediaName {
    enum class Kind { Init, Segment, Part } kind;
    uint64_t number, part = 0;
};
std::optional<MediaName> parse_media_name(std::string_view file) {
    const auto between = [&](std::string_view front, std::string_view back) {
        return file.size() > front.size() + back.size() && file.starts_with(front) && file.ends_with(back)
                   ? file.substr(front.size(), file.size() - front.size() - back.size())
                   : std::string_view();
    };
    if (const auto generation = number_of(between("init", ".mp4")))
        return MediaName{MediaName::Kind::Init, *generation};
    const std::string_view numbers = between("s", ".m4s");
    const size_t point = numbers.find('.');
    const auto sequence = number_of(numbers.substr(0, point));
    if (!sequence || point == numbers.npos)
        return sequence ? std::optional(MediaName{MediaName::Kind::Segment, *sequence}) : std::nullopt;
    const auto part = number_of(numbers.substr(point + 1));
    return part ? std::optional(MediaName{MediaName::Kind::Part, *sequence, *part}) : std::nullopt;
}

[[noreturn]] void missing(Exchange &exchange) {
    exchange.set_header("Cache-Control", kCacheMissing);
    throw Refusal{404, "there is nothing at this path"};
}

void answer(const ExchangePtr &exchange, const HlsReply &reply, const char *type, const char *cache) {
    exchange->set_header("Cache-Control", reply.status == 200   ? cache
                                          : reply.status == 404 ? kCacheMissing
                                                                : "no-store");
    if (reply.status == 200)
        return exchange->reply(200, type, reply.bytes.get());
    const char *what = reply.status == 404   ? "there is nothing at this path"
                       : reply.status == 400 ? "that is too far ahead"
                                             : "it did not come in time";
    exchange->refuse({reply.status, what});
}

/// Players run on pages of anybody.
std::shared_ptr<HlsStream> stream_of(Api &api, Exchange &exchange) {
    exchange.set_header("Access-Control-Allow-Origin", "*");
    exchange.set_header("X-Content-Type-Options", "nosniff");
    auto stream = api.sessions.services().hls.find(exchange.param("name"));
    if (!stream)
        missing(exchange);
    return stream;
}

void get_multivariant(Api &api, const ExchangePtr &exchange) {
    const auto stream = stream_of(api, *exchange);
    const auto view = view_of(exchange->param("file"));
    if (!view)
        missing(*exchange);
    const HlsReply reply = stream->multivariant(*view);
    answer(exchange, reply, kPlaylistType, reply.final ? kCacheOver : kCacheLive);
}

/// RFC 8216bis section 6.2.5: the delivery directives.
PlaylistRequest directives_of(const Exchange &exchange, hls::View view) {
    PlaylistRequest request;
    request.view = view;
    request.rendition = exchange.param("rendition");
    const std::string sequence = exchange.query("_HLS_msn"), part = exchange.query("_HLS_part");
    const std::string skip = exchange.query("_HLS_skip");
    request.sequence = number_of(sequence);
    request.part = number_of(part);
    request.skip = skip == "YES" || skip == "v2";
    if ((!sequence.empty() && !request.sequence) || (!part.empty() && (!request.part || !request.sequence)))
        throw Refusal{400, "_HLS_msn and _HLS_part have to be whole numbers, and the second needs the first"};
    if (!skip.empty() && !request.skip)
        throw Refusal{400, "_HLS_skip has to be YES or v2"};
    return request;
}

void get_playlist(const ExchangePtr &exchange, HlsStream &stream, hls::View view) {
    const PlaylistRequest request = directives_of(*exchange, view);
    stream.playlist(request, [exchange, blocking = request.sequence.has_value()](const HlsReply &reply) {
        answer(exchange, reply, kPlaylistType, reply.final ? kCacheOver : blocking ? kCacheBlocking : kCacheLive);
    });
}

void send_whole(const ExchangePtr &exchange, const std::string &path, const std::string &name) {
    FileToSend file{path, "video/mp4", name};
    file.cache_control = kCacheForever;
    send_file(exchange, file);
}

void get_media(Api &api, const ExchangePtr &exchange) {
    const auto stream = stream_of(api, *exchange);
    const std::string rendition = exchange->param("rendition"), file = exchange->param("file");
    if (const auto view = view_of(file)) {
        get_playlist(exchange, *stream, *view);
    } else {
        const auto name = parse_media_name(file);
        const hls::RenditionEntry *known = stream->timeline().find(rendition);
        if (!name || !known)
            missing(*exchange);
        const std::string path = stream->directory() + "/" + rendition + "/" + file;
        if (name->kind == MediaName::Kind::Part)
            return stream->part(rendition, name->number, name->part, [exchange](const HlsReply &reply) {
                answer(exchange, reply, "video/mp4", kCacheForever);
            });
        const bool there = name->kind == MediaName::Kind::Init
                               ? name->number < known->maps.size()
                               : stream->segment_bytes(rendition, name->number).has_value();
        if (!there)
            missing(*exchange);
        send_whole(exchange, path, file);
    }
}

} // namespace

void add_hls_file_routes(Router &router, Api &api) {
    router.add("GET", "/hls/{name}/{file}", api.handler(get_multivariant));
    router.add("GET", "/hls/{name}/{rendition}/{file}", api.handler(get_media));
}

} // namespace rostrum
