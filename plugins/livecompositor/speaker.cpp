// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/speaker.h"

#include <algorithm>
#include <cmath>

namespace livecompositor {

namespace {

constexpr double kVoice = 0.0056;     // RMS, -45 dBFS: above room noise, below quiet speech
constexpr double kOverNoise = 2.0;    // 6 dB: the voice over what is always there
constexpr double kNoiseMs = 3000;     // speech pauses more often than this, a fan never
constexpr double kNoiseSmoothMs = 50; // longer than the valleys of a hum, shorter than a pause
constexpr double kRiseMs = 60;        // smoothing of the loudness
constexpr double kFallMs = 400;       // bridges the pauses between syllables
constexpr double kHeardMs = 400;      // a cough or a door is shorter
constexpr double kMaxHeardMs = 800;
constexpr double kLouder = 2.0;     // 6 dB over a speaker who is still speaking
constexpr double kMinTurnMs = 1000; // the floor stays at least so long

} // namespace

void SpeakerDetector::Noise::follow(double level, double ms) {
    smooth_ += (level - smooth_) * (1 - std::exp(-ms / kNoiseSmoothMs));
    least_ = std::min(least_, smooth_);
    window_ms_ += ms;
    if (window_ms_ < kNoiseMs)
        return;
    before_ = least_;
    least_ = smooth_;
    window_ms_ = 0;
}

void SpeakerDetector::follow(std::span<const Level> levels, double ms) {
    for (auto &[index, voice] : voices_)
        voice.present = false;
    for (const Level &level : levels) {
        Voice &v = voices_[level.index];
        v.present = true;
        v.now = level.rms;
        v.loudness += (level.rms - v.loudness) * (1 - std::exp(-ms / (level.rms > v.loudness ? kRiseMs : kFallMs)));
        const double voice = std::max(kVoice, kOverNoise * v.noise.floor());
        v.noise.follow(level.rms, ms);
        v.heard_ms = std::clamp(v.heard_ms + (level.rms > voice ? ms : -ms), 0.0, kMaxHeardMs);
    }
    std::erase_if(voices_, [](const auto &entry) { return !entry.second.present; });
}

std::optional<unsigned> SpeakerDetector::challenger() const {
    std::optional<unsigned> best;
    double loudest = 0;
    for (const auto &[index, voice] : voices_) {
        if (voice.heard_ms >= kHeardMs && voice.loudness > loudest) {
            best = index;
            loudest = voice.loudness;
        }
    }
    return best;
}

/// `challenger` against somebody who has the floor.
bool SpeakerDetector::takes_over(unsigned challenger, double ms) {
    const Voice &speaker = voices_[speaker_.value_or(challenger)];
    const bool louder = voices_[challenger].now > kLouder * speaker.loudness;
    ahead_ms_ = std::clamp(ahead_ms_ + (louder ? ms : -ms), 0.0, kHeardMs);
    return since_switch_ms_ >= kMinTurnMs && (speaker.heard_ms <= 0 || ahead_ms_ >= kHeardMs);
}

bool SpeakerDetector::update(std::span<const Level> levels, double ms) {
    follow(levels, ms);
    since_switch_ms_ += ms;
    const auto before = speaker_;
    if (speaker_ && !voices_.contains(*speaker_))
        speaker_.reset();
    const auto best = challenger();
    if (!best || best == speaker_)
        ahead_ms_ = 0;
    else if (!speaker_ || takes_over(*best, ms))
        speaker_ = best;
    if (speaker_ != before)
        since_switch_ms_ = ahead_ms_ = 0;
    return speaker_ != before;
}

} // namespace livecompositor
