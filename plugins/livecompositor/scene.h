// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "livecompositor/board.h"
#include "livecompositor/overlays.h"

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
    bool stand_in = false; ///< of a participant with sound only
    bool freezes = true;   ///< a picture that stands still counts as lost; not so for a screen share
    std::shared_ptr<const Sprite> label;
    Spot label_spot = Spot::BottomLeft; ///< where nothing else covers it
    std::shared_ptr<const Sprite> badge;

    /// Where the label stands while the tile is at `at`.
    Rect label_rect(const Rect &at, int inset) const;
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
    Overlays overlays;
    int margin = 0;
    int label_inset = 0; ///< from the edges of the tile, px
    TimeNs transition_start = 0;
    TimeNs transition_ns = 0;
    Ease ease = Ease::InOut;
    unsigned switches = 0;          ///< set-layout calls up to here
    std::vector<SceneTile> leaving; ///< shrinks over the others and is gone when the transition ends
    TimeNs freeze_ns = 0;           ///< 0 = never

    /// Part of the way that the transition has gone at `time`, eased, 0..1.
    double progress(TimeNs time) const;
    const SceneTile *tile_of(unsigned index) const; ///< null when that input has none
    static Rect between(const Rect &from, const Rect &to, double progress);
};

/// Makes scenes of snapshots; remembers drawn labels and badges and where everybody stood. Thread-bound: video thread.
class SceneBuilder {
  public:
    /// `now` is the time of the picture to come, `now_utc_us` the wall clock's at that moment.
    Scene build(const VideoSnapshot &snapshot, const Scene &before, TimeNs now, int64_t now_utc_us);

  private:
    struct Drawn {
        Label label_of;
        std::shared_ptr<const Bitmap> avatar;
        Size tile;
        std::shared_ptr<const Sprite> label;
        std::shared_ptr<const Sprite> badge;
    };
    void decorate(SceneTile &tile, const VideoSnapshot::Entry &entry);

    std::map<unsigned, Drawn> drawn_;
    OverlayBuilder overlays_;
};

} // namespace livecompositor
