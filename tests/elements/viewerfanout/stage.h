// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// viewerfanout in a pipeline that the test feeds by hand, and peers over loopback as its viewers.

#pragma once

#include "support/loopback_peer.h"
#include "sync/mutex.h"
#include "wire/rtp.h"

#include <gst/gst.h>

#include <functional>
#include <string>
#include <vector>

namespace stage {

using peerwire::test::Bytes;

constexpr uint8_t kVp8Type = 96, kVp8RtxType = 97, kH264Type = 108, kOpusType = 111;
constexpr uint8_t kVp8Key = 0x00, kVp8Delta = 0x01; // the P bit

/// A peer that speaks like a browser's viewer.
class Viewer {
  public:
    std::string offer(bool h264 = true) const;
    /// Reads the answer and connects. Aborts the test when the answer is none.
    void connect(const std::string &answer);
    void run_until(const std::function<bool()> &done) { loopback.run_until(done); }
    /// Packets of the video's SSRC, or of the sound's.
    std::vector<peerwire::RtpView> video() const { return of_type({kVp8Type, kH264Type}); }
    std::vector<peerwire::RtpView> audio() const { return of_type({kOpusType}); }
    void send_pli();

    peerwire::test::LoopbackPeer loopback;
    std::string answer;

  private:
    std::vector<peerwire::RtpView> of_type(std::vector<uint8_t> types) const;
};

/// Caps of a payloader.
constexpr char kVp8Caps[] = "application/x-rtp,media=video,encoding-name=VP8,clock-rate=90000,payload=100";
constexpr char kH264Caps[] = "application/x-rtp,media=video,encoding-name=H264,clock-rate=90000,payload=101";
constexpr char kOpusCaps[] = "application/x-rtp,media=audio,encoding-name=OPUS,clock-rate=48000,payload=102";

/// A live pipeline. Signals and messages are collected from whatever thread they come.
class Stage {
  public:
    /// `sources`: pads to feed, as "video" and "audio"; `properties` of the element.
    explicit Stage(const std::vector<std::string> &sources = {"video", "audio"}, const std::string &properties = "");
    ~Stage();

    void play();
    void stop() { set_state(GST_STATE_NULL); }
    void set_state(GstState state);

    /// NULL when refused.
    std::string add_viewer(const std::string &id, const std::string &offer);
    std::string last_error();
    std::string text_property(const char *name);
    unsigned viewer_count();
    uint64_t stat(const char *structure, const char *field);

    void set_caps(const char *source, const char *caps);
    void push(const char *source, uint32_t ssrc, uint16_t sequence, uint32_t timestamp, GstClockTime pts,
              const Bytes &payload);
    /// One VP8 packet per frame: number `n`, 40 ms apart.
    void push_vp8(unsigned n, bool key, uint32_t ssrc = 1);

    /// "connected ID" and "disconnected ID REASON", in order.
    std::vector<std::string> events() EXCLUDES(mutex_);
    bool has_event(const std::string &event);
    /// Aborts the test when it does not become true in time.
    static void wait_for(const std::function<bool()> &done);

    GstElement *pipeline, *fanout;

  private:
    static void on_connected(GstElement *, const char *id, gpointer self);
    static void on_disconnected(GstElement *, const char *id, const char *reason, gpointer self);

    peerwire::Mutex mutex_;
    std::vector<std::string> events_ GUARDED_BY(mutex_);
};

} // namespace stage
