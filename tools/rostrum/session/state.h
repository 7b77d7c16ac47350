// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What a session wants (told by `serve`) and what it knows (its hosts and their tracks). Plain values: the plan is a
// function of this and nothing else. Reentrant.

#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace rostrum::session {

enum class Layout { Grid, Sidebar, Spotlight, Pip, Screen, Custom };
enum class Priority { Speaker, Pin };
enum class Theme { Dark, Light };
enum class Quality { Low, Med, High, Ultra };
enum class Orientation { Landscape, Portrait };

struct Composition {
    Layout layout = Layout::Grid;
    std::string description; // of Layout::Custom: JSON as livecompositor takes it
    Priority priority = Priority::Speaker;
    unsigned grid_size = 25; // most tiles shown at once
    Theme theme = Theme::Dark;
    Quality quality = Quality::Med;
    Orientation orientation = Orientation::Landscape;
    // px of a canvas whose shorter side is 720; nothing = the layout's own
    std::optional<unsigned> gap, radius, speaker_border;
    std::string accent; // colour of the speaker's border; "" = the theme's
    std::optional<unsigned> transition_ms;
    std::string transition_ease;
    std::set<std::string> pinned, screens;       // participants
    std::map<std::string, std::string> branding; // property of livecompositor → value
};

/// One RTMP or SRT destination. The stream key, like parts of the URL, is a secret: it is never printed.
struct Output {
    std::string id;
    std::string url;
    std::string stream_key;
};

struct Livestream {
    std::string id;
    std::vector<Output> outputs;
    std::string own_composition = {}; // one of Wanted::compositions; "" = the room's
};

enum class RecordingKind {
    Room,        // what the program shows
    Composite,   // a composition of its own, of chosen participants
    Participant, // one participant, without a gap however often they come and go
    Track,       // one track as it comes, a file each time it restarts
};

/// A screen share is a participant of its own, marked in the composition's `screens`: the screen kinds are what
/// somebody sends while they are marked, the others what they send anyway.
enum class MediaKind { Audio, Video, ScreenAudio, ScreenVideo };

enum class FileFormat { Mp4, Webm };

struct ChosenParticipant {
    std::string id;
    std::set<MediaKind> kinds; // empty = all

    bool operator==(const ChosenParticipant &) const = default;
};

struct Recording {
    std::string id;
    std::string path = {}; // absolute; of the first part when that is in the wanted format, whose extension it has
    RecordingKind kind = RecordingKind::Room;
    FileFormat format = FileFormat::Mp4;
    bool audio_only = false;                          // Room, Composite
    std::string participant = {};                     // Participant, Track
    MediaKind track = MediaKind::Audio;               // Track
    std::vector<ChosenParticipant> participants = {}; // Composite; empty = everybody
    std::optional<Composition> composition = {};      // Composite; nothing = the room's
    std::string own_composition = {};                 // Room: one of Wanted::compositions; "" = the room's
    bool paused = false;                              // nothing is recorded, the file goes on without a gap
    uint64_t split_ms = 0, split_bytes = 0;           // a new part at the next keyframe after so much; 0 = never
    // Known to the session: the file cannot be written at present. What it is made of stays, so that nothing else
    // changes.
    bool suspended = false;
};

/// The composed picture for players that fetch it by HTTP.
struct Hls {
    std::string id;
    std::string directory; // absolute; its own
    bool audio_only = false;
    unsigned dvr_ms = 0;              // how far back viewers may go; 0 = to the begin
    bool keep = true;                 // also what is older than that
    std::string own_composition = {}; // one of Wanted::compositions; "" = the room's
};

/// What a host says about itself, shown on its tile of the composed picture.
struct Marks {
    bool hand = false; // raised
    bool mic_off = false, camera_off = false;

    bool operator==(const Marks &) const = default;
};

/// What nobody hears or sees of a host, whatever it sends.
struct Mute {
    bool audio = false, video = false;

    bool operator==(const Mute &) const = default;
};

/// The document of SetState.
struct Wanted {
    std::string room_id;
    std::string session_id;
    Composition composition;                         // the room's
    std::map<std::string, Composition> compositions; // by id: those of outputs alone
    std::vector<Livestream> livestreams;
    std::vector<Recording> recordings;
    std::vector<Hls> hls;
    std::map<std::string, std::string> names; // participant id → display name
    std::map<std::string, Marks> marks;       // by participant; only who has one; of who is muted, off
    std::map<std::string, Mute> mutes;        // likewise

    const Composition &composition_of(const std::string &own_composition) const {
        return own_composition.empty() ? composition : compositions.at(own_composition);
    }
    bool mutes_track(const std::string &participant, bool video) const;
};

/// One stream of a host, as its streamsrc pad shows it.
struct Track {
    std::string pad; // "video_0", "audio_0"
    bool video = false;
    std::string encoding; // RTP encoding name ("H264", "OPUS"); empty until the pad has caps
    std::string rid;      // simulcast layer; empty without simulcast

    bool operator==(const Track &) const = default;
};

/// What a streamsrc says of one pad's picture.
struct Picture {
    unsigned width = 0, height = 0; // 0 = not known
    bool flowing = false;
};

enum class Fit { Auto, Cover, Contain };

/// What the compositor says of a host's place.
struct Tile {
    unsigned width = 0, height = 0; // 0x0 = hidden
    Fit fit = Fit::Auto;
    bool muted = false; // initials instead of the picture

    bool visible() const { return width > 0 && height > 0 && !muted; }
    bool operator==(const Tile &) const = default;
};

struct Host {
    std::string participant;
    std::string name;
    std::vector<Track> tracks;
    bool connected = false; // media may flow; stays true while it stalls
    unsigned slot = 0;      // number of its pads on the compositor, which pairs sound and picture by it
    std::map<std::string, Picture> pictures = {}; // by pad
    std::optional<Tile> tile = {};                // nothing until the compositor has told
    std::string decoded = {};                     // pad of the picture that was decoded last
};

struct State {
    Wanted wanted;
    std::vector<Host> hosts;           // in the order they joined
    bool slate = false;                // without hosts the program shows that somebody will be back
    bool renditions = false;           // a composed picture in H.264 is there in smaller sizes too
    std::set<std::string> only_codecs; // "H264", "VP8": there are viewers of the program who take nothing else

    /// Adds a host with the lowest slot that is free.
    Host &add_host(const std::string &participant);
    Host *find_host(std::string_view participant);
    const Host *find_host(std::string_view participant) const;
    void remove_host(std::string_view participant);
};

/// Reads the document of SetState. Unknown members are ignored, so that a newer `serve` can talk to an older session; a
/// known member of the wrong type or out of its bounds is an error, put into `error` as one sentence that names the
/// member.
std::optional<Wanted> parse_wanted(std::string_view json, std::string &error);

} // namespace rostrum::session
