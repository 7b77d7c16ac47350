// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "livecompositor/artwork.h"
#include "livecompositor/audio_input.h"
#include "livecompositor/branding.h"
#include "livecompositor/layout.h"
#include "livecompositor/motion.h"

#include <atomic>
#include <functional>
#include <map>

namespace livecompositor {

/// What an application said about one pad.
struct PadSettings {
    std::string label;
    int priority = 0;
    unsigned pin_rank = 0; ///< 0 = not pinned; else the order of pinning
    bool screen = false;
    unsigned share_rank = 0; ///< order in which screens began to be shared
    bool muted = false;
    bool placeholder = false; ///< audio: has a tile while there is no video_N of the same N
    float volume = 1;
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
    std::optional<int> border;       ///< of the active speaker, px of the design; nothing = own
    std::optional<Color> accent;     ///< of that border; nothing = the theme's
    Motion motion;
    Motion switch_motion;  ///< of the newest set-layout, for that change only
    unsigned switches = 0; ///< counts set-layout
    Branding branding;
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
struct AudioSource : Source<AudioInput> {
    using Source::Source;
    /// Has the tile of a participant with sound only; never gets a picture.
    const std::shared_ptr<VideoSource> stand_in = std::make_shared<VideoSource>(index);
};

/// One consistent copy of everything that the picture depends on.
struct VideoSnapshot {
    struct Entry {
        std::shared_ptr<VideoSource> source;
        PadSettings settings;
        bool silent = false;                  ///< its sound (audio_N of the same N) is muted
        bool hand = false;                    ///< raised on either pad
        std::shared_ptr<const Bitmap> avatar; ///< of the video pad, else of the audio pad
        bool stand_in = false;                ///< of an audio pad: there is no video_N
    };
    Settings settings;
    std::vector<Entry> sources;
    std::optional<unsigned> speaker;
};

struct AudioSnapshot {
    struct Entry {
        std::shared_ptr<AudioSource> source;
        std::shared_ptr<VideoSource> picture; ///< of the same N; null = none
        float gain = 1;                       ///< 0 = muted
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
    void share(PadSettings &settings, bool screen);

    /// What the pads of participant N add to stamps that are not of this pipeline (see StampClock).
    std::shared_ptr<std::atomic<TimeNs>> stamp_offset(unsigned index);

    std::optional<unsigned> speaker() const;
    void set_speaker(std::optional<unsigned> speaker);

    /// True and a new copy when something changed since `*version`, which starts at 0.
    bool read(uint64_t *version, VideoSnapshot *snapshot) const;
    bool read(uint64_t *version, AudioSnapshot *snapshot) const;

    /// How long after its time a picture or sound is made. Only grows while playing.
    std::atomic<TimeNs> delay_ns{100'000'000};

  private:
    bool has_picture(unsigned index) const REQUIRES(mutex_);
    void changed() REQUIRES(mutex_) { ++version_; }
    std::shared_ptr<VideoSource> picture_of(const AudioSource &sound) const REQUIRES(mutex_);

    mutable peerwire::Mutex mutex_;
    uint64_t version_ GUARDED_BY(mutex_) = 1;
    unsigned last_pin_ GUARDED_BY(mutex_) = 0;
    unsigned last_share_ GUARDED_BY(mutex_) = 0;
    Settings settings_ GUARDED_BY(mutex_);
    std::vector<std::shared_ptr<VideoSource>> video_ GUARDED_BY(mutex_);
    std::vector<std::shared_ptr<AudioSource>> audio_ GUARDED_BY(mutex_);
    std::map<unsigned, std::weak_ptr<std::atomic<TimeNs>>> stamp_offsets_ GUARDED_BY(mutex_);
    std::optional<unsigned> speaker_ GUARDED_BY(mutex_);
};

} // namespace livecompositor
