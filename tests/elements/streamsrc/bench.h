// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A pipeline with one streamsrc, whose pads are linked to sinks that remember what came.

#pragma once

#include "common/gst_ref.h"
#include "sync/mutex.h"

#include <gst/gst.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace rostrum::test {

/// g_assert_cmpstr for temporaries.
inline void assert_text(const std::string &text, const char *wanted) {
    g_assert_cmpstr(text.c_str(), ==, wanted);
}

struct Seen {
    unsigned buffers = 0;
    std::vector<GstClockTime> pts;
    std::vector<std::string> stream_ids;
    std::vector<GstRef<GstCaps>> caps;
    bool eos = false;
    unsigned segments = 0, flush_stops = 0;
};

class Bench {
  public:
    explicit Bench(const std::function<void(GstElement *)> &configure = {});
    ~Bench();

    void play();
    void set_state(GstState state);
    /// The named pad will get no sink of its own but `factory`.
    void sink_for(const std::string &pad, const char *description) { sinks_[pad] = description; }

    Seen seen(const std::string &pad) const EXCLUDES(mutex_);
    std::vector<std::string> pads() const EXCLUDES(mutex_);
    unsigned no_more_pads() const { return static_cast<unsigned>(g_atomic_int_get(&no_more_pads_)); }
    /// Takes messages off the bus; true when streamsrc-state `state` (with `reason`, when given) was among them so far.
    bool said(const std::string &state, const char *reason = nullptr);
    bool had_error();
    /// Takes messages off the bus; the last streamsrc-picture of the pad as "640x360 flowing" or "… silent".
    std::string picture(const std::string &pad);

    GstElement *pipeline = nullptr;
    GstElement *source = nullptr;

  private:
    static void on_pad_added(GstElement *, GstPad *pad, gpointer self);
    static void on_no_more_pads(GstElement *, gpointer self);
    static GstPadProbeReturn on_data(GstPad *pad, GstPadProbeInfo *info, gpointer self);
    void link(GstPad *pad);
    void note(const std::string &pad, GstPadProbeInfo *info) EXCLUDES(mutex_);
    void take_messages();
    void note_picture(const GstStructure *content);

    std::map<std::string, std::string> sinks_;
    std::vector<std::pair<std::string, std::string>> states_;
    std::map<std::string, std::string> pictures_;
    bool error_ = false;
    gint no_more_pads_ = 0;
    mutable peerwire::Mutex mutex_;
    std::map<std::string, Seen> seen_ GUARDED_BY(mutex_);
};

} // namespace rostrum::test
