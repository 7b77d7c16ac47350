// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/live/hls_stream.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace rostrum {
namespace {

constexpr uint64_t kAdvanceParts = 3; // how far ahead a player may ask, RFC 8216bis section 6.2.5.2
constexpr size_t kPartsInMemory = 36; // two segments of three renditions
constexpr size_t kReadBytes = 1 << 16;

class File {
  public:
    explicit File(const std::string &path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
    ~File() {
        if (fd_ >= 0)
            ::close(fd_);
    }
    File(const File &) = delete;
    File &operator=(const File &) = delete;

    explicit operator bool() const { return fd_ >= 0; }
    uint64_t inode() const {
        struct stat status {};
        return fstat(fd_, &status) == 0 ? status.st_ino : 0;
    }
    /// Fewer bytes when the file ends.
    std::string read(uint64_t offset, size_t size) const {
        std::string bytes(size, '\0');
        size_t got = 0;
        while (got < size) {
            const ssize_t more = pread(fd_, bytes.data() + got, size - got, static_cast<off_t>(offset + got));
            if (more < 0 && errno == EINTR)
                continue;
            if (more <= 0)
                break;
            got += static_cast<size_t>(more);
        }
        bytes.resize(got);
        return bytes;
    }

  private:
    const int fd_;
};

SharedBytes share(const std::string &text) {
    return {g_bytes_new(text.data(), text.size()), BytesUnref()};
}

} // namespace

HlsStream::~HlsStream() {
    for (auto &waiting : std::exchange(waiting_, {}))
        waiting.answer({503, nullptr});
}

/// A journal that a new process has begun anew is another file.
void HlsStream::read() {
    const File file(directory_ + "/journal");
    if (!file || timeline_.ended)
        return;
    if (const uint64_t inode = file.inode(); std::exchange(inode_, inode) != inode) {
        timeline_ = {};
        offset_ = 0;
    }
    bool grown = false;
    for (;;) {
        const std::string bytes = file.read(offset_, kReadBytes);
        const size_t whole = bytes.rfind('\n') + 1; // 0 without one
        if (whole == 0)
            break;
        hls::LineReader().feed(std::string_view(bytes).substr(0, whole), timeline_);
        offset_ += whole;
        grown = true;
    }
    if (!grown)
        return;
    playlists_.clear();
    answer_waiting();
}

void HlsStream::close() {
    read();
    for (size_t i = 0; i < timeline_.renditions.size(); ++i)
        if (const auto &segments = timeline_.renditions[i].segments; !segments.empty() && !segments.back().complete)
            timeline_.apply(hls::complete_line(i, segments.size() - 1));
    timeline_.ended = true;
    playlists_.clear();
    answer_waiting();
}

uint64_t HlsStream::duration_ms() const {
    uint64_t us = 0;
    if (!timeline_.renditions.empty())
        for (const auto &segment : timeline_.renditions.front().segments)
            us += segment.duration_us;
    return us / 1000;
}

HlsReply HlsStream::multivariant(hls::View view) {
    if (!playable() || (view == hls::View::Vod && !timeline_.ended))
        return {404, nullptr};
    return {200, share(hls::multivariant_playlist(timeline_, view)), timeline_.ended};
}

/// Of the last segment whose parts are known: a part after the last one of a segment is the first of the next (section
/// 6.2.5.2).
HlsStream::There HlsStream::there(const hls::RenditionEntry &rendition, const PlaylistRequest &request) const {
    if (!request.sequence || timeline_.ended)
        return There::Yes;
    uint64_t sequence = *request.sequence;
    const uint64_t complete = rendition.complete();
    if (sequence < complete) {
        const size_t parts = rendition.segments[sequence].parts.size();
        if (!request.part || sequence + 1 < complete || *request.part < parts)
            return There::Yes;
        return rendition.segments.size() > complete && !rendition.segments.back().parts.empty() ? There::Yes
                                                                                                : There::Soon;
    }
    if (sequence > complete + 1)
        return There::No;
    const size_t parts = rendition.segments.size() > complete ? rendition.segments.back().parts.size() : 0;
    if (!request.part || sequence > complete)
        return There::Soon;
    if (*request.part < parts)
        return There::Yes;
    return *request.part < parts + kAdvanceParts ? There::Soon : There::No;
}

void HlsStream::playlist(const PlaylistRequest &request, HlsAnswer answer) {
    const hls::RenditionEntry *rendition = timeline_.find(request.rendition);
    if (!rendition || !playable() || (request.view == hls::View::Vod && !timeline_.ended))
        return answer({404, nullptr});
    switch (there(*rendition, request)) {
    case There::No:
        return answer({400, nullptr});
    case There::Yes:
        return answer(render(request));
    case There::Soon:
        wait({request, false, 0, std::move(answer)});
    }
}

HlsReply HlsStream::render(const PlaylistRequest &request) {
    const std::string key = request.rendition + "/" + hls::file_of(request.view) + (request.skip ? "?" : "");
    SharedBytes &made = playlists_[key];
    if (!made)
        made = share(
            hls::media_playlist(timeline_, *timeline_.find(request.rendition), {request.view, dvr_ms_, request.skip}));
    return {200, made, timeline_.ended};
}

void HlsStream::part(const std::string &name, uint64_t sequence, uint64_t part, HlsAnswer answer) {
    const hls::RenditionEntry *rendition = timeline_.find(name);
    if (!rendition)
        return answer({404, nullptr});
    const uint64_t complete = rendition->complete();
    const bool open = rendition->segments.size() > complete;
    const size_t parts = open ? rendition->segments.back().parts.size() : 0;
    const bool hinted = !timeline_.ended &&
                        ((sequence == complete && part == parts) || (sequence == complete + 1 && part == 0 && open));
    if (hinted)
        return wait({{hls::View::Dvr, name, sequence, part, false}, true, 0, std::move(answer)});
    answer(load_part(*rendition, sequence, part));
}

HlsReply HlsStream::load_part(const hls::RenditionEntry &rendition, uint64_t sequence, uint64_t part) {
    if (sequence >= rendition.segments.size() || part >= rendition.segments[sequence].parts.size() ||
        rendition.segments[sequence].parts[part].bytes == 0)
        return {404, nullptr};
    const auto &parts = rendition.segments[sequence].parts;
    SharedBytes &held = parts_[hls::part_name(sequence, part) + rendition.name];
    if (!held) {
        uint64_t offset = 0;
        for (uint64_t i = 0; i < part; ++i)
            offset += parts[i].bytes;
        const File file(directory_ + "/" + rendition.name + "/" + hls::segment_name(sequence));
        const std::string bytes = file ? file.read(offset, parts[part].bytes) : "";
        if (bytes.size() == parts[part].bytes)
            held = share(bytes);
    }
    const HlsReply reply = held ? HlsReply{200, held, true} : HlsReply{404, nullptr};
    if (parts_.size() > kPartsInMemory)
        parts_.clear();
    return reply;
}

std::optional<uint64_t> HlsStream::segment_bytes(const std::string &name, uint64_t sequence) const {
    const hls::RenditionEntry *rendition = timeline_.find(name);
    if (!rendition || sequence < timeline_.kept_from || sequence >= rendition->complete() ||
        rendition->segments[sequence].gap())
        return std::nullopt;
    return rendition->segments[sequence].bytes;
}

HlsReply HlsStream::make(const Waiting &waiting) {
    const PlaylistRequest &request = waiting.request;
    if (waiting.media)
        return load_part(*timeline_.find(request.rendition), *request.sequence, *request.part);
    return render(request);
}

void HlsStream::wait(Waiting waiting) {
    if (waiting_.size() >= kMaxWaiting)
        return waiting.answer({503, nullptr});
    waiting.until_us = g_get_monotonic_time() + kLongestWaitMs * 1000;
    waiting_.push_back(std::move(waiting));
    if (!deadline_.active())
        deadline_.once(kLongestWaitMs, [this] { give_up_late(); });
}

/// An answer may ask again.
void HlsStream::answer_waiting() {
    std::list<Waiting> ready;
    for (auto it = waiting_.begin(); it != waiting_.end();) {
        const auto waiting = it++;
        const hls::RenditionEntry *rendition = timeline_.find(waiting->request.rendition);
        if (!rendition || there(*rendition, waiting->request) != There::Soon)
            ready.splice(ready.end(), waiting_, waiting);
    }
    for (const auto &waiting : ready)
        waiting.answer(timeline_.find(waiting.request.rendition) ? make(waiting) : HlsReply{404, nullptr});
}

void HlsStream::give_up_late() {
    std::list<Waiting> late;
    const gint64 now = g_get_monotonic_time();
    while (!waiting_.empty() && waiting_.front().until_us <= now)
        late.splice(late.end(), waiting_, waiting_.begin());
    if (!waiting_.empty())
        deadline_.once(static_cast<unsigned>((waiting_.front().until_us - now) / 1000 + 1), [this] { give_up_late(); });
    for (const auto &waiting : late)
        waiting.answer({503, nullptr});
}

} // namespace rostrum
