// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>

namespace livecompositor {

/// Finds out who speaks from the loudness of the inputs, with hysteresis: somebody has to be heard for a while and be
/// clearly louder than who has the floor; a cough does not switch. Silence leaves the floor where it is. Reentrant.
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
    struct Voice {
        double now = 0;      ///< RMS of the newest block
        double loudness = 0; ///< smoothed RMS
        double heard_ms = 0; ///< rises while it is loud, falls while it is not
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
