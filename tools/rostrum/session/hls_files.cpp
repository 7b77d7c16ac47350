// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "hls_files.h"

#include "playlist.h"

#include <glib.h>
#include <glib/gstdio.h>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace rostrum::session {

namespace {

constexpr int kDirectoryMode = 0700, kFileMode = 0600;

[[noreturn]] void fail(const std::string &path) {
    const int error = errno;
    throw DiskError(path + ": " + g_strerror(error));
}

void write_all(const FileHandle &file, std::string_view bytes, const std::string &path) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            fail(path);
        bytes.remove_prefix(static_cast<size_t>(written));
    }
}

FileHandle open_file(const std::string &path, int flags) {
    FileHandle file(::open(path.c_str(), flags | O_CREAT | O_CLOEXEC, kFileMode));
    if (file.get() < 0)
        fail(path);
    return file;
}

void make_directory(const std::string &path) {
    if (g_mkdir_with_parents(path.c_str(), kDirectoryMode) != 0)
        fail(path);
}

} // namespace

FileHandle::~FileHandle() {
    if (fd_ >= 0)
        ::close(fd_);
}

HlsFiles::HlsFiles(HlsSetup setup) : setup_(std::move(setup)), segments_(setup_.renditions.size()) {
    make_directory(setup_.directory);
    for (const auto &rendition : setup_.renditions)
        make_directory(setup_.directory + "/" + rendition.name);
    open_journal();
    recover();
}

std::string HlsFiles::path(size_t rendition, const std::string &file) const {
    return setup_.directory + "/" + setup_.renditions[rendition].name + "/" + file;
}

void HlsFiles::note(const std::string &line) {
    if (!timeline_.apply(line))
        throw DiskError(setup_.directory + "/journal: '" + line + "' does not follow");
    write_all(journal_, line + "\n", setup_.directory + "/journal");
    ++lines_;
}

/// Waits until a writer before this one has let go of it.
void HlsFiles::open_journal() {
    journal_ = open_file(setup_.directory + "/journal", O_RDWR | O_APPEND);
    if (flock(journal_.get(), LOCK_EX) != 0)
        fail(setup_.directory);
}

/// A line that was cut off is overwritten. A stream of which nothing can be played yet begins anew, with another file:
/// so its readers notice.
void HlsFiles::recover() {
    const std::string name = setup_.directory + "/journal";
    g_autofree char *text = nullptr;
    gsize size = 0;
    if (!g_file_get_contents(name.c_str(), &text, &size, nullptr))
        fail(name);
    const std::string_view bytes(text, size);
    const size_t whole = bytes.rfind('\n') == bytes.npos ? 0 : bytes.rfind('\n') + 1;
    const bool good = hls::LineReader().feed(bytes.substr(0, whole), timeline_);
    bool same = timeline_.renditions.size() == setup_.renditions.size();
    for (size_t i = 0; same && i < setup_.renditions.size(); ++i)
        same = timeline_.renditions[i].name == setup_.renditions[i].name;
    if (!good || timeline_.ended || (!same && timeline_.complete() > 0))
        throw DiskError(name + ": it is of another stream");
    if (same && timeline_.complete() > 0) {
        if (ftruncate(journal_.get(), static_cast<off_t>(whole)) != 0)
            fail(name);
        return complete_broken();
    }
    if (size > 0) {
        g_unlink(name.c_str());
        open_journal();
    }
    timeline_ = {};
    for (const auto &rendition : setup_.renditions)
        note(hls::rendition_line(rendition.name, rendition.peak_bps, rendition.average_bps));
}

/// Every rendition gets the same segments: what one has not is a gap there.
void HlsFiles::complete_broken() {
    size_t longest = 0;
    for (size_t i = 0; i < timeline_.renditions.size(); ++i) {
        const auto &segments = timeline_.renditions[i].segments;
        if (!segments.back().complete)
            note(hls::complete_line(i, segments.size() - 1));
        if (segments.size() > timeline_.renditions[longest].segments.size())
            longest = i;
    }
    for (size_t i = 0; i < timeline_.renditions.size(); ++i)
        for (size_t at = timeline_.renditions[i].segments.size(); at < timeline_.renditions[longest].segments.size();
             ++at) {
            const hls::SegmentEntry model = timeline_.renditions[longest].segments[at];
            const auto generation = static_cast<unsigned>(timeline_.renditions[i].maps.size() - 1);
            note(hls::segment_line(i, at, model.start_ms, generation, model.discontinuity));
            note(hls::part_line(i, at, {0, model.duration_us, false}));
            note(hls::complete_line(i, at));
        }
}

std::vector<unsigned> HlsFiles::next_generations() const {
    std::vector<unsigned> generations;
    for (const auto &rendition : timeline_.renditions)
        generations.push_back(static_cast<unsigned>(rendition.maps.size()));
    return generations;
}

void HlsFiles::put_init(size_t rendition, unsigned generation, const hls::Tracks &tracks, const std::string &bytes) {
    const std::string name = path(rendition, hls::init_name(generation));
    write_all(open_file(name, O_WRONLY | O_TRUNC), bytes, name);
    note(hls::map_line(rendition, {tracks.video ? tracks.video->width : 0, tracks.video ? tracks.video->height : 0,
                                   hls::codecs_of(tracks)}));
}

void HlsFiles::begin_segment(size_t rendition, uint64_t sequence, int64_t time_ns, unsigned generation,
                             bool discontinuity) {
    segments_[rendition] = open_file(path(rendition, hls::segment_name(sequence)), O_WRONLY | O_TRUNC);
    note(hls::segment_line(rendition, sequence, setup_.epoch_ms + time_ns / 1'000'000, generation, discontinuity));
}

/// The bytes come before the line that tells of them.
void HlsFiles::put_part(size_t rendition, uint64_t sequence, unsigned, int64_t duration_ns, bool independent,
                        const std::string &bytes) {
    write_all(segments_[rendition], bytes, path(rendition, hls::segment_name(sequence)));
    bytes_ += bytes.size();
    note(hls::part_line(rendition, sequence,
                        {static_cast<uint32_t>(bytes.size()), static_cast<uint32_t>(duration_ns / 1000), independent}));
}

void HlsFiles::end_segment(size_t rendition, uint64_t sequence) {
    segments_[rendition] = {};
    note(hls::complete_line(rendition, sequence));
    if (!setup_.keep && setup_.dvr_ms > 0)
        remove_old();
}

/// What has left the window stays as long again: a player may have a playlist that names it (RFC 8216bis section
/// 6.2.2).
void HlsFiles::remove_old() {
    const uint64_t kept = 2 * std::max<uint64_t>(setup_.dvr_ms / 1000 / hls::kTargetDurationS, 6);
    const uint64_t complete = timeline_.complete();
    if (complete <= kept || complete - kept <= timeline_.kept_from)
        return;
    const uint64_t from = timeline_.kept_from;
    note(hls::removed_line(complete - kept));
    for (uint64_t sequence = from; sequence < complete - kept; ++sequence)
        for (size_t i = 0; i < setup_.renditions.size(); ++i)
            g_unlink(path(i, hls::segment_name(sequence)).c_str());
}

void HlsFiles::end() {
    note(hls::end_line());
}

} // namespace rostrum::session
