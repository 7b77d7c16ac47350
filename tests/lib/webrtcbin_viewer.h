// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// GStreamer's webrtcbin as a viewer, which decodes what it is sent.

#pragma once

#include <gst/gst.h>

#include <atomic>
#include <functional>
#include <string>

namespace test {

inline constexpr char kH264[] =
    "application/x-rtp,media=video,encoding-name=H264,clock-rate=90000,payload=102,packetization-mode=(string)1,"
    "profile-level-id=(string)42e01f,rtcp-fb-nack=true,rtcp-fb-nack-pli=true";
inline constexpr char kVp8[] =
    "application/x-rtp,media=video,encoding-name=VP8,clock-rate=90000,payload=96,rtcp-fb-nack-pli=true";
inline constexpr char kH264AndVp8[] =
    "application/x-rtp,media=video,encoding-name=H264,clock-rate=90000,payload=102,packetization-mode=(string)1,"
    "profile-level-id=(string)42e01f,rtcp-fb-nack=true,rtcp-fb-nack-pli=true;"
    "application/x-rtp,media=video,encoding-name=VP8,clock-rate=90000,payload=96,rtcp-fb-nack-pli=true";

class WebrtcbinViewer {
  public:
    /// Its SDP offer in, the answer out.
    using Signalling = std::function<std::string(const std::string &offer)>;

    /// Connects at once. `video`: the caps of the codecs that it offers.
    explicit WebrtcbinViewer(const Signalling &play, const char *video = kH264AndVp8);
    ~WebrtcbinViewer();
    WebrtcbinViewer(const WebrtcbinViewer &) = delete;
    WebrtcbinViewer &operator=(const WebrtcbinViewer &) = delete;

    unsigned frames() const { return frames_; }
    unsigned sounds() const { return sounds_; }
    /// Of the newest picture.
    int width() const { return width_; }
    /// Some sound was not silence.
    bool loud() const { return loud_; }
    /// The longest time between two decoded pictures since reset_gap().
    double longest_gap() const;
    void reset_gap();
    /// Fails the test unless so many more pictures come.
    void wait_frames(unsigned more, unsigned seconds = 15);

  private:
    static void on_pad(GstElement *rtc, GstPad *pad, gpointer self);
    static void on_decoded(GstElement *decoder, GstPad *pad, gpointer self);
    static void on_picture(GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer self);
    static void on_sound(GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer self);
    std::string make_offer();

    GstElement *pipeline_, *rtc_;
    std::atomic<unsigned> frames_{0}, sounds_{0};
    std::atomic<int> width_{0};
    std::atomic<bool> loud_{false};
    std::atomic<gint64> last_us_{0}, gap_us_{0};
};

} // namespace test
