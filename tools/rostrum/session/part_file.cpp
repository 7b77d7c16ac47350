// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "part_file.h"

#include <glib.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <deque>
#include <filesystem>
#include <system_error>
#include <thread>
#include <utility>

namespace rostrum::session {

namespace {

using Clock = std::chrono::steady_clock;

struct Unit {
    Bytes bytes;
    uint64_t end_ms = 0;
};

} // namespace

struct PartFile::Shared {
    mutable peerwire::Mutex mutex; // never held while anything is called or written
    peerwire::CondVar changed;
    std::deque<Unit> units GUARDED_BY(mutex);
    size_t pending GUARDED_BY(mutex) = 0; // bytes of units
    bool finishing GUARDED_BY(mutex) = false;
    bool broken GUARDED_BY(mutex) = false; // nothing is written any more
    bool over GUARDED_BY(mutex) = false;
    bool busy GUARDED_BY(mutex) = true;
    Clock::time_point busy_since GUARDED_BY(mutex) = Clock::now();
    Written written GUARDED_BY(mutex);
    std::string path GUARDED_BY(mutex);
    Observer observer GUARDED_BY(mutex);

    template <class Call> void tell(Call call) {
        Observer told;
        {
            peerwire::MutexLock lock(mutex);
            told = observer;
        }
        call(told);
    }

    void give_up() {
        peerwire::MutexLock lock(mutex);
        broken = true;
        units.clear();
        pending = 0;
        changed.notify_all();
    }
};

/// The thread's work.
class PartFile::Writer {
  public:
    Writer(std::shared_ptr<Shared> shared, std::shared_ptr<PartNames> names, FileFormat format)
        : shared_(std::move(shared)), names_(std::move(names)), format_(format) {}

    void run() {
        try {
            claim_name();
            open_file();
            shared_->tell([](const Observer &told) { told.opened(); });
            while (auto unit = next())
                write(*unit);
            close_file();
        } catch (const std::system_error &error) {
            close_file();
            fail(error.what());
        }
        bool finished = false;
        {
            peerwire::MutexLock lock(shared_->mutex);
            shared_->over = true;
            shared_->busy = false;
            finished = !shared_->broken;
        }
        if (finished)
            shared_->tell([](const Observer &told) { told.closed(); });
    }

  private:
    void claim_name() {
        path_ = names_->claim(format_);
        unnamed_ = path_ + ".new";
        peerwire::MutexLock lock(shared_->mutex);
        shared_->path = path_;
    }

