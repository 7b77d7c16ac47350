// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "livecompositor/audio_timeline.h"
#include "livecompositor/video_input.h"

#include <gst/audio/audio.h>

namespace livecompositor {

/// The sound of one sink pad: converts what comes to 48 kHz stereo and lays it on its timeline. Thread-safe.
class AudioInput {
  public:
    /// False: no way to convert this format.
    bool set_format(const GstAudioInfo &info); ///< streaming thread
    /// Never waits for a live source; another one is held back until the mixer is near. False: flushing.
    bool push(GstBuffer *buffer, TimeNs time, bool discontinuity, bool live); ///< streaming thread
    void clear();                                                             ///< a new stream
    void reset();                                                             ///< a new run
    void set_flushing(bool flushing);

    void read(int64_t position, std::span<float> stereo); ///< audio thread
    TimeNs delay() const; ///< by which what was read last leaves after its stamps; negative = before

  private:
    struct Free {
        void operator()(GstAudioConverter *c) const { gst_audio_converter_free(c); }
    };
    bool convert(GstBuffer *buffer);

    // streaming thread only
    GstAudioInfo info_{};
    std::unique_ptr<GstAudioConverter, Free> converter_;
    std::vector<float> converted_;

    mutable peerwire::Mutex mutex_;
    peerwire::CondVar advanced_;
    AudioTimeline timeline_ GUARDED_BY(mutex_);
    int64_t reached_ GUARDED_BY(mutex_) = INT64_MIN / 2;
    bool flushing_ GUARDED_BY(mutex_) = false;
};

} // namespace livecompositor
