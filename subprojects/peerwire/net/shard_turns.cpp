// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The work of a shard that may be much at once and is no hurry: it gets a slice of each round, and media its turn in
// between.

#include "net/shard.h"

#include "net/clock.h"

namespace peerwire {

namespace {

// Of each round, per kind of work. With the last item (a handshake's second flight is 0.5 ms, 2 ms on a bad day) and
// what was received, media waits well below 20 ms.
constexpr TimeNs kSlice = 2 * kNsPerMs;

} // namespace

/// False when there are none.
bool Shard::take_commands() {
    running_commands_.clear();
    next_command_ = 0;
    MutexLock lock(mutex_);
    running_commands_.swap(commands_);
    return !running_commands_.empty();
}

void Shard::run_commands(TimeNs now) {
    commands_left_ = false;
    for (const TimeNs end = now + kSlice; next_command_ < running_commands_.size() || take_commands();
         now = monotonic_now()) {
        if (now >= end) {
            commands_left_ = true;
            return;
        }
        std::visit([this, now](auto &command) { execute(now, command); }, running_commands_[next_command_++]);
    }
}

void Shard::queue_handshake(PeerHost &host, const ReceiveBatch::Datagram &datagram) {
    if (!host.handshake && handshake_limits_.admit(datagram.from))
        host.handshake = datagram.from;
    if (!host.handshake || !handshakes_.push(host.id(), datagram.from, datagram.bytes))
        counters_.dropped_handshake.add();
}

void Shard::end_handshake(PeerHost &host) {
    if (host.handshake)
        handshake_limits_.release(*host.handshake);
    host.handshake.reset();
}

void Shard::work_on_handshakes() {
    if (handshakes_.empty())
        return;
    queue_.flush(); // media first
    TimeNs now = monotonic_now();
    const TimeNs began = now;
    for (; now - began < kSlice; now = monotonic_now()) {
        auto item = handshakes_.pop();
        if (!item)
            break;
        counters_.handshake_datagrams.add();
        const auto found = hosts_.find(item->peer);
        if (found == hosts_.end() || found->second->closed())
            continue;
        PeerHost &host = *found->second;
        count(host.handle_datagram(now, item->from, item->bytes));
        if (!host.closed())
            rearm(host, now);
    }
    load_.set_aside(now - began);
}

} // namespace peerwire
