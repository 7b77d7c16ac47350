// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// One file on a disk that may be full, gone, slow or blocked.

#pragma once

#include "media_units.h"
#include "part_names.h"

#include "sync/mutex.h"

#include <functional>
#include <memory>
#include <string>

namespace rostrum::session {

/// Written by a thread of its own, in units after each of which it is valid: what goes wrong in the middle of one is
/// taken back. It has its name from the first unit on, so that no invalid file is ever found. A disk that blocks holds
/// up nobody: the thread is left alone with it. Thread-safe.
class PartFile {
  public:
    struct Observer {
        // On the writer's thread; none of them after the destructor has begun, unless it was running then.
        std::function<void()> opened;
        std::function<void()> begun; // the first unit is written
        std::function<void(const std::string &error)> failed;
        std::function<void()> closed; // after finish(): everything is written
    };

    /// Directories that are missing are made.
    PartFile(std::shared_ptr<PartNames> names, FileFormat format, Observer observer);
    /// What still waits is given up.
    ~PartFile();
    PartFile(const PartFile &) = delete;
    PartFile &operator=(const PartFile &) = delete;

    /// Takes the bytes and returns at once. `end_ms`: of the media in the file with them. False when the file is
    /// broken, or more waits than kMaxPendingBytes: then it is broken from now on.
    bool append(Bytes unit, uint64_t end_ms);
    void finish();

    struct Written {
        uint64_t bytes = 0, end_ms = 0;
    };
    Written written() const;
    /// How long the disk has been busy with one thing, in ms.
    uint64_t blocked_ms() const;

    /// The thread has come to an end: the disk holds it no longer.
    using Over = std::function<bool()>;
    Over over() const;

    /// "" until it has got one.
    std::string path() const;

    // Half a minute of a program; a disk that needs longer than that has failed.
    static constexpr size_t kMaxPendingBytes = 16 << 20;
    // Room for some seconds: to begin with less would only make many small parts.
    static constexpr uint64_t kMinFreeBytes = 4 << 20;

  private:
    struct Shared;
    class Writer;

    const std::shared_ptr<Shared> shared_;
};

} // namespace rostrum::session
