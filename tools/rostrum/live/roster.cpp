// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/live/roster.h"

#include <algorithm>

namespace rostrum {

constexpr size_t kMaxMutes = 10'000; // of a session: who was muted and left is still on the list

bool Participant::may(const std::string &permission) const {
    return std::find(permissions.begin(), permissions.end(), permission) != permissions.end();
}

Participant *Roster::find(const std::string &id) {
    const auto found = participants_.find(id);
    return found == participants_.end() ? nullptr : &found->second;
}

Participant &Roster::add(const JoinRequest &request) {
    Participant &participant = participants_[request.participant_id];
    participant.id = request.participant_id;
    participant.name = request.name;
    participant.mode = request.mode;
    participant.most = std::max(request.mode, request.most);
    participant.permissions = request.permissions;
    for (const auto &[resource, peer] : peers_)
        if (peer.participant_id == participant.id)
            participant.peers.insert(resource);
    return participant;
}

void Roster::remove(const std::string &id) {
    participants_.erase(id);
    feeds_.erase(id);
    std::erase_if(peers_, [&](const auto &entry) { return entry.second.participant_id == id; });
}

Mute Roster::mute_of(const std::string &participant_id) const {
    const auto found = mutes_.find(participant_id);
    return found == mutes_.end() ? Mute{} : found->second;
}

bool Roster::set_mute(const std::string &participant_id, const Mute &mute) {
    if (!mute.any())
        mutes_.erase(participant_id);
    else if (mutes_.size() >= kMaxMutes && !mutes_.count(participant_id))
        return false;
    else
        mutes_[participant_id] = mute;
    return true;
}

Marks Roster::visible_marks(const Participant &participant) const {
    const Mute mute = mute_of(participant.id);
    Marks marks = participant.marks;
    marks.mic_off |= mute.audio;
    marks.camera_off |= mute.video;
    return marks;
}

const Peer *Roster::peer(const std::string &resource) const {
    const auto found = peers_.find(resource);
    return found == peers_.end() ? nullptr : &found->second;
}

void Roster::add_peer(const std::string &resource, const Peer &peer) {
    peers_[resource] = peer;
    if (Participant *participant = find(peer.participant_id))
        participant->peers.insert(resource);
}

void Roster::remove_peer(const std::string &resource) {
    const auto found = peers_.find(resource);
    if (found == peers_.end())
        return;
    if (Participant *participant = find(found->second.participant_id))
        participant->peers.erase(resource);
    peers_.erase(found);
}

std::vector<std::string> Roster::resources_of(const std::string &participant_id, const std::string &role) const {
    std::vector<std::string> resources;
    for (const auto &[resource, peer] : peers_)
        if (peer.participant_id == participant_id && peer.role == role)
            resources.push_back(resource);
    return resources;
}

size_t Roster::peer_count(const std::string &role) const {
    return static_cast<size_t>(
        std::count_if(peers_.begin(), peers_.end(), [&](const auto &entry) { return entry.second.role == role; }));
}

void Roster::remove_all_peers() {
    peers_.clear();
    for (auto &[id, participant] : participants_)
        participant.peers.clear();
}

std::set<std::string> Roster::publishing() const {
    std::set<std::string> ids;
    for (const auto &[resource, peer] : peers_)
        if (peer.role == "host" && participants_.count(peer.participant_id))
            ids.insert(peer.participant_id);
    for (const auto &[id, feeds] : feeds_)
        if (!feeds.empty() && participants_.count(id))
            ids.insert(id);
    return ids;
}

bool Roster::has_feeds() const {
    return std::any_of(feeds_.begin(), feeds_.end(), [](const auto &entry) { return !entry.second.empty(); });
}

bool Roster::set_feed(const std::string &participant_id, const std::string &feed, const std::string &kind, bool on) {
    Feeds &feeds = feeds_[participant_id];
    if (on)
        return feeds[feed].insert(kind).second;
    const bool changed = feeds[feed].erase(kind) > 0;
    if (feeds[feed].empty())
        feeds.erase(feed);
    return changed;
}

} // namespace rostrum
