// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/audio_producer.h"

#include <cmath>

namespace livecompositor {

namespace {

constexpr TimeNs kBlockNs = 10'000'000;

float rms(std::span<const float> samples) {
    float sum = 0;
    for (float s : samples)
        sum += s * s;
    return std::sqrt(sum / static_cast<float>(samples.size()));
}

} // namespace

TimeNs AudioProducer::next_time() const {
    return block_ * kBlockNs;
}

void AudioProducer::skip_to(TimeNs time) {
    block_ = std::max(block_, (time + kBlockNs - 1) / kBlockNs);
}

/// Sound is cheap to catch up on, and gaps are heard.
TimeNs AudioProducer::max_lag() const {
    return 2'000'000'000;
}

void AudioProducer::restart() {
    block_ = 0;
    announced_ = false;
    limiter_ = {};
}

GstCaps *AudioProducer::caps() {
    GstAudioInfo info;
    gst_audio_info_set_format(&info, GST_AUDIO_FORMAT_S16, kSampleRate, kChannels, nullptr);
    return gst_audio_info_to_caps(&info);
}

void AudioProducer::mix() {
    board_.read(&version_, &snapshot_);
    levels_.clear();
    std::fill(sum_.begin(), sum_.end(), 0.0f);
    for (const auto &entry : snapshot_.sources) {
        // The limiter's lookahead is read ahead, so that sound leaves at its own time.
        entry.source->input.read(block_ * kBlockFrames + Limiter::kLookahead, input_);
        if (entry.muted)
            continue;
        levels_.push_back({entry.source->index, rms(input_)});
        for (size_t i = 0; i < sum_.size(); ++i)
            sum_[i] += input_[i];
    }
    limiter_.process(sum_);
}

Producer::Product AudioProducer::produce() {
    Product product;
    if (!announced_)
        product.caps = caps();
    announced_ = true;
    mix();
    product.buffer = gst_buffer_new_allocate(nullptr, sum_.size() * sizeof(int16_t), nullptr);
    GstMapInfo map;
    if (gst_buffer_map(product.buffer, &map, GST_MAP_WRITE)) {
        auto *out = reinterpret_cast<int16_t *>(map.data);
        for (size_t i = 0; i < sum_.size(); ++i)
            out[i] = static_cast<int16_t>(std::lrint(sum_[i] * 32767));
        gst_buffer_unmap(product.buffer, &map);
    }
    GST_BUFFER_PTS(product.buffer) = static_cast<GstClockTime>(next_time());
    GST_BUFFER_DURATION(product.buffer) = kBlockNs;
    GST_BUFFER_OFFSET(product.buffer) = static_cast<guint64>(block_ * kBlockFrames);
    GST_BUFFER_OFFSET_END(product.buffer) = static_cast<guint64>((block_ + 1) * kBlockFrames);
    ++block_;
    if (detector_.update(levels_, kBlockNs / 1e6)) {
        board_.set_speaker(detector_.speaker());
        on_speaker_();
    }
    return product;
}

} // namespace livecompositor
