// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "receiver.h"

#include <arpa/inet.h>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <map>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

struct Receiver::Shared {
    std::atomic<uint64_t> requests, gaps, connections;
};

namespace {

constexpr char kAnswer[] = "HTTP/1.1 204 No Content\r\n\r\n";

/// The value of a header of the request, 0 without.
uint64_t number(const std::string &head, const char *name) {
    const char *found = strcasestr(head.c_str(), name);
    return found ? std::strtoull(found + std::strlen(name), nullptr, 10) : 0;
}

/// Takes whole requests off the front; returns how many there were, and their numbers.
std::vector<uint64_t> take_requests(std::string &bytes) {
    std::vector<uint64_t> sequences;
    for (size_t end; (end = bytes.find("\r\n\r\n")) != bytes.npos;) {
        const std::string head = bytes.substr(0, end + 2);
        const size_t size = end + 4 + number(head, "\r\ncontent-length:");
        if (bytes.size() < size)
            break;
        sequences.push_back(number(head, "\r\nwebhook-sequence:"));
        bytes.erase(0, size);
    }
    return sequences;
}

template <class Shared> [[noreturn]] void serve(int listener, Shared &shared) {
    std::vector<pollfd> fds{{listener, POLLIN, 0}};
    std::map<int, std::string> buffers;
    uint64_t last = 0;
    for (;;) {
        poll(fds.data(), fds.size(), -1);
        for (size_t i = fds.size(); i-- > 0;) {
            if (fds[i].revents == 0)
                continue;
            if (i == 0) {
                const int one = 1, fd = accept(listener, nullptr, nullptr);
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                fds.push_back({fd, POLLIN, 0});
                shared.connections++;
                continue;
            }
            char block[65536];
            const ssize_t size = read(fds[i].fd, block, sizeof block);
            if (size <= 0) {
                close(fds[i].fd);
                buffers.erase(fds[i].fd);
                fds.erase(fds.begin() + static_cast<ptrdiff_t>(i));
                continue;
            }
            std::string &bytes = buffers[fds[i].fd];
            bytes.append(block, static_cast<size_t>(size));
            for (const uint64_t sequence : take_requests(bytes)) {
                shared.gaps += sequence != last + 1;
                last = sequence;
                if (write(fds[i].fd, kAnswer, sizeof kAnswer - 1) < 0)
                    break;
                shared.requests++;
            }
        }
    }
}

} // namespace

Receiver::Receiver() {
    void *memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        abort();
    shared_ = new (memory) Shared{};
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(listener, reinterpret_cast<sockaddr *>(&address), size) != 0 || listen(listener, 128) != 0 ||
        getsockname(listener, reinterpret_cast<sockaddr *>(&address), &size) != 0)
        abort();
    port_ = ntohs(address.sin_port);
    child_ = fork();
    if (child_ == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        serve(listener, *shared_);
    }
    close(listener);
}

Receiver::~Receiver() {
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
    munmap(shared_, sizeof(Shared));
}

Receiver::Counts Receiver::counts() const {
    return {shared_->requests, shared_->gaps, shared_->connections};
}
