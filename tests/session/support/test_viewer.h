// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A viewer: webrtcbin, which decodes what a feed sends.

#pragma once

#include "session_process.h"

#include <gst/gst.h>

#include <atomic>

namespace test {

class TestViewer {
  public:
    /// Joins `feed`; fails the test when that is refused.
    TestViewer(SessionProcess &session, std::string participant, std::string feed);
    ~TestViewer();
    TestViewer(const TestViewer &) = delete;
    TestViewer &operator=(const TestViewer &) = delete;

    unsigned frames() const { return frames_; }
    unsigned sounds() const { return sounds_; }
    /// The longest time between two decoded pictures since reset_gap().
    double longest_gap() const;
    void reset_gap();
    /// Fails the test unless so many more pictures come.
    void wait_frames(unsigned more, unsigned seconds = 15);
    const std::string &resource() const { return resource_; }

  private:
    static void on_pad(GstElement *rtc, GstPad *pad, gpointer self);
    static void on_picture(GstElement *, GstBuffer *, GstPad *, gpointer self);
    static void on_sound(GstElement *, GstBuffer *, GstPad *, gpointer self);
    std::string make_offer();

    GstElement *pipeline_, *rtc_;
    std::string resource_;
    std::atomic<unsigned> frames_{0}, sounds_{0};
    std::atomic<gint64> last_us_{0}, gap_us_{0};
};

} // namespace test
