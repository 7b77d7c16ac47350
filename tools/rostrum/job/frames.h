// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/base/glib_handles.h"
#include "tools/rostrum/job/media_info.h"

#include <functional>
#include <gdk-pixbuf/gdk-pixbuf.h>

namespace rostrum::job {

using Picture = ObjectRef<GdkPixbuf>;

/// Decodes single pictures of a finished file: the keyframe at or before a time. Throws JobError when the file cannot
/// be decoded at all. Thread-bound.
class FrameReader {
  public:
    /// Pictures come as `width` × `height`.
    FrameReader(const std::string &path, int width, int height);
    ~FrameReader();
    FrameReader(const FrameReader &) = delete;
    FrameReader &operator=(const FrameReader &) = delete;
    /// Null when there is none.
    Picture at(uint64_t ms);

  private:
    struct Pipeline;
    const std::unique_ptr<Pipeline> pipeline_;
    const int width_, height_;
};

/// True where next to everything is black.
bool is_black(const GdkPixbuf *picture);

} // namespace rostrum::job
