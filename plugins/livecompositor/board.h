// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "livecompositor/artwork.h"
#include "livecompositor/audio_input.h"
#include "livecompositor/branding.h"
#include "livecompositor/layout.h"

#include <atomic>
#include <functional>

namespace livecompositor {

/// What an application said about one pad.
struct PadSettings {
    std::string label;
    int priority = 0;
    unsigned pin_rank = 0; ///< 0 = not pinned; else the order of pinning
    bool screen = false;
    bool muted = false;
    bool hand = false; ///< raised
    NamedImage avatar;
    Fit fit = Fit::Auto;
};

/// What an application said about the picture.
struct Settings {
    Size size{1280, 720};
    int fps_n = 30;
    int fps_d = 1;
    LayoutSpec layout;
    bool light = false;
    std::optional<Color> background; ///< nothing = the theme's
    Branding branding;
    int transition_ms = 250;
    int freeze_ms = 1000;
};

/// A sink pad as the outputs know it; outlives the GstPad while an output still draws it.
template <class Input> struct Source {
    explicit Source(unsigned n) : index(n) {}
    const unsigned index; ///< N of video_N, audio_N
    Input input;
    PadSettings settings; ///< guarded by Board's mutex
};
using VideoSource = Source<VideoInput>;
using AudioSource = Source<AudioInput>;

/// One consistent copy of everything that the picture depends on.
struct VideoSnapshot {
    struct Entry {
        std::shared_ptr<VideoSource> source;
        PadSettings settings;
        bool silent = false;                  ///< its sound (audio_N of the same N) is muted
        bool hand = false;                    ///< raised on either pad
        std::shared_ptr<const Bitmap> avatar; ///< of the video pad, else of the audio pad
    };
    Settings settings;
    std::vector<Entry> sources;
    std::optional<unsigned> speaker;
};

struct AudioSnapshot {
    struct Entry {
        std::shared_ptr<AudioSource> source;
        bool muted = false;
    };
    std::vector<Entry> sources;
};

/// What properties and pads say, and what the outputs read at the start of a picture or block: a change shows whole or
/// not at all. Thread-safe; its mutex is a leaf, nothing is called with it held.
class Board {
  public:
    void add(std::shared_ptr<VideoSource> source);
    void add(std::shared_ptr<AudioSource> source);
    void remove(const VideoSource &source);
    void remove(const AudioSource &source);

    Settings settings() const;
    void change(const std::function<void(Settings &)> &edit);
    PadSettings pad(const PadSettings &settings) const; ///< copy under the lock
    void change_pad(PadSettings &settings, const std::function<void(PadSettings &)> &edit);
    void pin(PadSettings &settings, bool pinned);

    std::optional<unsigned> speaker() const;
    void set_speaker(std::optional<unsigned> speaker);

    /// True and a new copy when something changed since `*version`, which starts at 0.
    bool read(uint64_t *version, VideoSnapshot *snapshot) const;
    bool read(uint64_t *version, AudioSnapshot *snapshot) const;

    /// How long after its time a picture or sound is made. Only grows while playing.
    std::atomic<TimeNs> delay_ns{100'000'000};

  private:
    void changed() REQUIRES(mutex_) { ++version_; }

    mutable peerwire::Mutex mutex_;
    uint64_t version_ GUARDED_BY(mutex_) = 1;
    unsigned last_pin_ GUARDED_BY(mutex_) = 0;
    Settings settings_ GUARDED_BY(mutex_);
    std::vector<std::shared_ptr<VideoSource>> video_ GUARDED_BY(mutex_);
    std::vector<std::shared_ptr<AudioSource>> audio_ GUARDED_BY(mutex_);
    std::optional<unsigned> speaker_ GUARDED_BY(mutex_);
};

} // namespace livecompositor
