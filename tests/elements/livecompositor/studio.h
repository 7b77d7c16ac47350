// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Board, scene builder and composer without an element around them: the test says what time it is and sees the picture.

#pragma once

#include "livecompositor/composer.h"

#include <functional>

struct Rgb {
    int r, g, b;
};

class Studio {
  public:
    explicit Studio(livecompositor::Size canvas = {640, 360});
    Studio(const Studio &) = delete;
    Studio &operator=(const Studio &) = delete;

    livecompositor::Board board;
    void brand(const std::function<void(livecompositor::Branding &)> &edit);

    /// A participant with a picture pad, numbered from 0; every call to shoot() gives it a new picture.
    livecompositor::VideoSource &add_camera(const char *label = "");
    void set(livecompositor::VideoSource &camera, const std::function<void(livecompositor::PadSettings &)> &edit);
    void stop(const livecompositor::VideoSource &camera); ///< it sends no more pictures
    void resume(const livecompositor::VideoSource &camera);

    /// Composes the picture of this time; later ones follow.
    const livecompositor::Picture &shoot(livecompositor::TimeNs time);
    /// All pictures of 30 per second from the last one up to this time.
    const livecompositor::Picture &shoot_until(livecompositor::TimeNs time);
    const livecompositor::Scene &scene() const { return scene_; }
    livecompositor::TimeNs time() const { return time_; }

    /// The wall clock is so far ahead of running time, us.
    static constexpr int64_t kUtcUs = 1'700'000'000'000'000;

  private:
    struct Camera {
        std::shared_ptr<livecompositor::VideoSource> source;
        bool stopped = false;
    };
    livecompositor::SceneBuilder builder_;
    livecompositor::Composer composer_;
    livecompositor::VideoSnapshot snapshot_;
    livecompositor::Scene scene_;
    uint64_t version_ = 0;
    std::vector<Camera> cameras_;
    std::unique_ptr<livecompositor::Image> canvas_;
    livecompositor::Picture picture_;
    livecompositor::TimeNs time_ = 0;
};

constexpr livecompositor::TimeNs kMs = 1'000'000, kSecond = 1000 * kMs;

Rgb rgb_at(const livecompositor::Picture &picture, int x, int y);
/// Mean colour of a part of the picture.
Rgb mean_of(const livecompositor::Picture &picture, const livecompositor::Rect &rect);
/// A bitmap of one colour, ARGB premultiplied.
std::shared_ptr<const livecompositor::Bitmap> flat_bitmap(livecompositor::Size size, uint32_t argb);
