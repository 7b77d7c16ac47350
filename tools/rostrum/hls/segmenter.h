// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// One rendition: coded pictures and sound frames in, parts of segments out. Knows no clock and no file. Reentrant.

#pragma once

#include "cmaf.h"
#include "grid.h"

#include <algorithm>
#include <deque>

namespace rostrum::hls {

/// A part begins with the first picture in its time, a segment with a keyframe; pictures before that keyframe are left
/// out. A part is complete when the sound that belongs to it is there too, or late by kSoundLateNs.
class Segmenter {
  public:
    static constexpr int64_t kSoundLateNs = 300'000'000;

    struct Part {
        int64_t slot = 0;
        unsigned index = 0;
        int64_t duration_ns = 0;
        bool independent = false; // begins with a keyframe
        bool last = false;        // of its segment
        Fragment fragment;        // may be empty: nothing came
    };

    /// Begins with `first_slot`.
    Segmenter(bool with_video, bool with_audio, int64_t first_slot)
        : with_video_(with_video), with_audio_(with_audio), slot_(first_slot) {}

    /// In the order of time.
    void push_video(Sample sample);
    void push_audio(Sample sample);
    /// Pictures went by to this time that are of no use.
    void pass_video(int64_t end_ns) { video_end_ns_ = std::max(video_end_ns_, end_ns); }

    /// The next part that is complete.
    std::optional<Part> take();
    /// What is left when no more comes. Nothing when nothing is left; call it until then.
    std::optional<Part> take_rest();

    int64_t slot() const { return slot_; } // of the next part

  private:
    static constexpr int64_t kNever = INT64_MIN;

    int64_t part_end_ns() const { return part_begin_ns(slot_, index_ + 1); }
    bool complete() const;
    Part cut(int64_t end_ns);

    const bool with_video_, with_audio_;
    int64_t slot_;
    unsigned index_ = 0;
    int64_t video_slot_ = kNever;                           // of the last keyframe that began one
    int64_t video_end_ns_ = kNever, audio_end_ns_ = kNever; // of all that came
    std::deque<Sample> video_, audio_;
};

} // namespace rostrum::hls
