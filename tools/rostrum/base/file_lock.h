// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include <string>

namespace rostrum {

/// Keeps other processes out (flock), until it is destroyed or the process is gone. Programs that the process starts do
/// not have it. Thread-bound.
class FileLock {
  public:
    /// `path`: a directory, or a file that is created when it is missing.
    explicit FileLock(const std::string &path);
    FileLock(const FileLock &) = delete;
    FileLock &operator=(const FileLock &) = delete;
    ~FileLock();

    /// False when somebody else still has it after `wait_ms`. True where the file system knows no locks.
    bool take(unsigned wait_ms);

  private:
    int fd_;
};

} // namespace rostrum
