// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "part_names.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace rostrum::session {

namespace {

constexpr unsigned kMaxParts = 10000;
constexpr FileFormat kFormats[] = {FileFormat::Mp4, FileFormat::Webm};

/// A file that grew from its beginning to its end.
PartInfo info_of_file(const std::string &path, FileFormat format) {
    PartInfo info;
    info.path = path;
    info.format = format;
    struct statx file;
    if (statx(AT_FDCWD, path.c_str(), 0, STATX_BTIME | STATX_MTIME | STATX_SIZE, &file) != 0)
        return info;
    const auto ms = [](const statx_timestamp &time) { return time.tv_sec * 1000 + time.tv_nsec / 1'000'000; };
    info.bytes = file.stx_size;
    const int64_t end = ms(file.stx_mtime), begin = file.stx_mask & STATX_BTIME ? ms(file.stx_btime) : end;
    info.started_at_ms = begin;
    info.duration_ms = static_cast<uint64_t>(std::max<int64_t>(end - begin, 0));
    return info;
}

} // namespace

const char *extension_of(FileFormat format) {
    return format == FileFormat::Mp4 ? ".mp4" : ".webm";
}

std::string PartNames::name(unsigned number, FileFormat format) const {
    const std::string stem = path_.substr(0, path_.rfind('.'));
    return stem + (number == 1 ? "" : ".part" + std::to_string(number)) + extension_of(format);
}

std::optional<std::string> PartNames::existing(unsigned number) const {
    for (const FileFormat format : kFormats)
        if (std::string path = name(number, format); access(path.c_str(), F_OK) == 0)
            return path;
    return std::nullopt;
}

std::vector<PartInfo> PartNames::look() const {
    std::vector<PartInfo> parts;
    for (unsigned number = 1; number <= kMaxParts; ++number) {
        const auto path = existing(number);
        if (!path)
            break;
        parts.push_back(info_of_file(*path, path->ends_with(".webm") ? FileFormat::Webm : FileFormat::Mp4));
    }
    return parts;
}

std::string PartNames::claim(FileFormat format) {
    if (!known()) {
        std::vector<PartInfo> found = look();
        peerwire::MutexLock lock(mutex_);
        if (!earlier_)
            earlier_ = std::move(found);
    }
    for (unsigned number = 1; number <= kMaxParts; ++number) {
        if (existing(number))
            continue;
        peerwire::MutexLock lock(mutex_);
        const bool taken = std::any_of(claimed_.begin(), claimed_.end(),
                                       [number](const auto &claimed) { return claimed.second == number; });
        if (taken)
            continue;
        std::string path = name(number, format);
        claimed_[path] = number;
        return path;
    }
    throw std::system_error(EEXIST, std::generic_category(), "there are too many parts of " + path_);
}

void PartNames::release(const std::string &path) {
    peerwire::MutexLock lock(mutex_);
    claimed_.erase(path);
}

bool PartNames::known() const {
    peerwire::MutexLock lock(mutex_);
    return earlier_.has_value();
}

std::vector<PartInfo> PartNames::earlier() const {
    peerwire::MutexLock lock(mutex_);
    return earlier_.value_or(std::vector<PartInfo>{});
}

} // namespace rostrum::session
