// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/audio_timeline.h"

#include <algorithm>
#include <cmath>

namespace livecompositor {

namespace {

constexpr int64_t frames_of_ms(int64_t ms) {
    return ms * kSampleRate / 1000;
}

constexpr int64_t kUnset = INT64_MIN / 4;
constexpr int64_t kCapacity = frames_of_ms(4000);
constexpr int64_t kJump = frames_of_ms(40);          // larger deviations are real gaps, not drift
constexpr int64_t kMargin = frames_of_ms(20);        // room that a delayed input gets: one Opus packet
constexpr int64_t kLow = frames_of_ms(12);           // less room (a block and kTolerance) is made kMargin in time
constexpr int64_t kLatePatience = frames_of_ms(300); // a burst after a stall is shorter than this
constexpr int64_t kWindow = frames_of_ms(3000);
constexpr int64_t kSpare = frames_of_ms(60); // a delay this much too large is taken back
constexpr double kSmoothing = 1.0 / 32;
constexpr double kTolerance = frames_of_ms(2); // drift below this is inaudible and left alone
constexpr double kJitter = frames_of_ms(5);    // of stamps; what the delay strays by more than this is followed at once
constexpr size_t kMaxDelays = 1024;
constexpr int64_t kStretch = 400; // one frame in so many: a quarter of a percent
constexpr int64_t kFade = 96;     // 2 ms against clicks at the edges of gaps

/// Linear interpolation; only used for lengths that differ by a quarter of a percent.
void stretch(std::span<const float> in, std::vector<float> &out, size_t frames) {
    const size_t n = in.size() / kChannels;
    out.resize(frames * kChannels);
    const double step = frames > 1 ? double(n - 1) / double(frames - 1) : 0;
    for (size_t i = 0; i < frames; ++i) {
        const double at = double(i) * step;
        const size_t a = std::min(static_cast<size_t>(at), n - 1), b = std::min(a + 1, n - 1);
        const auto part = static_cast<float>(at - double(a));
        for (size_t c = 0; c < kChannels; ++c)
            out[i * kChannels + c] = in[a * kChannels + c] * (1 - part) + in[b * kChannels + c] * part;
    }
}

} // namespace

AudioTimeline::AudioTimeline() : ring_(kCapacity * kChannels) {
    clear();
}

/// What of `frames` from `position` on lies in one piece.
std::span<float> AudioTimeline::run_at(int64_t position, int64_t frames) {
    const int64_t at = (position % kCapacity + kCapacity) % kCapacity;
    return std::span(ring_).subspan(static_cast<size_t>(at * kChannels),
                                    static_cast<size_t>(std::min(frames, kCapacity - at) * kChannels));
}

void AudioTimeline::append(int64_t stamp, std::span<const float> stereo, bool discontinuity) {
    const auto frames = static_cast<int64_t>(stereo.size() / kChannels);
    if (frames == 0)
        return;
    int64_t position = on_time(stamp, frames);
    if (position + frames <= read_ || (read_ != kUnset && position + frames > read_ + kCapacity))
        return;
    const bool running = end_ != kUnset && end_ > read_;
    const int64_t error = position - end_;
    const bool goes_on = running && !discontinuity && std::abs(error) <= kJump;
    if (goes_on) {
        const int64_t correction = drift_correction(error, frames);
        if (correction != 0) {
            stretch(stereo, stretched_, static_cast<size_t>(frames + correction));
            stereo = stretched_;
        }
        position = end_;
    } else {
        error_ = 0;
        if (running && error < 0) { // overlaps what is there: keep the old, append the rest
            if (-error >= frames)
                return;
            stereo = stereo.subspan(static_cast<size_t>(-error * kChannels));
            position = end_;
            stamp -= error;
        }
    }
    remember_delay(position, position - stamp, goes_on);
    write(position, stereo);
}

/// Whoever shows a picture beside this sound needs the delay of what is heard, not of what comes in.
void AudioTimeline::remember_delay(int64_t position, int64_t delay, bool goes_on) {
    const auto now = static_cast<double>(delay);
    if (goes_on)
        last_delay_ = std::clamp(last_delay_ + (now - last_delay_) * kSmoothing, now - kJitter, now + kJitter);
    else
        last_delay_ = now;
    while (!delays_.empty() && delays_.back().from >= position) // was written over
        delays_.pop_back();
    const int64_t rounded = std::llround(last_delay_);
    if (delays_.empty() ? rounded != delay_ : rounded != delays_.back().delay)
        delays_.push_back({position, rounded});
    if (delays_.size() > kMaxDelays) // nobody reads
        delays_.pop_front();
}

/// Where the stamp lies after this input's delay; adapts the delay.
int64_t AudioTimeline::on_time(int64_t stamp, int64_t frames) {
    const int64_t position = stamp + shift_, slack = position - read_;
    if (read_ == kUnset)
        return position;
    if (slack <= -kJump)
        catching_up_ = true;
    else if (slack >= 0 && catching_up_)
        catching_up_ = false; // the first one on time after a stall says nothing about the usual room
    else if (!catching_up_)
        adapt_delay(slack);
    if (slack >= 0) {
        late_since_ = kUnset;
        return stamp + shift_;
    }
    const bool never_heard = end_ == kUnset;
    if (late_since_ == kUnset)
        late_since_ = read_;
    if (!never_heard && read_ - late_since_ < kLatePatience)
        return position;
    late_since_ = kUnset;
    catching_up_ = false;
    shift_ = std::min(shift_ - slack + kMargin, kCapacity / 2);
    slack_min_ = INT64_MAX;
    window_end_ = read_ + kWindow;
    end_ = std::min(end_, read_);
    return std::max(stamp + shift_, read_ - frames);
}

/// Once a window: room for an input that comes just in time or a little late, less for one that has too much. What is
/// given is less than kJump, so the sound stretches into it.
void AudioTimeline::adapt_delay(int64_t slack) {
    slack_min_ = std::min(slack_min_, slack);
    if (read_ < window_end_)
        return;
    const bool first = window_end_ == kUnset;
    int64_t shift = shift_;
    if (!first && slack_min_ < kLow)
        shift = std::min(shift_ + std::min(kMargin - slack_min_, kJump / 2), kCapacity / 2);
    else if (shift_ > 0 && slack_min_ > kSpare)
        shift = std::max<int64_t>(0, shift_ - (slack_min_ - kMargin));
    error_ += static_cast<double>(shift - shift_);
    shift_ = shift;
    slack_min_ = INT64_MAX;
    window_end_ = read_ + kWindow;
}

/// Frames to add (or, negative, to leave out) so that samples and stamps meet again.
int64_t AudioTimeline::drift_correction(int64_t error, int64_t frames) {
    error_ += (double(error) - error_) * kSmoothing;
    if (std::abs(error_) < kTolerance)
        return 0;
    const int64_t most = std::max<int64_t>(1, frames / kStretch);
    return std::clamp(static_cast<int64_t>(error_), -most, most);
}

void AudioTimeline::write(int64_t position, std::span<const float> stereo) {
    if (position < read_) {
        stereo = stereo.subspan(static_cast<size_t>((read_ - position) * kChannels));
        position = read_;
    }
    if (end_ == kUnset || end_ < read_ || position - end_ > kCapacity)
        end_ = std::max(read_, position - kCapacity / 2);
    if (read_ == kUnset) // nobody has read yet: keep the newest
        end_ = std::max(end_, position - kCapacity / 2);
    while (end_ < position) {
        const auto run = run_at(end_, position - end_);
        std::fill(run.begin(), run.end(), 0.0f);
        end_ += static_cast<int64_t>(run.size() / kChannels);
    }
    while (!stereo.empty()) {
        const auto run = run_at(end_, static_cast<int64_t>(stereo.size() / kChannels));
        std::copy_n(stereo.begin(), run.size(), run.begin());
        stereo = stereo.subspan(run.size());
        end_ += static_cast<int64_t>(run.size() / kChannels);
    }
}

void AudioTimeline::read(int64_t position, std::span<float> stereo) {
    const auto frames = static_cast<int64_t>(stereo.size() / kChannels);
    for (; !delays_.empty() && delays_.front().from <= position; delays_.pop_front())
        delay_ = delays_.front().delay;
    const int64_t have = end_ == kUnset ? 0 : std::clamp<int64_t>(end_ - position, 0, frames);
    for (int64_t i = 0; i < have;) {
        const auto run = run_at(position + i, have - i);
        std::copy(run.begin(), run.end(), stereo.begin() + i * kChannels);
        i += static_cast<int64_t>(run.size() / kChannels);
    }
    std::fill(stereo.begin() + have * kChannels, stereo.end(), 0.0f);
    if (have > 0 && !sounding_) {
        for (int64_t i = 0; i < std::min(kFade, have); ++i) {
            for (int c = 0; c < kChannels; ++c)
                stereo[static_cast<size_t>(i * kChannels + c)] *= float(i) / float(kFade);
        }
    }
    // The last sample before a gap falls off instead of stopping.
    if (have > 0)
        std::copy_n(&stereo[static_cast<size_t>((have - 1) * kChannels)], kChannels, tail_);
    if (have < frames && (have > 0 || sounding_)) {
        for (int64_t i = 0; i < std::min(kFade, frames - have); ++i) {
            for (int c = 0; c < kChannels; ++c)
                stereo[static_cast<size_t>((have + i) * kChannels + c)] = tail_[c] * (1 - float(i) / float(kFade));
        }
    }
    sounding_ = have == frames;
    read_ = position + frames;
}

void AudioTimeline::clear() {
    read_ = end_ = late_since_ = window_end_ = kUnset;
    slack_min_ = INT64_MAX;
    catching_up_ = false;
    shift_ = 0;
    error_ = 0;
    delays_.clear();
    last_delay_ = 0;
    delay_ = 0;
}

} // namespace livecompositor
