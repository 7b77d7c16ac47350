// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/auth/token.h"
#include "tools/rostrum/base/glib_handles.h"
#include "tools/rostrum/live/event_stream.h"
#include "tools/rostrum/live/rate_limit.h"

#include <map>
#include <memory>
#include <set>

namespace rostrum {

/// Who wants to come in, after the token was checked.
struct JoinRequest {
    std::string participant_id, name;
    Mode mode = Mode::SendAndRecv;
    Mode most = Mode::SendAndRecv; ///< that the token allows
    std::vector<std::string> permissions;
    std::string device; ///< JSON, "" = not known
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

/// What the server lets nobody hear or see of somebody.
struct Mute {
    bool audio = false, video = false;
    bool any() const { return audio || video; }
    bool operator==(const Mute &) const = default;
};

/// In the session as long as there is an event connection or a peer, or a time of grace to come back in.
struct Participant {
    std::string id, name;
    Mode mode = Mode::SendAndRecv, most = Mode::SendAndRecv;
    std::vector<std::string> permissions;
    std::set<std::string> shows;  ///< kinds of media, as the attendance names them
    std::set<std::string> topics; ///< that its event connection subscribed to
    RateLimit messages{10, 20}, mode_changes{1, 10};
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
    /// Those who have a peer as host, or whose media flows.
    std::set<std::string> publishing() const;

    /// Of those who are not in, too.
    Mute mute_of(const std::string &participant_id) const;
    const std::map<std::string, Mute> &mutes() const { return mutes_; }
    /// False when there are too many.
    bool set_mute(const std::string &participant_id, const Mute &mute);
    /// What everybody can tell of somebody: what they say of themselves, and their mute.
    Marks visible_marks(const Participant &participant) const;

    const Feeds &feeds(const std::string &participant_id) { return feeds_[participant_id]; }
    /// Somebody's media flows.
    bool has_feeds() const;
    /// False when nothing changed.
    bool set_feed(const std::string &participant_id, const std::string &feed, const std::string &kind, bool on);

  private:
    Participants participants_;
    std::map<std::string, Mute> mutes_; // only who has one
    std::map<std::string, Peer> peers_;
    std::map<std::string, Feeds> feeds_; // by participant; media may be reported before its owner is in
};

} // namespace rostrum
