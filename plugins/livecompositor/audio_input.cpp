// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/audio_input.h"

#include <cmath>

namespace livecompositor {

namespace {

constexpr int64_t kAhead = kSampleRate / 5; // a source that is not live may run so far ahead of the mixer

constexpr float kLoudest = 4; // 12 dB over full scale: more, or NaN, is no sound

/// One input that sends rubbish must not silence the mix.
void drop_rubbish(std::span<float> samples) {
    for (float &s : samples)
        s = std::abs(s) <= kLoudest ? s : 0.0f;
}

/// Channels of which nobody says where they are: all of them in the middle. The converter itself refuses them.
GstStructure *mixed_to_the_middle(int channels) {
    GValue matrix = G_VALUE_INIT;
    gst_value_array_init(&matrix, kChannels);
    for (int to = 0; to < kChannels; ++to) {
        GValue row = G_VALUE_INIT;
        gst_value_array_init(&row, static_cast<guint>(channels));
        for (int from = 0; from < channels; ++from) {
            GValue part = G_VALUE_INIT;
            g_value_init(&part, G_TYPE_FLOAT);
            g_value_set_float(&part, 1.0f / static_cast<float>(channels));
            gst_value_array_append_and_take_value(&row, &part);
        }
        gst_value_array_append_and_take_value(&matrix, &row);
    }
    GstStructure *options = gst_structure_new_empty("options");
    gst_structure_take_value(options, GST_AUDIO_CONVERTER_OPT_MIX_MATRIX, &matrix);
    return options;
}

} // namespace

using peerwire::MutexLock;

bool AudioInput::set_format(const GstAudioInfo &info) {
    GstAudioInfo in = info, out;
    const bool unplaced = info.channels > kChannels && GST_AUDIO_INFO_IS_UNPOSITIONED(&info);
    gst_audio_info_set_format(&out, GST_AUDIO_FORMAT_F32, kSampleRate, kChannels, nullptr);
    converter_.reset(gst_audio_converter_new(GST_AUDIO_CONVERTER_FLAG_NONE, &in, &out,
                                             unplaced ? mixed_to_the_middle(info.channels) : nullptr));
    info_ = info;
    return converter_ != nullptr;
}

bool AudioInput::convert(GstBuffer *buffer) {
    GstAudioBuffer mapped;
    if (!converter_ || !gst_audio_buffer_map(&mapped, &info_, buffer, GST_MAP_READ))
        return false;
    const gsize in_frames = mapped.n_samples;
    const gsize out_frames = gst_audio_converter_get_out_frames(converter_.get(), in_frames);
    converted_.resize(out_frames * kChannels);
    gpointer out[] = {converted_.data()};
    const bool ok = gst_audio_converter_samples(converter_.get(), GST_AUDIO_CONVERTER_FLAG_NONE, mapped.planes,
                                                in_frames, out, out_frames);
    gst_audio_buffer_unmap(&mapped);
    drop_rubbish(converted_);
    return ok;
}

bool AudioInput::push(GstBuffer *buffer, TimeNs time, bool discontinuity, bool live) {
    const auto stamp = static_cast<int64_t>(static_cast<double>(time) * kSampleRate / GST_SECOND + 0.5);
    {
        MutexLock lock(mutex_);
        while (!live && !flushing_ && stamp > reached_ + kAhead)
            advanced_.wait(mutex_);
        if (flushing_)
            return false;
    }
    if (discontinuity && converter_)
        gst_audio_converter_reset(converter_.get());
    if (!convert(buffer))
        return true;
    MutexLock lock(mutex_);
    timeline_.append(stamp, converted_, discontinuity);
    return true;
}

void AudioInput::clear() {
    MutexLock lock(mutex_);
    timeline_.clear();
}

void AudioInput::reset() {
    MutexLock lock(mutex_);
    timeline_ = AudioTimeline();
    reached_ = INT64_MIN / 2;
}

void AudioInput::set_flushing(bool flushing) {
    MutexLock lock(mutex_);
    flushing_ = flushing;
    advanced_.notify_all();
}

void AudioInput::read(int64_t position, std::span<float> stereo) {
    MutexLock lock(mutex_);
    timeline_.read(position, stereo);
    reached_ = position;
    advanced_.notify_all();
}

TimeNs AudioInput::delay() const {
    MutexLock lock(mutex_);
    return timeline_.delay() * static_cast<TimeNs>(GST_SECOND) / kSampleRate;
}

} // namespace livecompositor
