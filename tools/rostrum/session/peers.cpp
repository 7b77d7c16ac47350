// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "peers.h"

#include <algorithm>
#include <sys/random.h>

#include <array>
#include <cstdio>
#include <cstdlib>

namespace rostrum::session {

std::string Peers::new_resource() {
    std::array<unsigned char, 16> bytes;
    if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
        std::abort(); // no entropy, no ids: cannot happen on Linux for 16 bytes
    std::string text;
    for (const unsigned char byte : bytes) {
        char hex[3];
        std::snprintf(hex, sizeof hex, "%02x", byte);
        text += hex;
    }
    return text;
}

Peer *Peers::find(const std::string &resource) {
    const auto found = peers_.find(resource);
    return found == peers_.end() ? nullptr : &found->second;
}

Peer *Peers::find_host(const std::string &participant) {
    for (auto &[resource, peer] : peers_)
        if (peer.role == Peer::Role::Host && peer.participant == participant)
            return &peer;
    return nullptr;
}

std::optional<Peer> Peers::take(const std::string &resource) {
    auto node = peers_.extract(resource);
    if (node.empty())
        return std::nullopt;
    return std::move(node.mapped());
}

bool Peers::watched(const std::string &feed) const {
    return std::any_of(peers_.begin(), peers_.end(), [&](const auto &entry) {
        return entry.second.role == Peer::Role::Viewer && entry.second.feed == feed;
    });
}

std::vector<std::string> Peers::viewers_of(const std::string &feed) const {
    std::vector<std::string> viewers;
    for (const auto &[resource, peer] : peers_)
        if (peer.role == Peer::Role::Viewer && peer.feed == feed)
            viewers.push_back(resource);
    return viewers;
}

std::vector<std::string> Peers::viewers_on(const std::string &branch) const {
    std::vector<std::string> viewers;
    for (const auto &[resource, peer] : peers_)
        if (peer.role == Peer::Role::Viewer && peer.branch == branch)
            viewers.push_back(resource);
    return viewers;
}

std::set<std::string> Peers::only_codecs() const {
    std::set<std::string> codecs;
    for (const auto &[resource, peer] : peers_)
        if (!peer.only_codec.empty())
            codecs.insert(peer.only_codec);
    return codecs;
}

} // namespace rostrum::session
