// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What is behind the element: its settings, producers and outputs.

#pragma once

#include "livecompositor/audio_producer.h"
#include "livecompositor/gstlivecompositor.h"
#include "livecompositor/settings.h"
#include "livecompositor/video_producer.h"

#include <memory>
#include <set>
#include <string>
#include <vector>

namespace livecompositor {

constexpr guint kDefaultLatencyMs = 100; // a host's jitter buffer and decoder
constexpr guint kMaxLatencyMs = 2000;

struct ElementImpl {
    explicit ElementImpl(GstLiveCompositor *self);

    GstPad *const video_pad;
    GstPad *const audio_pad;
    const std::shared_ptr<Board> board = std::make_shared<Board>();
    VideoProducer video_producer;
    AudioProducer audio_producer;
    Output video;
    Output audio;

    peerwire::Mutex mutex;
    guint latency_ms GUARDED_BY(mutex) = kDefaultLatencyMs;
    std::string layout_text GUARDED_BY(mutex) = "grid";
    std::string background_text GUARDED_BY(mutex);
    std::vector<std::string> complaints GUARDED_BY(mutex);
    std::vector<ShownTile> tiles GUARDED_BY(mutex);     ///< of the present picture
    bool has_played GUARDED_BY(mutex) = false;          ///< since READY
    std::set<unsigned> video_numbers GUARDED_BY(mutex); ///< N of the pads that there are
    std::set<unsigned> audio_numbers GUARDED_BY(mutex);
};

} // namespace livecompositor
