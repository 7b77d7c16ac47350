// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <span>

namespace livecompositor {

/// Finds out who speaks from the loudness of the inputs, with hysteresis: somebody has to be heard for a while and be
/// clearly louder than who has the floor; a cough does not switch. Silence leaves the floor where it is. Speech pauses;
/// what stays equally loud for seconds (a fan, a hum, dense music) is nobody speaking. Reentrant.
class SpeakerDetector {
  public:
    struct Level {
        unsigned index; ///< N of pad audio_N
        float rms;      ///< of this block, 1 = full scale
    };

    /// One block of `ms` milliseconds with the level of every input that there is. True when the speaker changed.
    bool update(std::span<const Level> levels, double ms);
    std::optional<unsigned> speaker() const { return speaker_; }

  private:
    /// What is always there: the least loudness of the last three to six seconds.
    class Noise {
      public:
        void follow(double level, double ms);
        double floor() const { return std::min(before_, least_); }

      private:
        double smooth_ = 0;
        double least_ = 0;  ///< in the present window
        double before_ = 0; ///< in the window before
        double window_ms_ = 0;
    };
    struct Voice {
        double now = 0;      ///< RMS of the newest block
        double loudness = 0; ///< smoothed RMS
        double heard_ms = 0; ///< rises while it is loud, falls while it is not
        Noise noise;
        bool present = false;
    };
    void follow(std::span<const Level> levels, double ms);
    std::optional<unsigned> challenger() const;
    bool takes_over(unsigned challenger, double ms);

    std::map<unsigned, Voice> voices_;
    std::optional<unsigned> speaker_;
    double since_switch_ms_ = 1e9;
    double ahead_ms_ = 0; ///< rises while somebody is clearly louder than the speaker
};

} // namespace livecompositor
