// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/audio_input.h"

namespace livecompositor {

namespace {

constexpr int64_t kAhead = kSampleRate / 5; // a source that is not live may run so far ahead of the mixer

} // namespace

using peerwire::MutexLock;

bool AudioInput::set_format(const GstAudioInfo &info) {
    GstAudioInfo in = info, out;
    gst_audio_info_set_format(&out, GST_AUDIO_FORMAT_F32, kSampleRate, kChannels, nullptr);
    converter_.reset(gst_audio_converter_new(GST_AUDIO_CONVERTER_FLAG_NONE, &in, &out, nullptr));
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

} // namespace livecompositor
