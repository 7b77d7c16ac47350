// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/store/database.h"
#include "tools/rostrum/store/pages.h"

namespace rostrum {

struct SessionRecord {
    std::string id, room_id;
    std::optional<std::string> custom_room_id;
    int64_t start = 0;
    std::optional<int64_t> end;
    std::string reason; ///< why it ended, or is to end
};

struct Stay {
    int64_t start = 0;
    std::optional<int64_t> end;
};

struct ParticipantRecord {
    std::string participant_id, name, mode;
    std::vector<Stay> timelog;
    bool present() const { return !timelog.empty() && !timelog.back().end; }
};

struct SessionFilter {
    std::string room_id; ///< "": every room
    std::optional<bool> ongoing;
    std::optional<int64_t> started_from, started_to;
};

/// Who was in which session when.
class SessionStore {
  public:
    explicit SessionStore(Database &database) : database_(database) {}

    void begin(const std::string &id, const std::string &room_id, int64_t now);
    /// How the picture of a session is composed, JSON; "" before it was set.
    std::string composition(const std::string &id);
    void set_composition(const std::string &id, const std::string &composition);
    /// It is to end, for this reason.
    void begin_end(const std::string &id, const std::string &reason);
    /// Who is muted in it, JSON; "" for nobody.
    std::string mutes(const std::string &id);
    void set_mutes(const std::string &id, const std::string &mutes);
    /// Closes the timelog of everyone who is still there, too.
    void end(const std::string &id, const std::string &reason, int64_t now);
    void join(const std::string &id, const std::string &participant, const std::string &name, const std::string &mode,
              int64_t now);
    void update(const std::string &id, const std::string &participant, const std::string &name,
                const std::string &mode);
    void leave(const std::string &id, const std::string &participant, int64_t now);

    std::optional<SessionRecord> find(const std::string &id);
    Page<SessionRecord> list(const SessionFilter &filter, const PageRequest &page);
    std::vector<SessionRecord> ongoing();
    /// `present_only`: those who are in the session now.
    Page<ParticipantRecord> participants(const std::string &id, bool present_only, const PageRequest &page);
    std::optional<ParticipantRecord> participant(const std::string &id, const std::string &participant);

  private:
    Page<SessionRecord> list_ongoing(const SessionFilter &filter, const PageRequest &page);
    std::optional<SeqRange> begun_between(const SessionFilter &filter);
    int64_t count(const SessionFilter &filter, const SeqRange &range);
    Page<ParticipantRecord> present(const std::string &id, const PageRequest &page);
    std::vector<Stay> timelog(const std::string &id, const std::string &participant);
    Database &database_;
};

} // namespace rostrum
