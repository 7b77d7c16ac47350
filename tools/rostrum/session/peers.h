// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The WebRTC connections of a session by their resource (the id in a WHIP or WHEP URL). Thread-bound: main.

#pragma once

#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace rostrum::session {

/// What a viewer gets at most.
struct ViewerLimits {
    static constexpr unsigned kNone = std::numeric_limits<unsigned>::max();

    unsigned max_layer = kNone;
    unsigned max_bitrate = kNone; // bit/s of sound and picture
};

struct Peer {
    enum class Role { Host, Viewer };

    std::string resource;
    std::string participant;
    Role role = Role::Viewer;
    std::string feed; // "program" or the participant id of a host
    bool connected = false;
    ViewerLimits limits;
    std::string branch;     // of a viewer: the one whose fan-out it is at
    std::string only_codec; // of a viewer of the program: the only codec of ours that it takes; "" = any
    std::string entity_tag; // of its ICE session (RFC 9725 §4.3.1)

    const char *role_name() const { return role == Role::Host ? "host" : "viewer"; }
    const char *state_name() const { return connected ? "connected" : "connecting"; }
};

class Peers {
  public:
    /// A new resource id: 128 random bits in hex, not to be guessed.
    static std::string new_resource();

    void add(Peer peer) { peers_[peer.resource] = std::move(peer); }
    Peer *find(const std::string &resource);
    Peer *find_host(const std::string &participant);
    std::optional<Peer> take(const std::string &resource);
    /// All that watch `feed`.
    std::vector<std::string> viewers_of(const std::string &feed) const;
    /// All at the fan-out of that branch.
    std::vector<std::string> viewers_on(const std::string &branch) const;
    std::set<std::string> only_codecs() const;
    bool watched(const std::string &feed) const;
    const std::map<std::string, Peer> &all() const { return peers_; }
    bool empty() const { return peers_.empty(); }

  private:
    std::map<std::string, Peer> peers_;
};

} // namespace rostrum::session
