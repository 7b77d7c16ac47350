// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Which pictures of the program are keyframes.

#pragma once

#include <atomic>
#include <cstdint>

namespace rostrum::session {

/// One every kGopNs at the multiples of it, whatever else happens: there segments are cut, and all renditions have
/// theirs at the same place. Between them as many as are asked for, by whomever, but none within kMergeNs of the one
/// before: what is asked for meanwhile is one wish, granted at the end of it. Time is that of the pictures.
/// Thread-safe.
class KeyframeCadence {
  public:
    static constexpr int64_t kGopNs = 2'000'000'000; // bounds segments, and how long a viewer waits who asks nobody
    static constexpr int64_t kMergeNs = 500'000'000; // keyframes are the largest pictures: more would cost sharpness

    void request() { wanted_.store(true); }

    /// For each picture, in order: it is to be a keyframe. Thread-bound: the encoder's.
    bool next(int64_t time_ns);

  private:
    static constexpr int64_t kNone = -1;

    std::atomic<bool> wanted_{false};
    int64_t keyframe_ns_ = kNone; // the newest one
};

} // namespace rostrum::session
