// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Writes one HLS stream on a thread of its own, so that a slow disk holds up nothing but this stream. What waits for it
// is bounded; beyond that pictures are dropped up to the next keyframe.

#pragma once

#include "gst_ptr.h"
#include "hls_files.h"

#include "sync/mutex.h"

#include <deque>
#include <variant>

namespace rostrum::session {

/// Thread-safe, but for its life: main.
class HlsWriter {
  public:
    struct Progress {
        uint64_t segments = 0; // that every rendition has
        uint64_t bytes = 0;
    };
    /// Called on the main thread, none after the writer is gone.
    struct Observer {
        std::function<void(const Progress &)> grown; // the journal has
        std::function<void(const std::string &error)> failed;
        std::function<void()> finished; // after finish()
    };

    HlsWriter(HlsSetup setup, Observer observer);
    /// Does not wait for the disk: the thread ends by itself.
    ~HlsWriter();
    HlsWriter(const HlsWriter &) = delete;
    HlsWriter &operator=(const HlsWriter &) = delete;

    void set_video(size_t rendition, hls::VideoTrack track);
    void set_audio(hls::AudioTrack track);
    /// `broken`: pictures before it are missing, so that it shows nothing right unless it is a keyframe.
    void push_video(size_t rendition, hls::Sample sample, bool broken);
    void push_audio(hls::Sample sample);

    /// What was pushed is written, then the end of the stream.
    void finish();

  private:
    struct Video {
        size_t rendition;
        hls::Sample sample;
    };
    struct VideoChange {
        size_t rendition;
        hls::VideoTrack track;
    };
    struct End {};
    using Item = std::variant<Video, VideoChange, hls::Sample, hls::AudioTrack, End>;

    static constexpr size_t kMaxWaitingBytes = 32 << 20; // half a minute of all renditions

    struct Shared {
        Observer observer; // main thread only
        Alive alive = std::make_shared<bool>(true);
        peerwire::Mutex mutex; // never held while anything is called
        peerwire::CondVar filled;
        std::deque<Item> items GUARDED_BY(mutex);
        size_t bytes GUARDED_BY(mutex) = 0;
        std::vector<bool> broken GUARDED_BY(mutex); // renditions that wait for a keyframe
        bool closed GUARDED_BY(mutex) = false;      // no more is taken
    };

    static void run(const std::shared_ptr<Shared> &shared, const HlsSetup &setup);
    static void write(const std::shared_ptr<Shared> &shared, const HlsSetup &setup);
    static std::deque<Item> take(Shared &shared);
    void push(Item item);

    const std::shared_ptr<Shared> shared_;
};

} // namespace rostrum::session
