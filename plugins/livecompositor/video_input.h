// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "livecompositor/image_pool.h"
#include "livecompositor/scaler.h"
#include "sync/mutex.h"

#include <deque>
#include <optional>

namespace livecompositor {

struct BufferUnref {
    void operator()(GstBuffer *b) const { gst_buffer_unref(b); }
};
using BufferPtr = std::unique_ptr<GstBuffer, BufferUnref>;

/// One picture of an input, with the tile made of it when its size was known in time. Immutable.
struct VideoFrame {
    BufferPtr buffer;
    GstVideoInfo info{};
    TimeNs time = 0;
    std::shared_ptr<const Image> tile;
    Target tile_target;
};

/// The pictures of one sink pad on their way to the composer. Thread-safe. The pad's streaming thread pushes and
/// already scales there, so that inputs scale in parallel and the composer mostly copies.
class VideoInput {
  public:
    void set_format(const GstVideoInfo &info); ///< streaming thread
    /// Never waits for a live source. Another one is held back until the composer is near. False: flushing.
    bool push(BufferPtr buffer, TimeNs time, bool live); ///< streaming thread
    void end();                                          ///< streaming thread: no more pictures
    void begin(); ///< streaming thread: of a new stream, which follows what waits
    void clear(); ///< forgets what is waiting and an earlier end()
    void reset(); ///< the picture that is shown, too
    void set_flushing(bool flushing);

    void set_target(const std::optional<Target> &target); ///< video thread; nothing = no tile
    /// Pictures are shown so long after their time: as long as the sound beside them is delayed. Any thread.
    void set_delay(TimeNs delay);
    /// The newest picture that is due at `time`, null when there never was one or the stream ended. Video thread.
    std::shared_ptr<const VideoFrame> at(TimeNs time);

  private:
    std::optional<Target> target() const;
    std::shared_ptr<const Image> make_tile(GstBuffer *buffer, const Target &target);

    // streaming thread only
    GstVideoInfo info_{};
    bool has_format_ = false;
    Scaler scaler_;
    ImagePool tiles_;

    mutable peerwire::Mutex mutex_;
    peerwire::CondVar advanced_;
    std::deque<std::shared_ptr<const VideoFrame>> waiting_ GUARDED_BY(mutex_);
    std::shared_ptr<const VideoFrame> current_ GUARDED_BY(mutex_);
    std::optional<Target> target_ GUARDED_BY(mutex_);
    TimeNs delay_ GUARDED_BY(mutex_) = 0;
    TimeNs reached_ GUARDED_BY(mutex_) = INT64_MIN / 2;
    bool ended_ GUARDED_BY(mutex_) = false;
    bool flushing_ GUARDED_BY(mutex_) = false;
};

} // namespace livecompositor
