// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/live/live_session.h"

namespace rostrum {

/// Every live session, at most one accepting per room. Thread-bound: main thread.
class Sessions {
  public:
    explicit Sessions(LiveServices &services);
    ~Sessions();

    /// Takes up what an earlier `serve` left: adopts processes by their sockets, closes sessions whose process is gone,
    /// ends processes that belong to no session.
    void recover();

    /// The session that can be joined now, or null.
    LiveSession *in_room(const std::string &room_id) const;
    LiveSession *find(const std::string &session_id) const;
    /// That one or a new one.
    std::variant<LiveSession *, Refusal> open(const Room &room);

    void end_all(const LeaveReason &reason);
    bool empty() const { return sessions_.empty(); }
    const std::map<std::string, std::unique_ptr<LiveSession>> &all() const { return sessions_; }
    LiveServices &services() const { return services_; }

  private:
    class Orphan;
    LiveSession &add(const Room &room, const std::string &id, int64_t start);
    void bury(LiveSession &session);

    LiveServices &services_;
    std::map<std::string, std::unique_ptr<LiveSession>> sessions_; // by session id, ending ones too
    std::vector<std::unique_ptr<LiveSession>> finished_;           // until the main loop comes round
    std::vector<std::unique_ptr<Orphan>> orphans_;
    Timer burial_;
};

} // namespace rostrum
