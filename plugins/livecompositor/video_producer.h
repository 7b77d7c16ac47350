// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "livecompositor/composer.h"
#include "livecompositor/output.h"

namespace livecompositor {

/// The picture: one I420 frame per 1/framerate of running time.
class VideoProducer final : public Producer {
  public:
    explicit VideoProducer(Board &board) : board_(board) {}
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

    Board &board_;
    uint64_t version_ = 0;
    VideoSnapshot snapshot_;
    SceneBuilder builder_;
    Composer composer_;
    Scene scene_;

    uint64_t frame_ = 0; ///< counts from epoch_
    TimeNs epoch_ = 0;   ///< where the present frame rate began
    int fps_n_ = 30;
    int fps_d_ = 1;
    GstVideoInfo info_{};
    GstBufferPool *pool_ = nullptr;
};

} // namespace livecompositor
