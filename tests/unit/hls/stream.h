// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// An HLS stream without encoders: samples go in at their times, a timeline comes out.

#pragma once

#include "journal.h"
#include "packager.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace test {

inline constexpr int64_t kMs = 1'000'000;
inline constexpr int64_t kFrameNs = 1'000'000'000 / 30;
inline constexpr int64_t kStartMs = 1'700'000'000'000;

/// Writes the journal as the session process does, and keeps what would be the files.
class Stream : public rostrum::hls::PackageSink {
  public:
    std::function<void()> after_line = [] {};
    rostrum::hls::Timeline timeline;
    std::string journal;
    std::map<std::string, std::string> files; // "0/init0.mp4"

    void line(const std::string &text);

    void put_init(size_t rendition, unsigned generation, const rostrum::hls::Tracks &tracks,
                  const std::string &bytes) override;
    void begin_segment(size_t rendition, uint64_t sequence, int64_t time_ns, unsigned generation,
                       bool discontinuity) override;
    void put_part(size_t rendition, uint64_t sequence, unsigned index, int64_t duration_ns, bool independent,
                  const std::string &bytes) override;
    void end_segment(size_t rendition, uint64_t sequence) override;
};

rostrum::hls::VideoTrack video_track(unsigned width, unsigned height);
rostrum::hls::AudioTrack audio_track();

/// Feeds pictures of 30 a second, with keyframes as KeyframeCadence has them, and AAC frames.
class Feeder {
  public:
    Feeder(rostrum::hls::Packager &packager, size_t renditions, int64_t first_ns = 0);

    std::function<bool(size_t rendition, int64_t time_ns)> lost = [](size_t, int64_t) { return false; };
    std::function<bool(int64_t time_ns)> silent = [](int64_t) { return false; };

    void run_to(int64_t end_ns);
    int64_t now_ns() const { return video_ns_; }

  private:
    rostrum::hls::Packager &packager_;
    const size_t renditions_;
    int64_t video_ns_, audio_ns_;
    std::vector<int64_t> keyframe_slot_;
};

} // namespace test
