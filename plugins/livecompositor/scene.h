// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "livecompositor/board.h"
#include "livecompositor/paint.h"

#include <map>

namespace livecompositor {

/// What is drawn of one input.
struct SceneTile {
    std::shared_ptr<VideoSource> source;
    Rect from; ///< where it stands when the transition begins
    Rect rect; ///< where it stands in the end
    int radius = 0;
    Target target;
    bool speaking = false;
    bool camera_off = false;
    bool freezes = true; ///< a picture that stands still counts as lost; not so for a screen share
    std::shared_ptr<const Sprite> label;
    std::shared_ptr<const Sprite> badge;
};

/// Everything about a picture but the moving content. Built whole at a frame boundary, then only read.
struct Scene {
    Size size;
    Yuv background;
    Yuv tile_color;
    Yuv accent;
    int border = 0;                                   ///< of the active speaker, px
    std::vector<SceneTile> tiles;                     ///< in drawing order
    std::vector<std::shared_ptr<VideoSource>> hidden; ///< inputs without a tile
    std::shared_ptr<const Sprite> watermark;
    std::shared_ptr<const Sprite> slate; ///< in the middle, while there is no tile
    int margin = 0;
    TimeNs transition_start = 0;
    TimeNs transition_ns = 0;
    Ease ease = Ease::InOut;
    std::vector<SceneTile> leaving; ///< shrinks over the others and is gone when the transition ends
    TimeNs freeze_ns = 0;           ///< 0 = never

    /// Part of the way that the transition has gone at `time`, eased, 0..1.
    double progress(TimeNs time) const;
    static Rect between(const Rect &from, const Rect &to, double progress);
};

/// Makes scenes of snapshots; remembers drawn labels and badges and where everybody stood. Thread-bound: video thread.
class SceneBuilder {
  public:
    Scene build(const VideoSnapshot &snapshot, const Scene &before, TimeNs now);

  private:
    struct Drawn {
        std::string text;
        bool silent = false;
        Size tile;
        std::shared_ptr<const Sprite> label;
        std::shared_ptr<const Sprite> badge;
    };
    void decorate(SceneTile &tile, const VideoSnapshot::Entry &entry);
    Motion motion_of(const Settings &settings);
    const std::shared_ptr<const Sprite> &slate(const Settings &settings);

    std::map<unsigned, Drawn> drawn_;
    unsigned switches_ = 0; ///< set-layout calls that were seen
    Drawn slate_;           ///< `tile` is the canvas, `label` the sprite
};

} // namespace livecompositor
