// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "playlist.h"
#include "tools/rostrum/base/glib_handles.h"

#include <functional>
#include <list>
#include <map>
#include <optional>

namespace rostrum {

struct BytesUnref {
    void operator()(GBytes *bytes) const { g_bytes_unref(bytes); }
};
using SharedBytes = std::shared_ptr<GBytes>;

/// What a player asks of a media playlist (RFC 8216bis section 6.2.5).
struct PlaylistRequest {
    hls::View view = hls::View::Dvr;
    std::string rendition;
    std::optional<uint64_t> sequence, part; ///< _HLS_msn, _HLS_part
    bool skip = false;                      ///< _HLS_skip
};

struct HlsReply {
    int status = 200;
    SharedBytes bytes;
    bool final = false; ///< it will never be another
};
using HlsAnswer = std::function<void(const HlsReply &)>;

/// One HLS stream as its players see it: follows the journal of the session process, holds requests for what is not
/// there yet. What many ask for is made once. Thread-bound: main thread.
class HlsStream {
  public:
    static constexpr unsigned kLongestWaitMs = 3 * hls::kTargetDurationS * 1000; // then 503, section 6.2.5.2
    static constexpr size_t kMaxWaiting = 20000;

    HlsStream(std::string directory, uint32_t dvr_ms) : directory_(std::move(directory)), dvr_ms_(dvr_ms) { read(); }
    /// Whoever waits gets 503.
    ~HlsStream();
    HlsStream(const HlsStream &) = delete;
    HlsStream &operator=(const HlsStream &) = delete;

    /// The journal has grown.
    void read();
    /// Nobody writes it any more: what there is, is all.
    void close();

    const hls::Timeline &timeline() const { return timeline_; }
    const std::string &directory() const { return directory_; }
    bool playable() const { return timeline_.complete() > 0; }
    uint64_t duration_ms() const;
    size_t waiting() const { return waiting_.size(); }

    /// 404 before there is anything to play.
    HlsReply multivariant(hls::View view);
    /// Now or later: 400 for what cannot be there soon, 503 for what did not come in time.
    void playlist(const PlaylistRequest &request, HlsAnswer answer);
    /// The part that a playlist hints at is waited for; others that are not there are 404.
    void part(const std::string &rendition, uint64_t sequence, uint64_t part, HlsAnswer answer);

    /// How many bytes a whole segment has; nothing when there is none.
    std::optional<uint64_t> segment_bytes(const std::string &rendition, uint64_t sequence) const;

  private:
    struct Place {
        uint64_t sequence, part;
    };
    struct Waiting {
        PlaylistRequest request;
        bool media = false; // a part, else a playlist
        gint64 until_us = 0;
        HlsAnswer answer;
    };
    enum class There { Yes, Soon, No };

    There there(const hls::RenditionEntry &rendition, const PlaylistRequest &request) const;
    HlsReply make(const Waiting &waiting);
    HlsReply render(const PlaylistRequest &request);
    HlsReply load_part(const hls::RenditionEntry &rendition, uint64_t sequence, uint64_t part);
    void wait(Waiting waiting);
    void answer_waiting();
    void give_up_late();

    const std::string directory_;
    const uint32_t dvr_ms_;
    hls::Timeline timeline_;
    uint64_t offset_ = 0, inode_ = 0;                      // of the journal, after the last whole line
    std::map<std::string, SharedBytes> playlists_, parts_; // of this moment; the newest ones
    std::list<Waiting> waiting_;                           // in the order of their deadlines
    Timer deadline_;
};

} // namespace rostrum
