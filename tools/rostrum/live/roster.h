// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/auth/token.h"
#include "tools/rostrum/base/glib_handles.h"
#include "tools/rostrum/live/event_stream.h"

#include <map>
#include <memory>
#include <set>

namespace rostrum {

/// Who wants to come in, after the token was checked.
struct JoinRequest {
    std::string participant_id, name;
    Mode mode = Mode::SendAndRecv;
    std::vector<std::string> permissions;
};

struct Peer {
    std::string participant_id, role; ///< "host" | "viewer"
};

/// What a host says about itself, for those who watch.
struct Marks {
    bool hand = false; ///< raised
    bool mic_off = false;
    bool camera_off = false;
    bool operator==(const Marks &) const = default;
};

/// In the session as long as there is an event connection or a peer, or a time of grace to come back in.
struct Participant {
    std::string id, name;
    Mode mode = Mode::SendAndRecv;
    std::vector<std::string> permissions;
    Marks marks, told_marks;
    std::unique_ptr<Timer> mark_timer; ///< until a change of marks is told
    std::shared_ptr<EventStream> events;
    std::set<std::string> peers; ///< resources
    std::unique_ptr<Timer> grace;

    bool connected() const { return events || !peers.empty(); }
    bool may(const std::string &permission) const;
};

/// feed → kinds ("video", "audio") that flow.
using Feeds = std::map<std::string, std::set<std::string>>;

/// Book-keeping of one session, without effects. Thread-bound: main thread.
class Roster {
  public:
    using Participants = std::map<std::string, Participant>;

    bool empty() const { return participants_.empty(); }
    size_t size() const { return participants_.size(); }
    const Participants &all() const { return participants_; }
    Participants &all() { return participants_; }
    Participant *find(const std::string &id);
    Participant &add(const JoinRequest &request);
    void remove(const std::string &id);

    const Peer *peer(const std::string &resource) const;
    void add_peer(const std::string &resource, const Peer &peer);
    void remove_peer(const std::string &resource);
    std::vector<std::string> resources_of(const std::string &participant_id, const std::string &role) const;
    size_t peer_count(const std::string &role) const;
    void remove_all_peers();

    const Feeds &feeds(const std::string &participant_id) { return feeds_[participant_id]; }
    /// Somebody's media flows.
    bool has_feeds() const;
    /// False when nothing changed.
    bool set_feed(const std::string &participant_id, const std::string &feed, const std::string &kind, bool on);

  private:
    Participants participants_;
    std::map<std::string, Peer> peers_;
    std::map<std::string, Feeds> feeds_; // by participant; media may be reported before its owner is in
};

} // namespace rostrum
