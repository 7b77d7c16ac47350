// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/file_reply.h"

#include "tools/rostrum/api/ranges.h"
#include "tools/rostrum/auth/refusal.h"
#include "tools/rostrum/base/ids.h"

#include <algorithm>
#include <sys/socket.h>

namespace rostrum {
namespace {

constexpr size_t kPieceBytes = 256 * 1024; // in memory for each client that downloads

/// A piece of the reply: a text, or a range of the file.
struct Segment {
    std::string text;
    uint64_t offset = 0, size = 0;
};

/// Hands the segments over as fast as the client takes them, reading ahead nothing. Lives as long as the message or the
/// read that is under way.
class FileStream : public std::enable_shared_from_this<FileStream> {
  public:
    FileStream(SoupServerMessage *message, ObjectRef<GFileInputStream> file, std::vector<Segment> segments)
        : message_(message), file_(std::move(file)), segments_(std::move(segments)),
          cancel_(ObjectRef<GCancellable>::adopt(g_cancellable_new())) {}

    void attach() {
        auto go_on = [](SoupServerMessage *, gpointer keep) { (*static_cast<Keep *>(keep))->next(); };
        auto end = [](SoupServerMessage *, gpointer keep) { (*static_cast<Keep *>(keep))->stop(); };
        connect("wrote-headers", go_on);
        connect("wrote-chunk", go_on);
        connect("finished", end);
    }

  private:
    using Keep = std::shared_ptr<FileStream>;

    void connect(const char *signal, void (*call)(SoupServerMessage *, gpointer)) {
        auto drop = [](gpointer keep, GClosure *) { delete static_cast<Keep *>(keep); };
        g_signal_connect_data(message_, signal, G_CALLBACK(call), new Keep(shared_from_this()), drop,
                              static_cast<GConnectFlags>(0));
    }

    void stop() {
        message_ = nullptr;
        g_cancellable_cancel(cancel_.get());
    }

    void next() {
        if (!message_ || reading_)
            return;
        SoupMessageBody *body = soup_server_message_get_response_body(message_);
        while (current_ < segments_.size() && segments_[current_].text.empty() && segments_[current_].size == 0)
            ++current_;
        if (current_ == segments_.size())
            return soup_message_body_complete(body);
        Segment &segment = segments_[current_];
        if (!segment.text.empty()) {
            soup_message_body_append(body, SOUP_MEMORY_COPY, segment.text.data(), segment.text.size());
            segment.text.clear();
            return soup_server_message_unpause(message_);
        }
        if (position_ != segment.offset &&
            !g_seekable_seek(G_SEEKABLE(file_.get()), static_cast<goffset>(segment.offset), G_SEEK_SET, nullptr,
                             nullptr))
            return break_off(message_);
        position_ = segment.offset;
        reading_ = true;
        g_input_stream_read_bytes_async(G_INPUT_STREAM(file_.get()), std::min<uint64_t>(segment.size, kPieceBytes),
                                        G_PRIORITY_DEFAULT, cancel_.get(), was_read, new Keep(shared_from_this()));
    }

    static void was_read(GObject *stream, GAsyncResult *result, gpointer data) {
        const std::unique_ptr<Keep> keep(static_cast<Keep *>(data));
        GBytes *bytes = g_input_stream_read_bytes_finish(G_INPUT_STREAM(stream), result, nullptr);
        (*keep)->reading_ = false;
        (*keep)->take(bytes);
        if (bytes)
            g_bytes_unref(bytes);
    }

    void take(GBytes *bytes) {
        if (!message_)
            return;
        const gsize size = bytes ? g_bytes_get_size(bytes) : 0;
        if (size == 0)
            return break_off(message_);
        Segment &segment = segments_[current_];
        segment.offset += size;
        segment.size -= size;
        position_ += size;
        soup_message_body_append_bytes(soup_server_message_get_response_body(message_), bytes);
        soup_server_message_unpause(message_);
    }

