// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/base/file_lock.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <glib.h>
#include <sys/file.h>
#include <unistd.h>

namespace rostrum {
namespace {

constexpr unsigned kPollMs = 20;

} // namespace

FileLock::FileLock(const std::string &path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (fd_ < 0)
        fd_ = ::open(path.c_str(), O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
}

FileLock::~FileLock() {
    if (fd_ >= 0)
        ::close(fd_);
}

bool FileLock::take(unsigned wait_ms) {
    for (unsigned waited_ms = 0; ::flock(fd_, LOCK_EX | LOCK_NB) != 0; waited_ms += kPollMs) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return true;
        if (waited_ms >= wait_ms)
            return false;
        g_usleep(std::min(kPollMs, wait_ms) * 1000);
    }
    return true;
}

} // namespace rostrum
