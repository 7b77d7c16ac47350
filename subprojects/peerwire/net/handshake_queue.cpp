// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "net/handshake_queue.h"

#include <utility>

namespace peerwire {

bool HandshakeQueue::push(uint64_t peer, const Address &from, std::span<const uint8_t> datagram) {
    if (items_.size() >= kMaxDatagrams || bytes_ + datagram.size() > kMaxBytes)
        return false;
    unsigned &waiting = per_peer_[peer];
    if (waiting >= kMaxPerPeer)
        return false;
    ++waiting;
    bytes_ += datagram.size();
    items_.push_back({peer, from, {datagram.begin(), datagram.end()}});
    return true;
}

std::optional<HandshakeQueue::Item> HandshakeQueue::pop() {
    if (items_.empty())
        return std::nullopt;
    Item item = std::move(items_.front());
    items_.pop_front();
    bytes_ -= item.bytes.size();
    const auto found = per_peer_.find(item.peer);
    if (--found->second == 0)
        per_peer_.erase(found);
    return item;
}

} // namespace peerwire
