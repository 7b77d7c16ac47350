// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "livecompositor/board.h"
#include "livecompositor/stamp_clock.h"

#include <gst/gst.h>

namespace livecompositor {

/// What a sink pad holds: exactly one of the two sources.
struct PadImpl {
    std::shared_ptr<Board> board;
    std::shared_ptr<VideoSource> video;
    std::shared_ptr<AudioSource> audio;
    std::shared_ptr<std::atomic<TimeNs>> stamp_offset; ///< of this participant's pads

    // streaming thread only
    GstSegment segment{};
    StampClock stamps;
    bool live = true;
    bool live_known = false;

    PadSettings &settings() { return video ? video->settings : audio->settings; }
    unsigned index() const { return video ? video->index : audio->index; }
    void leave_board();
};

} // namespace livecompositor

G_BEGIN_DECLS

struct GstLiveCompositorPad {
    GstPad parent;
    livecompositor::PadImpl *impl;
};

struct GstLiveCompositorPadClass {
    GstPadClass parent_class;
};

#define GST_TYPE_LIVE_COMPOSITOR_PAD (gst_live_compositor_pad_get_type())
#define GST_LIVE_COMPOSITOR_PAD(obj)                                                                                   \
    (G_TYPE_CHECK_INSTANCE_CAST((obj), GST_TYPE_LIVE_COMPOSITOR_PAD, GstLiveCompositorPad))
GType gst_live_compositor_pad_get_type();

G_END_DECLS

/// Creates the pad and adds its source to the board.
GstLiveCompositorPad *gst_live_compositor_pad_new(GstPadTemplate *templ, const gchar *name,
                                                  std::shared_ptr<livecompositor::Board> board, bool video,
                                                  unsigned index);
