// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/audio_producer.h"

#include <cmath>

namespace livecompositor {

namespace {

constexpr TimeNs kBlockNs = 10'000'000;

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
    mixer_.restart();
    limiter_ = {};
}

GstCaps *AudioProducer::caps() {
    GstAudioInfo info;
    gst_audio_info_set_format(&info, GST_AUDIO_FORMAT_S16, kSampleRate, kChannels, nullptr);
    return gst_audio_info_to_caps(&info);
}

Producer::Product AudioProducer::produce() {
    Product product;
    if (!announced_)
        product.caps = caps();
    announced_ = true;
    board_.read(&version_, &snapshot_);
    // The limiter's lookahead is read ahead, so that sound leaves at its own time.
    mixer_.mix(snapshot_, block_ * Mixer::kBlockFrames + Limiter::kLookahead, sum_, levels_);
    limiter_.process(sum_);
    product.buffer = gst_buffer_new_allocate(nullptr, sum_.size() * sizeof(int16_t), nullptr);
    GstMapInfo map;
    if (gst_buffer_map(product.buffer, &map, GST_MAP_WRITE)) {
        auto *out = reinterpret_cast<int16_t *>(map.data);
        for (size_t i = 0; i < sum_.size(); ++i)
            out[i] = static_cast<int16_t>(std::lrint(sum_[i] * 32768));
        gst_buffer_unmap(product.buffer, &map);
    }
    GST_BUFFER_PTS(product.buffer) = static_cast<GstClockTime>(next_time());
    GST_BUFFER_DURATION(product.buffer) = kBlockNs;
    GST_BUFFER_OFFSET(product.buffer) = static_cast<guint64>(block_ * Mixer::kBlockFrames);
    GST_BUFFER_OFFSET_END(product.buffer) = static_cast<guint64>((block_ + 1) * Mixer::kBlockFrames);
    ++block_;
    if (detector_.update(levels_, kBlockNs / 1e6)) {
        board_.set_speaker(detector_.speaker());
        on_speaker_();
    }
    return product;
}

} // namespace livecompositor
