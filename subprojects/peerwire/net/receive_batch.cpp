// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "net/receive_batch.h"

#include "net/socket.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#ifndef UDP_GRO
#define UDP_GRO 104 // Linux 5.0; glibc before 2.35 has no name for it
#endif

namespace peerwire {

namespace {

constexpr size_t kMaxMessage = 65'536; // UDP's own limit, also for what GRO put together

/// Bytes of every datagram but the last; all of them when the message is one datagram.
size_t segment_size(msghdr &header, size_t size) {
    for (cmsghdr *control = CMSG_FIRSTHDR(&header); control != nullptr; control = CMSG_NXTHDR(&header, control)) {
        if (control->cmsg_level != SOL_UDP || control->cmsg_type != UDP_GRO)
            continue;
        int segment = 0;
        std::memcpy(&segment, CMSG_DATA(control), sizeof segment);
        if (segment > 0)
            return static_cast<size_t>(segment);
    }
    return size;
}

} // namespace

struct ReceiveBatch::Storage {
    struct Control {
        alignas(cmsghdr) char bytes[CMSG_SPACE(sizeof(int))];
    };
    std::array<mmsghdr, kMessages> messages{};
    std::array<iovec, kMessages> vectors{};
    std::array<sockaddr_storage, kMessages> addresses{};
    std::array<Control, kMessages> controls{};
    // Not written before the kernel does: pages that no message reaches take no memory.
    const std::unique_ptr<uint8_t[]> bytes{new uint8_t[kMessages * kMaxMessage]};
};

ReceiveBatch::ReceiveBatch() : storage_(std::make_unique<Storage>()) {
    for (size_t i = 0; i < kMessages; ++i) {
        storage_->vectors[i] = {&storage_->bytes[i * kMaxMessage], kMaxMessage};
        msghdr &header = storage_->messages[i].msg_hdr;
        header.msg_iov = &storage_->vectors[i];
        header.msg_iovlen = 1;
        header.msg_name = &storage_->addresses[i];
        header.msg_control = storage_->controls[i].bytes;
    }
}

ReceiveBatch::~ReceiveBatch() = default;

bool ReceiveBatch::coalesce(int fd) {
    const int yes = 1;
    return setsockopt(fd, SOL_UDP, UDP_GRO, &yes, sizeof yes) == 0;
}

size_t ReceiveBatch::receive(int fd) {
    for (auto &message : storage_->messages) {
        message.msg_hdr.msg_namelen = sizeof(sockaddr_storage);
        message.msg_hdr.msg_controllen = sizeof(Storage::Control);
    }
    int count;
    do {
        count = ::recvmmsg(fd, storage_->messages.data(), kMessages, MSG_DONTWAIT, nullptr);
    } while (count < 0 && errno == EINTR);
    count_ = count > 0 ? static_cast<size_t>(count) : 0;
    message_ = offset_ = 0;
    return count_;
}

std::optional<ReceiveBatch::Datagram> ReceiveBatch::next() {
    if (message_ == count_)
        return std::nullopt;
    mmsghdr &message = storage_->messages[message_];
    const size_t size = std::min<size_t>(segment_size(message.msg_hdr, message.msg_len), message.msg_len - offset_);
    uint8_t *bytes = &storage_->bytes[message_ * kMaxMessage + offset_];
    const Datagram datagram{from_socket_address(storage_->addresses[message_]), {bytes, size}, size > kMaxDatagram};
    offset_ += size;
    if (offset_ >= message.msg_len) {
        ++message_;
        offset_ = 0;
    }
    return datagram;
}

} // namespace peerwire
