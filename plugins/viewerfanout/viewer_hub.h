// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The viewers of one feed: from an SDP offer to a peer on a shard, and back to nothing.

#pragma once

#include "common/sdp_answer.h"
#include "fanout/feed.h"
#include "fanout/viewer.h"
#include "net/server.h"
#include "sync/mutex.h"

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace rostrum {

struct HubConfig {
    std::vector<std::string> addresses{"127.0.0.1"}; // in answers
    uint16_t port_min = 0, port_max = 0;             // 0, 0 = any free port
    bool ice_tcp = false;
    unsigned shards = 1;
    unsigned max_viewers = 10000;
    double max_load = 0.9; // of a shard
    std::vector<std::string> video_codecs{"h264", "vp8"};
    uint64_t start_bps = peerwire::kDefaultStartBps;
};

struct ViewerOptions {
    peerwire::LayerLimits limits;
    bool transport_cc = false;
};

/// What a viewer gets, and why.
struct ViewerQuality {
    unsigned layer = 0; // number of the video pad
    peerwire::LayerReason reason = peerwire::LayerReason::NoSource;
    uint64_t estimate_bps = 0;
};

/// Called on shard threads and on those of callers, never with a lock held: only note and return.
class HubListener {
  public:
    virtual ~HubListener() = default;
    virtual void viewer_connected(const std::string &id) = 0;
    virtual void viewer_quality(const std::string &id, const ViewerQuality &quality) = 0;
    /// Once for each viewer that was added, connected or not.
    virtual void viewer_disconnected(const std::string &id, const std::string &reason) = 0;
};

struct ViewerStats {
    std::string id;
    bool connected = false;
    std::shared_ptr<const peerwire::ViewerCounters> counters;
};

/// What the connected viewers would have the layers be. Plain value.
struct LayerDemand {
    unsigned viewers = 0;
    unsigned starving = 0;                           // even the smallest layer is more than they can take, or want
    unsigned limited = 0;                            // a better one flows, but they cannot take it, or do not want it
    std::array<unsigned, peerwire::kMaxLayers> on{}; // viewers by the layer that they get

    bool operator==(const LayerDemand &) const = default;
};

/// Thread-safe.
class ViewerHub {
  public:
    /// Opens the sockets.
    static Result<std::shared_ptr<ViewerHub>> start(HubConfig config, std::shared_ptr<peerwire::Feed> feed,
                                                    std::shared_ptr<HubListener> listener);
    /// Closes all viewers and the sockets; the listener has been told of each when it returns.
    ~ViewerHub();

    /// The SDP answer. 400, 406 as in the parsers; 409 when the id is in use; 503 when full.
    Result<std::string> add_viewer(const std::string &id, const std::string &offer, const ViewerOptions &options);
    /// The video codecs that the answer to this offer would list, as `video_codecs`. 400, 406 as in the parsers.
    Result<std::string> common_codecs(const std::string &offer) const;
    /// "" for trickled candidates, the answering fragment for an ICE restart; 404 when there is no such viewer.
    Result<std::string> patch_viewer(const std::string &id, const std::string &fragment);
    /// Our username fragment; "" when there is no such viewer.
    std::string ice_session(const std::string &id) const EXCLUDES(mutex_);
    /// False when there is no such viewer.
    bool set_limits(const std::string &id, const peerwire::LayerLimits &limits);
    bool remove_viewer(const std::string &id, const std::string &reason);
    void remove_all_viewers(const std::string &reason) { remove_viewers_of(peerwire::kNever, reason); }
    /// Those who were added until `time`.
    void remove_viewers_of(peerwire::TimeNs time, const std::string &reason) EXCLUDES(mutex_);

    /// New packets are in the feed; `whole`: up to the end of a frame. Cheap.
    void wake(bool whole) { whole ? server_->wake() : server_->wake_lazily(); }

    void set_start_bitrate(uint64_t bps) { start_bps_.store(bps, std::memory_order_relaxed); }
    void set_max_viewers(unsigned max);
    void set_max_load(double max) { server_->set_max_load(max); }
    void set_video_codecs(std::vector<std::string> codecs);
    unsigned connected_count() const;
    std::vector<ViewerStats> viewers() const;
    LayerDemand layer_demand() const EXCLUDES(mutex_);
    peerwire::ServerCounters server_counters() const { return server_->counters(); }
    double load() const { return server_->load(); }
    std::vector<uint16_t> ports() const { return server_->ports(); }

  private:
    struct Entry {
        uint64_t peer = 0; // 0 while it is being added
        uint64_t number = 0;
        peerwire::TimeNs added = 0;
        bool connected = false;
        std::string local_ufrag, remote_ufrag;
        std::string mid; // of the first accepted section, for ICE restarts
        std::string removal_reason;
        std::shared_ptr<peerwire::ViewerCounters> counters;
        std::shared_ptr<peerwire::ViewerWishes> wishes;
    };

    ViewerHub(HubConfig config, std::shared_ptr<peerwire::Feed> feed, std::shared_ptr<HubListener> listener);

    struct Place {
        uint64_t number = 0;
        std::shared_ptr<peerwire::ViewerCounters> counters;
        std::shared_ptr<peerwire::ViewerWishes> wishes;
    };
    Result<Place> take_place(const std::string &id, const SdpOffer &offer, const Answer &answer,
                             const ViewerOptions &options) EXCLUDES(mutex_);
    ViewerPreferences preferences(const ViewerOptions &options) const EXCLUDES(mutex_);
    bool seat(const std::string &id, uint64_t number, const peerwire::PeerLocal &local) EXCLUDES(mutex_);
    void forget(const std::string &id, uint64_t number) EXCLUDES(mutex_);
    peerwire::ViewerSetup setup_viewer(const std::string &id, const Place &place, const Answer &answer);
    void on_connected(const std::string &id, uint64_t number) EXCLUDES(mutex_);
    void on_closed(const std::string &id, uint64_t number, peerwire::CloseReason reason) EXCLUDES(mutex_);
    LocalTransport local_transport(const peerwire::PeerLocal &local) const;

    const std::vector<std::string> addresses_;
    const std::shared_ptr<peerwire::Feed> feed_;
    const std::shared_ptr<HubListener> listener_;
    std::unique_ptr<peerwire::Server> server_; // set by start(), gone with the destructor; thread-safe
    std::atomic<uint64_t> start_bps_;

    mutable peerwire::Mutex mutex_; // never held while calling the server or the listener
    unsigned max_viewers_ GUARDED_BY(mutex_);
    std::vector<std::string> video_codecs_ GUARDED_BY(mutex_);
    std::map<std::string, Entry> viewers_ GUARDED_BY(mutex_);
    uint64_t last_number_ GUARDED_BY(mutex_) = 0; // tells apart two viewers that used one id after the other
};

} // namespace rostrum
