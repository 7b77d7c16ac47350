// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Files decoded and encoded at their own pace, piece by piece. Thread-bound each.

#pragma once

#include "tools/rostrum/base/glib_handles.h"

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <vector>

namespace rostrum::job {

constexpr int kSoundRate = 48000;

/// A pipeline that is stopped when this goes. Throws JobError when it cannot be made.
class Pipeline {
  public:
    explicit Pipeline(const std::string &description);
    ~Pipeline();
    Pipeline(const Pipeline &) = delete;
    Pipeline &operator=(const Pipeline &) = delete;

    ObjectRef<GstElement> element(const char *name) const;
    void play() const;
    /// Until all is written. Throws JobError with what the pipeline says.
    void wait_for_end() const;
    /// Throws when it has failed meanwhile.
    void check() const;

  private:
    ObjectRef<GstElement> pipeline_;
};

/// The sound of a file, from its beginning, without gaps: silence where it has none.
class SoundReader {
  public:
    SoundReader(const std::string &path, int channels);
    /// Adds the next `frames` frames to `mix` (interleaved).
    void mix_into(float *mix, size_t frames);

  private:
    bool next_buffer();
    const int channels_;
    Pipeline pipeline_;
    ObjectRef<GstElement> sink_;
    std::vector<float> buffer_; // what is left of the last one
    size_t used_ = 0;
    uint64_t position_ = 0;     // frames handed out
    uint64_t buffer_start_ = 0; // where buffer_ begins
    bool ended_ = false;
};

/// The pictures of a file, scaled into a size (I420, borders black).
class PictureReader {
  public:
    PictureReader(const std::string &path, int width, int height);
    ~PictureReader();
    /// The picture that is shown at a time, which only grows. Null before the first and after the last one.
    GstSample *at(uint64_t ns);

  private:
    void pull();
    Pipeline pipeline_;
    ObjectRef<GstElement> sink_;
    GstSample *shown_ = nullptr, *next_ = nullptr;
    uint64_t next_ns_ = 0, end_ns_ = 0;
    bool ended_ = false;
};

} // namespace rostrum::job
