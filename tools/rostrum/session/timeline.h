// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Which moment of a stream goes where in a recording: into which part, and at what time of it.

#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace rostrum::session {

/// One stream leads (the picture; without one the sound): where it begins, pauses and is cut, the other one is too.
/// Times are running times in ns. Reentrant.
class Timeline {
  public:
    static constexpr int64_t kNever = -1;

    struct Place {
        unsigned part = 0; // from 0
        int64_t time = 0;  // in that part
    };

    // What the leader does.

    /// The leader is recorded from here on, where the part has come to.
    void begin(int64_t time);
    /// The leader is not recorded from here on, until begin().
    void pause(int64_t time);
    /// Here a new part begins.
    void cut(int64_t time);
    bool recording() const { return !spans_.empty() && spans_.back().end == kNever; }
    bool has_begun() const { return !spans_.empty(); }
    /// Of a moment that is recorded.
    Place lead(int64_t time) const;

    // What the follower asks, in order.

    enum class Fate { Goes, Drops, Waits }; // Waits: nobody can tell yet
    struct Verdict {
        Fate fate;
        Place place;
    };
    /// Of a frame, which goes where its beginning goes.
    Verdict follow(int64_t time, int64_t duration);

  private:
    struct Span {
        int64_t begin, end; // kNever = not known yet
        unsigned part;
        int64_t offset; // time in the part of `begin`
    };

    static Place place(const Span &span, int64_t time) { return {span.part, span.offset + time - span.begin}; }

    std::vector<Span> spans_;
    Place followed_; // where the follower has come to
};

} // namespace rostrum::session
