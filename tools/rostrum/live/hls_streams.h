// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/live/hls_stream.h"
#include "tools/rostrum/store/store.h"

#include <memory>

namespace rostrum {

struct HlsPlaces {
    std::string directory; ///< $STATE/hls
    uint32_t dvr_ms = 0;   ///< how far back a viewer of a live stream may go; 0 = to its begin
    bool keep = true;      ///< also what is older
};

/// The HLS streams that players ask for, those that are over among them. A stream's name in URLs is its id and a
/// secret, so that players and CDNs need no token. Thread-bound: main thread.
class HlsStreams {
  public:
    explicit HlsStreams(Store &store) : store_(store) {}

    /// By its name in URLs; null when there is none.
    std::shared_ptr<HlsStream> find(const std::string &name);
    std::shared_ptr<HlsStream> find(const OutputRecord &record);

    void grown(const std::string &id);
    /// Its session process writes no more of it.
    void over(const std::string &id);
    /// Its files go, in the background.
    void remove(const OutputRecord &record);

  private:
    static constexpr size_t kMaxOver = 16; // that are open: one of ten hours takes 3 MB

    struct Open {
        std::string name; // in URLs
        std::shared_ptr<HlsStream> stream;
        uint64_t used = 0; // when, counted in uses
    };
    std::shared_ptr<HlsStream> use(Open &open);
    void close_least_used();

    Store &store_;
    std::map<std::string, Open> streams_; // by id
    uint64_t uses_ = 0;
};

/// {playbackHlsUrl, livestreamUrl, downstreamUrl}.
Json hls_urls(const OutputRecord &record, const std::string &public_url);

} // namespace rostrum
