// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Where a stream enters a recording: lets in what belongs there, at the time of its part, and goes over to the next
// part at the very picture that begins it.

#pragma once

#include "recording_part.h"
#include "timeline.h"

#include "sync/mutex.h"

#include <array>

namespace rostrum::session {

/// What can change while it is recorded.
struct RecordingRules {
    bool paused = false;
    uint64_t split_ms = 0, split_bytes = 0; // 0 = never
};

/// What the gates of one recording share. Thread-safe. Never held while anything is pushed, posted or called.
struct RecordingFlow {
    enum Stream { kVideo, kAudio };

    struct Entrance {
        std::array<GstPtr<GstPad>, 2> pads; // of the muxer, by Stream
        std::shared_ptr<RecordingPart::Media> media;
    };

    peerwire::Mutex mutex;
    peerwire::CondVar changed;
    Timeline timeline GUARDED_BY(mutex);
    RecordingRules rules GUARDED_BY(mutex);
    std::vector<Entrance> parts GUARDED_BY(mutex);
    bool open GUARDED_BY(mutex) = false;      // the first file takes bytes
    bool finishing GUARDED_BY(mutex) = false; // what is on its way is the last
    bool closed GUARDED_BY(mutex) = false;    // nothing is let in any more, and nobody waits

    // On streaming threads.
    std::function<void()> begun;                  // the first picture was let in
    std::function<void(unsigned part)> want_part; // parts[part] is waited for

    std::atomic<bool> waits_for_keyframe{true};

    void close() {
        peerwire::MutexLock lock(mutex);
        closed = true;
        changed.notify_all();
    }
};

/// Stands at an unlinked source pad for as long as that lives, and links it to one muxer after the other. The pad's
/// thread may wait here: there has to be a queue before it.
void add_recording_gate(GstPad *pad, RecordingFlow::Stream stream, bool leads,
                        const std::shared_ptr<RecordingFlow> &flow);

} // namespace rostrum::session
