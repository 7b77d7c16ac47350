// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Loaded before a process whose disk is to fail: while the file that $ROSTRUM_BAD_DISK names says "blocked", nothing
// that is asked about media files is answered; while it says "full", writing them fails.

// With it `open` would be another name of `open64`.
#undef _FILE_OFFSET_BITS

#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace {

bool is_media(const char *path) {
    return std::strstr(path, ".mp4") || std::strstr(path, ".webm");
}

bool is_media(int fd) {
    char link[64], path[4096];
    std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0)
        return false;
    path[length] = 0;
    return is_media(path);
}

bool disk_is(const char *state) {
    const char *control = std::getenv("ROSTRUM_BAD_DISK");
    const int file = control ? openat(AT_FDCWD, control, O_RDONLY | O_CLOEXEC) : -1;
    char said[16] = "";
    if (file < 0)
        return false;
    const ssize_t length = read(file, said, sizeof said - 1);
    close(file);
    return length > 0 && std::strcmp(said, state) == 0;
}

void wait_for_disk() {
    const timespec pause{0, 10'000'000};
    while (disk_is("blocked"))
        nanosleep(&pause, nullptr);
}

template <class Function> Function *next(const char *name) {
    return reinterpret_cast<Function *>(dlsym(RTLD_NEXT, name));
}

int open_later(const char *path, int flags, mode_t mode) {
    if (is_media(path))
        wait_for_disk();
    return openat(AT_FDCWD, path, flags, mode);
}

mode_t mode_of(int flags, va_list arguments) {
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

} // namespace

#define EXPORTED extern "C" __attribute__((visibility("default")))

EXPORTED int open(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return open_later(path, flags, mode);
}

EXPORTED int open64(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return open_later(path, flags | O_LARGEFILE, mode);
}

EXPORTED int access(const char *path, int mode) noexcept {
    if (is_media(path))
        wait_for_disk();
    return faccessat(AT_FDCWD, path, mode, 0);
}

EXPORTED ssize_t write(int fd, const void *data, size_t size) {
    static const auto real = next<ssize_t(int, const void *, size_t)>("write");
    if (!is_media(fd))
        return real(fd, data, size);
    wait_for_disk();
    if (disk_is("full")) {
        if (real(fd, data, size / 2) > 0) // a disk takes what still fits
            errno = ENOSPC;
        return -1;
    }
    return real(fd, data, size);
}
