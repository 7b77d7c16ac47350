// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A livecompositor on a test clock: the test turns the clock, pushes into the sink pads from its own thread and sees
// every picture and block that comes out. Nothing waits for real time.

#pragma once

#include <gst/check/gsttestclock.h>
#include <gst/gst.h>
#include <gst/video/video.h>

#include <mutex>
#include <string>
#include <vector>

struct Rgb {
    int r, g, b;
};

/// What came out of one src pad. Filled by the output's thread.
struct Output {
    std::mutex mutex;
    std::vector<GstBuffer *> buffers;
    std::vector<GstCaps *> caps; ///< of each buffer
    bool eos = false;
};

/// A live source in front of one sink pad; everything it does happens in the calling thread.
class Feed {
  public:
    Feed(GstElement *compositor, const char *pad_name, bool live = true);
    ~Feed();
    Feed(const Feed &) = delete;
    Feed &operator=(const Feed &) = delete;

    void caps(const std::string &caps);
    GstFlowReturn push(GstBuffer *buffer, GstClockTime pts);
    /// One picture of a single colour in the I420 size of the caps.
    GstFlowReturn picture(GstClockTime pts, Rgb color);
    GstFlowReturn samples(GstClockTime pts, int frames, int16_t value);
    void eos();
    void segment(GstClockTime base); ///< stamps count from 0 again, which is running time `base`
    void flush();
    void restart(); ///< a new stream, after the element was stopped
    /// Unlinks and releases the request pad.
    void leave();
    GstPad *sink() const { return sink_; }

  private:
    GstElement *const compositor_;
    GstPad *source_;
    GstPad *sink_;
    GstVideoInfo info_{};
};

class Stage {
  public:
    explicit Stage(const char *properties = "");
    ~Stage();
    Stage(const Stage &) = delete;
    Stage &operator=(const Stage &) = delete;

    GstElement *compositor() const { return compositor_; }
    void play();
    void stop() { set_state(GST_STATE_NULL); }
    void set_state(GstState state);
    void rewind(); ///< running time begins again with what the clock says now; time() counts from there
    /// Turns the clock on until nothing is due up to `time`.
    void run_until(GstClockTime time);
    GstClockTime time() const { return gst_clock_get_time(GST_CLOCK(clock_)) - base_; }

    size_t pictures();
    size_t blocks();
    GstClockTime picture_pts(size_t i);
    Rgb pixel(size_t picture, int x, int y);
    GstCaps *picture_caps(size_t i) { return video_.caps.at(i); }
    std::vector<int16_t> sound(); ///< interleaved, all that came so far
    bool video_eos() const { return video_.eos; }
    bool audio_eos() const { return audio_.eos; }
    /// The next message of this type from the compositor, null if there is none now.
    GstMessage *pop(GstMessageType type);
    GstMessage *pop(const char *element_message); ///< leaves out others
    void forget_locked();                         ///< what came so far; the caller holds both mutexes
    void assert_steps();                          ///< PTS of pictures and blocks follow each other without a gap

    Output video_;
    Output audio_;

  private:
    GstElement *pipeline_;
    GstElement *compositor_;
    GstTestClock *clock_;
    GstClockTime base_ = 0;
};

constexpr GstClockTime ms(guint64 n) {
    return n * GST_MSECOND;
}
bool looks_like(Rgb got, Rgb expected);
void assert_color(Rgb got, Rgb expected);
constexpr Rgb kRed{255, 0, 0}, kGreen{0, 255, 0}, kBlue{0, 0, 255}, kGray{128, 128, 128};
