// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "net/receive_batch.h"

#include "net/socket.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>

namespace peerwire {

struct ReceiveBatch::Storage {
    std::array<mmsghdr, kDatagrams> messages{};
    std::array<iovec, kDatagrams> vectors{};
    std::array<sockaddr_storage, kDatagrams> addresses{};
    std::array<std::array<uint8_t, kMaxDatagram>, kDatagrams> bytes;
};

ReceiveBatch::ReceiveBatch() : storage_(std::make_unique<Storage>()) {
    for (size_t i = 0; i < kDatagrams; ++i) {
        storage_->vectors[i] = {storage_->bytes[i].data(), kMaxDatagram};
        msghdr &header = storage_->messages[i].msg_hdr;
        header.msg_iov = &storage_->vectors[i];
        header.msg_iovlen = 1;
        header.msg_name = &storage_->addresses[i];
    }
}

ReceiveBatch::~ReceiveBatch() = default;

size_t ReceiveBatch::receive(int fd) {
    for (auto &message : storage_->messages)
        message.msg_hdr.msg_namelen = sizeof(sockaddr_storage);
    int count;
    do {
        count = ::recvmmsg(fd, storage_->messages.data(), kDatagrams, MSG_DONTWAIT, nullptr);
    } while (count < 0 && errno == EINTR);
    return count > 0 ? static_cast<size_t>(count) : 0;
}

ReceiveBatch::Datagram ReceiveBatch::operator[](size_t i) {
    const mmsghdr &message = storage_->messages[i];
    return {from_socket_address(storage_->addresses[i]), std::span(storage_->bytes[i]).first(message.msg_len),
            (message.msg_hdr.msg_flags & MSG_TRUNC) != 0};
}

} // namespace peerwire
