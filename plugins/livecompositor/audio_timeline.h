// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

namespace livecompositor {

constexpr int kSampleRate = 48000;
constexpr int kChannels = 2;

/// The sound of one input laid out on the program's time: stereo float frames, positions counted at 48 kHz of running
/// time. Knows no clock and no GStreamer. Reentrant.
///
/// Small deviations between the stamps and the count of samples (clock drift, jitter) are worked off by stretching a
/// little; large ones jump. Sound that comes too late is dropped; when it keeps coming late, the input is delayed by
/// what it needs, and the delay is taken back once it is not needed any more.
class AudioTimeline {
  public:
    AudioTimeline();

    /// `stamp`: position that the first frame belongs to; `discontinuity`: do not smooth over.
    void append(int64_t stamp, std::span<const float> stereo, bool discontinuity);
    /// Takes the frames from `position` on; silence where there are none. Positions must grow.
    void read(int64_t position, std::span<float> stereo);
    /// Starts anew: forgets all sound, positions and the delay.
    void clear();

    /// Frames by which what was read last leaves after its stamps; negative = before.
    int64_t delay() const { return delay_; }

  private:
    int64_t on_time(int64_t stamp, int64_t frames);
    void adapt_delay(int64_t slack);
    int64_t drift_correction(int64_t error, int64_t frames);
    void remember_delay(int64_t position, int64_t delay, bool goes_on);
    void write(int64_t position, std::span<const float> stereo);
    std::span<float> run_at(int64_t position, int64_t frames);

    std::vector<float> ring_;
    std::vector<float> stretched_;
    int64_t read_; ///< next position to read
    int64_t end_;  ///< behind the last frame written
    int64_t shift_ = 0;
    bool catching_up_ = false; ///< after a stall
    int64_t late_since_;       ///< read_ when sound began to be late without exception
    int64_t slack_min_;        ///< least distance to read_ within the window
    int64_t window_end_;
    double error_ = 0; ///< smoothed distance between stamps and samples
    struct Delayed {
        int64_t from; ///< position
        int64_t delay;
    };
    std::deque<Delayed> delays_; ///< of sound that waits, where they change
    double last_delay_ = 0;      ///< of the sound written last, without jitter
    int64_t delay_ = 0;
    bool sounding_ = false;
    float tail_[kChannels] = {0, 0};
};

} // namespace livecompositor
