// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The files of a recording: "ID.mp4", "ID.part2.mp4", ….

#pragma once

#include "state.h"

#include "sync/mutex.h"

#include <cstdint>

namespace rostrum::session {

const char *extension_of(FileFormat format); // ".mp4"

/// What is known of a part.
struct PartInfo {
    std::string path;
    FileFormat format = FileFormat::Mp4;
    int64_t started_at_ms = 0; // since 1970
    uint64_t duration_ms = 0, bytes = 0;
    unsigned width = 0, height = 0; // 0 = no picture
};

/// Who writes a part asks for its name. Thread-safe; claim() reads the directory and blocks as the disk does, nothing
/// else does.
class PartNames {
  public:
    /// `path`: of the first part in the wanted format.
    explicit PartNames(std::string path) : path_(std::move(path)) {}

    /// The first name that neither a file nor another writer has; throws std::system_error when there are too many.
    std::string claim(FileFormat format);
    /// There is no such file after all.
    void release(const std::string &name);

    /// Somebody has looked at what was there before.
    bool known() const;
    /// What an earlier process left, as the file system tells it.
    std::vector<PartInfo> earlier() const;

  private:
    std::string name(unsigned number, FileFormat format) const;
    std::optional<std::string> existing(unsigned number) const;
    std::vector<PartInfo> look() const;

    const std::string path_;
    mutable peerwire::Mutex mutex_; // not held while the disk is asked
    std::map<std::string, unsigned> claimed_ GUARDED_BY(mutex_);
    std::optional<std::vector<PartInfo>> earlier_ GUARDED_BY(mutex_);
};

} // namespace rostrum::session
