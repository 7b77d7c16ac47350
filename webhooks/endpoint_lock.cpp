// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "webhooks/endpoint_lock.h"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace rostrum {

EndpointLock::EndpointLock(const std::string &spool, int64_t endpoint) : endpoint_(endpoint), held_(spool.empty()) {
    if (!held_)
        fd_ = ::open((spool + "-lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

EndpointLock::~EndpointLock() {
    if (fd_ >= 0)
        ::close(fd_);
}

bool EndpointLock::acquire() {
    if (held_)
        return true;
    struct flock range {};
    range.l_type = F_WRLCK;
    range.l_whence = SEEK_SET;
    range.l_start = endpoint_;
    range.l_len = 1;
    // On a file system without locks one deliverer is still the usual case.
    held_ = ::fcntl(fd_, F_OFD_SETLK, &range) == 0 || (errno != EAGAIN && errno != EACCES);
    return held_;
}

} // namespace rostrum
