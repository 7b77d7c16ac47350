// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Loaded before a process whose disk is to fail: while the file that $ROSTRUM_BAD_DISK names says "blocked", writes of
// media files do not return; while it says "full", they fail.

#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace {

bool is_media(int fd) {
    char link[64], path[4096];
    std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0)
        return false;
    path[length] = 0;
    return std::strstr(path, ".mp4") || std::strstr(path, ".webm");
}

bool disk_is(const char *state) {
    const char *control = std::getenv("ROSTRUM_BAD_DISK");
    const int file = control ? open(control, O_RDONLY | O_CLOEXEC) : -1;
    char said[16] = "";
    if (file < 0)
        return false;
    const ssize_t length = read(file, said, sizeof said - 1);
    close(file);
    return length > 0 && std::strcmp(said, state) == 0;
}

using Write = ssize_t (*)(int, const void *, size_t);

} // namespace

extern "C" __attribute__((visibility("default"))) ssize_t write(int fd, const void *data, size_t size) {
    static const auto real = reinterpret_cast<Write>(dlsym(RTLD_NEXT, "write"));
    if (!is_media(fd))
        return real(fd, data, size);
    const timespec pause{0, 10'000'000};
    while (disk_is("blocked"))
        nanosleep(&pause, nullptr);
    if (disk_is("full")) {
        if (real(fd, data, size / 2) > 0) // a disk takes what still fits
            errno = ENOSPC;
        return -1;
    }
    return real(fd, data, size);
}
