// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "livecompositor/composer.h"
#include "livecompositor/output.h"
#include "livecompositor/shown_tiles.h"

namespace livecompositor {

/// The picture: one I420 frame per 1/framerate of running time.
class VideoProducer final : public Producer {
  public:
    using TilesListener = std::function<void(const std::vector<ShownTile> &)>;

    /// `on_tiles` is called on the video thread, before the first picture that shows them.
    VideoProducer(Board &board, TilesListener on_tiles) : board_(board), on_tiles_(std::move(on_tiles)) {}
    ~VideoProducer() override;

    TimeNs next_time() const override { return time_of(frame_); }
    void skip_to(TimeNs time) override;
    TimeNs max_lag() const override;
    void restart() override;
    Product produce() override;

    static GstCaps *caps_of(const Settings &settings);

  private:
    TimeNs time_of(uint64_t frame) const;
    GstCaps *take_over(const Settings &settings);
    GstBuffer *new_buffer();
    /// `next`: a change that is held back, for which pictures are needed already; or null.
    void tell_tiles(const Scene *next);
    bool holds_back(const Scene &next);

    Board &board_;
    const TilesListener on_tiles_;
    uint64_t version_ = 0;
    VideoSnapshot snapshot_;
    SceneBuilder builder_;
    Composer composer_;
    Scene scene_;
    std::vector<ShownTile> tiles_; ///< as last told
    bool moving_ = false;          ///< tiles are about to change again by themselves
    TimeNs held_until_ = 0;        ///< a change waits for pictures until then; 0 = none does

    uint64_t frame_ = 0; ///< counts from epoch_
    TimeNs epoch_ = 0;   ///< where the present frame rate began
    int fps_n_ = 30;
    int fps_d_ = 1;
    GstVideoInfo info_{};
    GstBufferPool *pool_ = nullptr;
};

} // namespace livecompositor
