// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/limiter.h"

#include <algorithm>
#include <cmath>

namespace livecompositor {

namespace {

constexpr float kRelease = 1.01f; // per 2.5 ms: 3.5 dB in 100 ms

} // namespace

void Limiter::process(std::span<float> stereo) {
    constexpr size_t kStep = kLookahead * kChannels;
    for (size_t i = 0; i + kStep <= stereo.size(); i += kStep)
        process_sub_block(stereo.subspan(i, kStep));
}

void Limiter::process_sub_block(std::span<float> stereo) {
    float peak = 0;
    for (float &s : stereo) {
        s = std::isfinite(s) ? s : 0.0f;
        peak = std::max(peak, std::abs(s));
    }
    const float wanted = peak > kCeiling ? kCeiling / peak : 1.0f;
    const float target = std::min(wanted, target_ahead_ * kRelease);
    // Both ends of the ramp are at most the sub-block's own target, so every sample is.
    const float next = std::min(target_ahead_, target), step = (next - gain_) / kLookahead;
    for (size_t i = 0; i < stereo.size(); ++i) {
        const float out = ahead_[i] * (gain_ + step * float(i / kChannels));
        ahead_[i] = stereo[i];
        stereo[i] = out;
    }
    gain_ = next;
    target_ahead_ = target;
}

} // namespace livecompositor
