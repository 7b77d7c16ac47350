// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "livecompositor/audio_timeline.h"

#include <array>

namespace livecompositor {

/// Keeps a mix below full scale without clipping: looks one sub-block ahead, turns the gain down before a peak arrives
/// and slowly up again. Works in place; what comes out is kLookahead frames behind what goes in. Reentrant.
class Limiter {
  public:
    static constexpr int kLookahead = 120; ///< frames: 2.5 ms
    static constexpr float kCeiling = 0.96f;

    /// Interleaved stereo, a multiple of kLookahead frames.
    void process(std::span<float> stereo);

  private:
    void process_sub_block(std::span<float> stereo);

    std::array<float, kLookahead * kChannels> ahead_{}; ///< the sub-block that comes out next
    float target_ahead_ = 1;                            ///< highest gain that keeps ahead_ below the ceiling
    float gain_ = 1;                                    ///< at the start of ahead_
};

} // namespace livecompositor
