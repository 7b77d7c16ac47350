// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "net/send_queue.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace peerwire {

namespace {

constexpr size_t kMaxMessages = 64;
constexpr int kMaxWaitMs = 10; // per flush: long enough for a driver's queue to drain, short for the peers that wait

// So many runs in a row that are refused: it is not their paths.
constexpr unsigned kMaxGsoRefusals = 8;

/// What the kernel says when it does not do UDP_SEGMENT, or not on this path.
bool means_no_gso(int error) {
    return error == EINVAL || error == EIO || error == EOPNOTSUPP || error == ENOPROTOOPT || error == EMSGSIZE;
}

} // namespace

struct SendQueue::Batch {
    struct Control {
        alignas(cmsghdr) char bytes[CMSG_SPACE(sizeof(uint16_t))];
    };
    std::array<mmsghdr, kMaxMessages> messages{};
    std::array<iovec, kMaxMessages> vectors{};
    std::array<SocketAddress, kMaxMessages> addresses{};
    std::array<Control, kMaxMessages> controls{};
    std::array<uint16_t, kMaxMessages> datagrams{}; ///< in each message

    void set(size_t i, const Address &to, int family, uint8_t *data, size_t size, uint16_t count, uint16_t segment) {
        addresses[i] = to_socket_address(to, family);
        vectors[i] = {data, size};
        datagrams[i] = count;
        msghdr &header = messages[i].msg_hdr;
        header = {};
        header.msg_name = &addresses[i].storage;
        header.msg_namelen = addresses[i].size;
        header.msg_iov = &vectors[i];
        header.msg_iovlen = 1;
        if (count > 1) {
            header.msg_control = controls[i].bytes;
            header.msg_controllen = sizeof controls[i].bytes;
            cmsghdr *control = CMSG_FIRSTHDR(&header);
            control->cmsg_level = SOL_UDP;
            control->cmsg_type = UDP_SEGMENT;
            control->cmsg_len = CMSG_LEN(sizeof segment);
            std::memcpy(CMSG_DATA(control), &segment, sizeof segment);
        }
    }
};

SendQueue::SendQueue(int fd, int family, ShardCounters &counters)
    : fd_(fd), family_(family), counters_(counters), bytes_(std::make_unique<uint8_t[]>(kCapacity)),
      batch_(std::make_unique<Batch>()) {}

SendQueue::~SendQueue() = default;

std::span<uint8_t> SendQueue::reserve(size_t size) {
    if (size > kMaxDatagram)
        return {};
    if (used_ + size > kCapacity)
        flush();
    return {&bytes_[used_], size};
}

void SendQueue::commit(const Address &to, size_t size) {
    if (size == 0)
        return;
    if (to.tcp) {
        if (streams_ != nullptr)
            streams_->send(to, {&bytes_[used_], size});
        return;
    }
    Run *last = run_count_ > 0 ? &runs_[run_count_ - 1] : nullptr;
    const bool joins = last != nullptr && last->open && size <= last->segment && last->count < kMaxSegments &&
                       last->size + size <= kMaxRunBytes && last->to == to;
    if (joins) {
        last->size += size;
        ++last->count;
        last->open = size == last->segment;
    } else {
        runs_[run_count_++] = {to, used_, size, static_cast<uint16_t>(size), 1, true, false};
    }
    used_ += size;
    if (run_count_ == kMaxRuns)
        flush();
}

void SendQueue::push(const Address &to, std::span<const uint8_t> datagram) {
    const auto room = reserve(datagram.size());
    if (room.size() < datagram.size())
        return;
    std::copy(datagram.begin(), datagram.end(), room.begin());
    commit(to, datagram.size());
}

void SendQueue::flush() {
    wait_left_ms_ = kMaxWaitMs;
    for (Cursor cursor; cursor.run < run_count_;) {
        const size_t messages = fill(cursor);
        const int sent = send(messages);
        counters_.send_calls.add();
        if (sent > 0)
            cursor = count_sent(cursor, static_cast<size_t>(sent));
        else if (!handle_error(errno, cursor))
            break;
    }
    run_count_ = 0;
    used_ = 0;
}

/// One message per run with GSO, one per datagram without. Returns how many.
size_t SendQueue::fill(Cursor from) {
    size_t messages = 0;
    const size_t limit = method_ == Method::Sendto ? 1 : kMaxMessages;
    while (from.run < run_count_ && messages < limit) {
        const Run &run = runs_[from.run];
        const size_t skipped = size_t{from.segment} * run.segment;
        const bool whole = method_ == Method::Gso && !run.split;
        const size_t size = whole ? run.size : std::min<size_t>(run.segment, run.size - skipped);
        batch_->set(messages++, run.to, family_, &bytes_[run.at + skipped], size, whole ? run.count : uint16_t{1},
                    run.segment);
        if (whole || ++from.segment == run.count)
            from = {from.run + 1, 0};
    }
    return messages;
}

int SendQueue::send(size_t messages) {
    if (method_ == Method::Sendto)
        return ::sendmsg(fd_, &batch_->messages[0].msg_hdr, 0) < 0 ? -1 : 1;
    return ::sendmmsg(fd_, batch_->messages.data(), static_cast<unsigned>(messages), 0);
}

SendQueue::Cursor SendQueue::count_sent(Cursor from, size_t messages) {
    for (size_t i = 0; i < messages; ++i) {
        counters_.datagrams_out.add(batch_->datagrams[i]);
        counters_.bytes_out.add(batch_->vectors[i].iov_len);
        if (batch_->datagrams[i] > 1)
            gso_refusals_ = 0;
        from.segment = static_cast<uint16_t>(from.segment + batch_->datagrams[i]);
        if (from.segment == runs_[from.run].count)
            from = {from.run + 1, 0};
    }
    return from;
}

/// Decides about the first message of the batch; false gives up on everything that is left.
bool SendQueue::handle_error(int error, Cursor &cursor) {
    if (error == EINTR)
        return true;
    if (error == EAGAIN || error == ENOBUFS) {
        if (wait_writable())
            return true;
        uint64_t left = 0;
        for (size_t i = cursor.run; i < run_count_; ++i)
            left += runs_[i].count;
        counters_.dropped_send_full.add(left - cursor.segment);
        return false;
    }
    if (error == ENOSYS && method_ != Method::Sendto) {
        method_ = Method::Sendto;
        return true;
    }
    if (batch_->datagrams[0] > 1 && means_no_gso(error)) {
        runs_[cursor.run].split = true;
        if (++gso_refusals_ == kMaxGsoRefusals)
            method_ = Method::Sendmmsg;
        return true;
    }
    counters_.dropped_send_error.add(batch_->datagrams[0]);
    cursor.segment = static_cast<uint16_t>(cursor.segment + batch_->datagrams[0]);
    if (cursor.segment == runs_[cursor.run].count)
        cursor = {cursor.run + 1, 0};
    return true;
}

bool SendQueue::wait_writable() {
    if (wait_left_ms_ <= 0)
        return false;
    pollfd ready{fd_, POLLOUT, 0};
    const int step = 2;
    wait_left_ms_ -= step; // counts whole steps even when the socket gets writable sooner: the sum stays bounded
    return ::poll(&ready, 1, step) >= 0;
}

} // namespace peerwire
