// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "livecompositor/frozen_picture.h"
#include "livecompositor/scene.h"

namespace livecompositor {

/// Draws a scene with the pictures that are due. Thread-bound: video thread.
class Composer {
  public:
    /// `picture_time`: inputs show their newest picture up to here; `now`: the time of the output picture.
    void compose(const Scene &scene, TimeNs now, TimeNs picture_time, const Picture &canvas);
    /// Tells the inputs of a new scene which size they should come in, and forgets those that are gone.
    void adopt(const Scene &scene);
    /// Whether somebody who is hidden in the scene so far and has a tile in `next` has nothing fresh to show; tells
    /// those inputs already which size they should come in.
    bool awaits_pictures(const Scene &next, TimeNs now);

  private:
    /// What is known of an input from picture to picture.
    struct Slot {
        bool hidden = false;
        std::shared_ptr<const VideoFrame> frame;
        TimeNs changed = 0; ///< when `frame` became the newest
        Scaler scaler;
        std::shared_ptr<const VideoFrame> scaled_frame; ///< what `scaled` was made of
        Target scaled_target;
        ImagePool tiles;
        std::shared_ptr<Image> scaled;
        FrozenPicture frozen;
    };
    /// Takes over what is newest.
    Slot &follow(VideoSource &source, TimeNs now, TimeNs picture_time);
    void draw(const Scene &scene, const SceneTile &tile, Slot &slot, TimeNs now, const Picture &canvas);
    void draw_badge(const SceneTile &tile, const Rect &rect, const Picture &canvas);
    bool draw_frozen(const SceneTile &tile, const Rect &rect, const CornerMask &corners, Slot &slot,
                     const Picture &canvas);
    bool draw_frame(const SceneTile &tile, const Rect &rect, const CornerMask &corners, Slot &slot,
                    const Picture &canvas);
    const CornerMask &corners(int radius);

    std::map<const VideoSource *, Slot> slots_;
    std::map<int, CornerMask> corners_;
};

} // namespace livecompositor
