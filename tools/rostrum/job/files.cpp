// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/job/files.h"

#include "tools/rostrum/base/digest.h"
#include "tools/rostrum/job/job_error.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

namespace rostrum::job {
namespace {

constexpr size_t kBlock = 1 << 20; // fewer seeks between source and copy

std::function<void()> &activity() {
    static std::function<void()> call = [] {};
    return call;
}

std::string directory_of(const std::string &path) {
    const size_t slash = path.rfind('/');
    return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

[[noreturn]] void fail(const std::string &path, const char *what, int error) {
    const std::string text = file_name(path) + ": " + what + ": " + std::strerror(error);
    if (error == ENOSPC || error == EDQUOT || error == EFBIG)
        throw NoRoom(text);
    throw JobError(text, error == ENOENT || error == EISDIR);
}

/// Leading dot: no listing shows it, no range request finds it.
std::string temporary_name(const std::string &path) {
    return directory_of(path) + "." + file_name(path) + ".new";
}

} // namespace

void on_activity(std::function<void()> call) {
    activity() = std::move(call);
}

InputFile::InputFile(const std::string &path) : path_(path), fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    struct stat status {};
    if (fd_ < 0)
        fail(path, "cannot be opened", errno);
    if (fstat(fd_, &status) != 0 || !S_ISREG(status.st_mode)) {
        close(fd_);
        throw JobError(file_name(path) + ": not a file");
    }
    size_ = static_cast<uint64_t>(status.st_size);
}

InputFile::~InputFile() {
    close(fd_);
}

void InputFile::read(uint64_t offset, void *data, size_t size) const {
    auto *to = static_cast<char *>(data);
    while (size > 0) {
        const ssize_t got = pread(fd_, to, size, static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            fail(path_, "cannot be read", errno);
        if (got == 0)
            throw JobError(file_name(path_) + ": it ends early");
        to += got;
        offset += static_cast<uint64_t>(got);
        size -= static_cast<size_t>(got);
    }
}

std::string InputFile::read(FileRange range) const {
    if (range.offset > size_ || range.size > size_ - range.offset)
        throw JobError(file_name(path_) + ": it ends early");
    std::string bytes(range.size, '\0');
    read(range.offset, bytes.data(), bytes.size());
    return bytes;
}

ReplacedFile::ReplacedFile(const std::string &path)
    : path_(path), temporary_(temporary_name(path)),
      fd_(open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)), block_(kBlock) {
    if (fd_ < 0)
        fail(temporary_, "cannot be created", errno);
}

ReplacedFile::~ReplacedFile() {
    close(fd_);
    if (!committed_)
        unlink(temporary_.c_str());
}

void ReplacedFile::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t put = ::write(fd_, bytes.data(), bytes.size());
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            fail(path_, "cannot be written", errno);
        bytes.remove_prefix(static_cast<size_t>(put));
    }
}

void ReplacedFile::copy(const InputFile &from, FileRange range) {
    while (range.size > 0) {
        const size_t size = std::min<uint64_t>(range.size, block_.size());
        from.read(range.offset, block_.data(), size);
        write({block_.data(), size});
        activity()();
        range.offset += size;
        range.size -= size;
    }
}

void ReplacedFile::commit() {
    if (fsync(fd_) != 0)
        fail(path_, "cannot be written", errno);
    if (rename(temporary_.c_str(), path_.c_str()) != 0)
        fail(path_, "cannot be replaced", errno);
    committed_ = true;
    const int directory = open(directory_of(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory >= 0) {
        fsync(directory);
        close(directory);
    }
}

std::string beside(const std::string &path, const std::string &suffix) {
    const size_t slash = path.rfind('/'), dot = path.rfind('.');
    const bool extension = dot != std::string::npos && (slash == std::string::npos || dot > slash);
    return (extension ? path.substr(0, dot) : path) + suffix;
}

std::string file_name(const std::string &path) {
    return path.substr(path.rfind('/') + 1);
}

std::string sha256_of_file(const InputFile &file) {
    const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX *)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
    std::vector<char> block(kBlock);
    for (uint64_t at = 0; at < file.size(); at += block.size()) {
        const size_t size = std::min<uint64_t>(file.size() - at, block.size());
        file.read(at, block.data(), size);
        EVP_DigestUpdate(context.get(), block.data(), size);
        activity()();
    }
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    EVP_DigestFinal_ex(context.get(), digest, &size);
    return hex(std::string(reinterpret_cast<char *>(digest), size));
}

} // namespace rostrum::job
