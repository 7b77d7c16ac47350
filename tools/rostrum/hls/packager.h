// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// All renditions of one HLS stream: what each is given becomes initialization segments, parts and segments with the
// same numbers and at the same times everywhere. Knows no clock and no file. Reentrant.

#pragma once

#include "segmenter.h"

#include <memory>
#include <set>

namespace rostrum::hls {

/// Where the pieces go, in the order they have to be written.
class PackageSink {
  public:
    virtual ~PackageSink() = default;
    virtual void put_init(size_t rendition, unsigned generation, const Tracks &tracks, const std::string &bytes) = 0;
    /// `sequence` counts from 0 without a hole.
    virtual void begin_segment(size_t rendition, uint64_t sequence, int64_t time_ns, unsigned generation,
                               bool discontinuity) = 0;
    /// Without bytes nothing came in its time.
    virtual void put_part(size_t rendition, uint64_t sequence, unsigned index, int64_t duration_ns, bool independent,
                          const std::string &bytes) = 0;
    virtual void end_segment(size_t rendition, uint64_t sequence) = 0;
};

class Packager {
  public:
    /// `generations` of each rendition and `sequence` are the first ones: 0, or what follows an earlier part of the
    /// stream; then the first segment has a discontinuity.
    Packager(const std::vector<unsigned> &generations, bool with_video, bool with_audio, uint64_t sequence,
             PackageSink &sink);

    /// What the samples from now on are. A change takes effect at a segment's begin, with a discontinuity in every
    /// rendition.
    void set_video(size_t rendition, VideoTrack track);
    void set_audio(AudioTrack track);

    void push_video(size_t rendition, Sample sample);
    /// The same sound goes to every rendition.
    void push_audio(const Sample &sample);

    void finish();

  private:
    // A change so late in a segment may come after another rendition has begun the next one.
    static constexpr int64_t kTooLateNs = 500'000'000;

    struct Rendition {
        Tracks tracks;                        // of the segment that is being made
        std::optional<VideoTrack> next_video; // and of the samples that come now
        int64_t changes_at = 0;               // the slot; 0 = not known yet
        std::unique_ptr<Segmenter> segmenter;
        unsigned generation = 0;
        bool begun = false; // the segment
        uint32_t fragments = 0;
    };

    bool known(const Rendition &rendition) const;
    bool all_known() const;
    void begin(int64_t time_ns);
    void take(size_t rendition);
    void put(size_t rendition, const Segmenter::Part &part);
    void begin_segment(size_t index, int64_t slot);
    uint64_t sequence_of(int64_t slot) const { return first_sequence_ + static_cast<uint64_t>(slot - first_slot_); }

    const bool with_video_, with_audio_;
    const uint64_t first_sequence_;
    PackageSink &sink_;
    int64_t newest_ns_ = 0;   // of any sample so far
    int64_t first_slot_ = -1; // -1 = not begun
    std::vector<Rendition> renditions_;
    std::set<int64_t> discontinuities_; // slots
};

} // namespace rostrum::hls
