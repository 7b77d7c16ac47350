// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace rostrum::job {

/// Called, often, while bytes are read and written: a large file takes its time. Thread-bound: main thread.
void on_activity(std::function<void()> call);

/// Bytes [offset, offset + size) of a file.
struct FileRange {
    uint64_t offset, size;
};

/// A file that is read at given places. Throws JobError. Reentrant.
class InputFile {
  public:
    explicit InputFile(const std::string &path);
    ~InputFile();
    InputFile(const InputFile &) = delete;
    InputFile &operator=(const InputFile &) = delete;

    const std::string &path() const { return path_; }
    uint64_t size() const { return size_; } ///< when it was opened
    int fd() const { return fd_; }
    /// Exactly `size` bytes at `offset`; throws when the file is shorter.
    void read(uint64_t offset, void *data, size_t size) const;
    std::string read(FileRange range) const;

  private:
    const std::string path_;
    int fd_ = -1;
    uint64_t size_ = 0;
};

/// A new content for `path`: written beside it, and put in its place whole by commit(), or not at all. Throws JobError,
/// NoRoom when the disk is full.
class ReplacedFile {
  public:
    explicit ReplacedFile(const std::string &path);
    ~ReplacedFile();
    ReplacedFile(const ReplacedFile &) = delete;
    ReplacedFile &operator=(const ReplacedFile &) = delete;

    void write(std::string_view bytes);
    void copy(const InputFile &from, FileRange range);
    /// On the disk under its name when this returns.
    void commit();
    const std::string &temporary() const { return temporary_; }

  private:
    const std::string path_, temporary_;
    int fd_ = -1;
    bool committed_ = false;
    std::vector<char> block_;
};

/// "ID.mp4" → "ID.jpg": the part of a path before the extension, and `suffix`.
std::string beside(const std::string &path, const std::string &suffix);
std::string file_name(const std::string &path);
std::string sha256_of_file(const InputFile &file);

} // namespace rostrum::job
