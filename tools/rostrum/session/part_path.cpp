// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "part_path.h"

#include <unistd.h>

namespace rostrum::session {

namespace {

constexpr unsigned kMaxParts = 10000;
constexpr FileFormat kFormats[] = {FileFormat::Mp4, FileFormat::Webm};

bool exists(const std::string &path) {
    return access(path.c_str(), F_OK) == 0;
}

std::optional<std::string> existing(const std::string &path, unsigned number) {
    for (const FileFormat format : kFormats)
        if (std::string name = part_path(path, number, format); exists(name))
            return name;
    return std::nullopt;
}

} // namespace

const char *extension_of(FileFormat format) {
    return format == FileFormat::Mp4 ? ".mp4" : ".webm";
}

std::string part_path(const std::string &path, unsigned number, FileFormat format) {
    const std::string stem = path.substr(0, path.rfind('.'));
    return stem + (number == 1 ? "" : ".part" + std::to_string(number)) + extension_of(format);
}

std::optional<unsigned> free_part(const std::string &path, const std::set<unsigned> &taken) {
    for (unsigned number = 1; number <= kMaxParts; ++number)
        if (!taken.count(number) && !existing(path, number))
            return number;
    return std::nullopt;
}

std::vector<std::string> existing_parts(const std::string &path) {
    std::vector<std::string> parts;
    for (unsigned number = 1; number <= kMaxParts; ++number) {
        auto name = existing(path, number);
        if (!name)
            break;
        parts.push_back(std::move(*name));
    }
    return parts;
}

} // namespace rostrum::session