    SoupServerMessage *message_; // null once it is finished
    const ObjectRef<GFileInputStream> file_;
    std::vector<Segment> segments_;
    const ObjectRef<GCancellable> cancel_;
    size_t current_ = 0;
    uint64_t position_ = 0;
    bool reading_ = false;
};

struct FileFacts {
    uint64_t size = 0;
    std::string etag, modified;
    int64_t modified_s = 0;
};

FileFacts facts_of(GFileInputStream *stream) {
    FileFacts facts;
    const auto info = ObjectRef<GFileInfo>::adopt(g_file_input_stream_query_info(
        stream, "standard::size,time::modified,time::modified-usec,unix::inode", nullptr, nullptr));
    if (!info)
        return facts;
    facts.size = static_cast<uint64_t>(g_file_info_get_size(info.get()));
    GDateTime *time = g_file_info_get_modification_date_time(info.get());
    facts.modified_s = g_date_time_to_unix(time);
    facts.modified = take_string(soup_date_time_to_string(time, SOUP_DATE_HTTP));
    facts.etag = "\"" + std::to_string(facts.size) + "-" + std::to_string(facts.modified_s) + "." +
                 std::to_string(g_date_time_get_microsecond(time)) + "-" +
                 std::to_string(g_file_info_get_attribute_uint64(info.get(), "unix::inode")) + "\"";
    g_date_time_unref(time);
    return facts;
}

/// RFC 9110 section 13.2.2.
bool is_unchanged(const Exchange &exchange, const FileFacts &facts) {
    const std::string none = exchange.header("If-None-Match");
    if (!none.empty())
        return none == "*" || none.find(facts.etag) != std::string::npos;
    const std::string since = exchange.header("If-Modified-Since");
    GDateTime *date = since.empty() ? nullptr : soup_date_time_new_from_http_string(since.c_str());
    const bool unchanged = date && facts.modified_s <= g_date_time_to_unix(date);
    if (date)
        g_date_time_unref(date);
    return unchanged;
}

/// The whole file when the ranges are not to be followed.
std::optional<std::vector<ByteRange>> wanted_ranges(const Exchange &exchange, const FileFacts &facts) {
    const std::string condition = exchange.header("If-Range");
    if (!condition.empty() && condition != facts.etag && condition != facts.modified)
        return std::nullopt;
    return parse_ranges(exchange.header("Range"), facts.size);
}

std::string content_range(const ByteRange &range, uint64_t size) {
    return "bytes " + std::to_string(range.first) + "-" + std::to_string(range.last) + "/" + std::to_string(size);
}

/// RFC 9110 section 14.6.
std::vector<Segment> multipart(const std::vector<ByteRange> &ranges, const std::string &type, uint64_t size,
                               const std::string &boundary) {
    std::vector<Segment> segments;
    for (const auto &range : ranges) {
        segments.push_back({"\r\n--" + boundary + "\r\nContent-Type: " + type +
                                "\r\nContent-Range: " + content_range(range, size) + "\r\n\r\n",
                            0, 0});
        segments.push_back({"", range.first, range.size()});
    }
    segments.push_back({"\r\n--" + boundary + "--\r\n", 0, 0});
    return segments;
}

} // namespace

void send_file(const ExchangePtr &exchange, const FileToSend &file) {
    const auto location = ObjectRef<GFile>::adopt(g_file_new_for_path(file.path.c_str()));
    const auto stream = ObjectRef<GFileInputStream>::adopt(g_file_read(location.get(), nullptr, nullptr));
    if (!stream)
        throw Refusal{404, "the file is not there"};
    const FileFacts facts = facts_of(stream.get());
    exchange->set_header("Accept-Ranges", "bytes");
    exchange->set_header("ETag", facts.etag);
    exchange->set_header("Last-Modified", facts.modified);
    exchange->set_header("Cache-Control", file.cache_control);
    exchange->set_header("X-Content-Type-Options", "nosniff");
    exchange->set_header("Content-Disposition",
                         std::string(file.attachment ? "attachment" : "inline") + "; filename=\"" + file.name + "\"");
    if (is_unchanged(*exchange, facts))
        return exchange->reply_empty(304);
    const auto ranges = wanted_ranges(*exchange, facts);
    if (ranges && ranges->empty()) {
        exchange->set_header("Content-Range", "bytes */" + std::to_string(facts.size));
        exchange->set_header("Cache-Control", "no-store");
        throw Refusal{416, "the file has " + std::to_string(facts.size) + " bytes"};
    }
    std::string type = file.type;
    std::vector<Segment> segments;
    if (!ranges) {
        segments.push_back({"", 0, facts.size});
    } else if (ranges->size() == 1) {
        segments.push_back({"", ranges->front().first, ranges->front().size()});
        exchange->set_header("Content-Range", content_range(ranges->front(), facts.size));
    } else {
        const std::string boundary = random_hex(32);
        segments = multipart(*ranges, type, facts.size, boundary);
        type = "multipart/byteranges; boundary=" + boundary;
    }
    uint64_t length = 0;
    for (const auto &segment : segments)
        length += segment.text.size() + segment.size;
    SoupServerMessage *message = exchange->reply_in_pieces(ranges ? 206 : 200, type, length);
    if (message && exchange->method() != "HEAD")
        std::make_shared<FileStream>(message, stream, std::move(segments))->attach();
}

} // namespace rostrum