    void open_file() {
        const auto directory = std::filesystem::path(path_).parent_path();
        std::error_code error;
        std::filesystem::create_directories(directory, error);
        if (error)
            throw std::system_error(error, "cannot make the directory " + directory.string());
        file_ = ::open(unnamed_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
        if (file_ < 0)
            throw_errno("cannot create " + path_);
        struct statvfs disk;
        if (fstatvfs(file_, &disk) == 0 && uint64_t{disk.f_bavail} * disk.f_frsize < kMinFreeBytes) {
            errno = ENOSPC;
            throw_errno("cannot begin " + path_);
        }
        set_busy(false);
    }

    [[noreturn]] void throw_errno(const std::string &what) const {
        throw std::system_error(errno, std::generic_category(), what);
    }

    void set_busy(bool busy) {
        peerwire::MutexLock lock(shared_->mutex);
        shared_->busy = busy;
        shared_->busy_since = Clock::now();
    }

    /// Nothing when the file is complete or given up.
    std::optional<Unit> next() {
        peerwire::MutexLock lock(shared_->mutex);
        while (!shared_->broken && !shared_->finishing && shared_->units.empty())
            shared_->changed.wait(shared_->mutex);
        if (shared_->broken || shared_->units.empty())
            return std::nullopt;
        Unit unit = std::move(shared_->units.front());
        shared_->units.pop_front();
        shared_->pending -= unit.bytes.size();
        shared_->busy = true;
        shared_->busy_since = Clock::now();
        return unit;
    }

    void write(const Unit &unit) {
        for (size_t at = 0; at < unit.bytes.size();) {
            const ssize_t done = ::write(file_, unit.bytes.data() + at, unit.bytes.size() - at);
            if (done < 0 && errno == EINTR)
                continue;
            if (done < 0)
                throw_errno("cannot write " + path_);
            at += static_cast<size_t>(done);
        }
        const bool first = good_ == 0;
        if (first)
            take_name();
        assert_named();
        good_ += unit.bytes.size();
        {
            peerwire::MutexLock lock(shared_->mutex);
            shared_->written = {good_, unit.end_ms};
            shared_->busy = false;
        }
        if (first)
            shared_->tell([](const Observer &told) { told.begun(); });
    }

    /// What was recorded before is never replaced, where the file system can promise that.
    void take_name() {
        if (renameat2(AT_FDCWD, unnamed_.c_str(), AT_FDCWD, path_.c_str(), RENAME_NOREPLACE) == 0)
            return;
        if (errno != EINVAL || rename(unnamed_.c_str(), path_.c_str()) != 0)
            throw_errno("cannot name " + path_);
    }

    /// Somebody may have removed the file, or the directory with it: nobody would find what is written from then on.
    void assert_named() {
        struct stat file;
        if (fstat(file_, &file) != 0 || file.st_nlink > 0)
            return;
        good_ = 0;
        {
            peerwire::MutexLock lock(shared_->mutex);
            shared_->written = {};
        }
        errno = ENOENT;
        throw_errno("cannot go on with " + path_);
    }

    /// What was written of a unit that is not complete is taken back.
    void close_file() {
        if (file_ < 0) {
            if (good_ == 0)
                names_->release(path_);
            return;
        }
        if (good_ == 0) {
            unlink(unnamed_.c_str());
            names_->release(path_); // now another may take it
        } else if (ftruncate(file_, static_cast<off_t>(good_)) != 0)
            g_warning("the end of %s stays incomplete: %s", path_.c_str(), g_strerror(errno));
        close(std::exchange(file_, -1));
    }

    void fail(const std::string &error) {
        shared_->give_up();
        shared_->tell([&error](const Observer &told) { told.failed(error); });
    }

    const std::shared_ptr<Shared> shared_;
    const std::shared_ptr<PartNames> names_;
    const FileFormat format_;
    std::string path_;
    std::string unnamed_; // until the first unit is there
    int file_ = -1;
    uint64_t good_ = 0; // bytes of whole units
};

PartFile::PartFile(std::shared_ptr<PartNames> names, FileFormat format, Observer observer)
    : shared_(std::make_shared<Shared>()) {
    {
        peerwire::MutexLock lock(shared_->mutex);
        shared_->observer = std::move(observer);
    }
    std::thread([writer = Writer(shared_, std::move(names), format)]() mutable { writer.run(); }).detach();
}

PartFile::~PartFile() {
    {
        peerwire::MutexLock lock(shared_->mutex);
        const auto nothing = [] {};
        shared_->observer = {nothing, nothing, [](const std::string &) {}, nothing};
    }
    shared_->give_up();
}

bool PartFile::append(Bytes unit, uint64_t end_ms) {
    {
        peerwire::MutexLock lock(shared_->mutex);
        if (shared_->broken)
            return false;
        if (shared_->pending + unit.size() <= kMaxPendingBytes) {
            shared_->pending += unit.size();
            shared_->units.push_back({std::move(unit), end_ms});
            shared_->changed.notify_all();
            return true;
        }
    }
    shared_->give_up();
    return false;
}

void PartFile::finish() {
    peerwire::MutexLock lock(shared_->mutex);
    shared_->finishing = true;
    shared_->changed.notify_all();
}

std::string PartFile::path() const {
    peerwire::MutexLock lock(shared_->mutex);
    return shared_->path;
}

PartFile::Written PartFile::written() const {
    peerwire::MutexLock lock(shared_->mutex);
    return shared_->written;
}

uint64_t PartFile::blocked_ms() const {
    peerwire::MutexLock lock(shared_->mutex);
    if (!shared_->busy)
        return 0;
    return static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - shared_->busy_since).count());
}

PartFile::Over PartFile::over() const {
    return [shared = shared_] {
        peerwire::MutexLock lock(shared->mutex);
        return shared->over;
    };
}

} // namespace rostrum::session
