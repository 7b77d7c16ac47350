// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What is behind the element: its feed, inputs, viewers and listener.

#pragma once

#include "common/http_endpoint.h"
#include "viewerfanout/reporter.h"
#include "viewerfanout/source_watch.h"
#include "viewerfanout/ticker.h"
#include "viewerfanout/track_input.h"
#include "viewerfanout/viewer_hub.h"

#include <gst/gst.h>

#include <array>
#include <memory>
#include <string>

namespace rostrum {

/// The properties, as they are set.
struct FanoutSettings {
    std::string listen; // "" = none
    std::string public_address = "127.0.0.1";
    std::string port_range;
    bool ice_tcp = false;
    std::string codecs = "h264,vp8";
    unsigned shards = 1;
    unsigned max_viewers = 10000;
    double max_load = 0.9;
    unsigned history_ms = 3000;
    unsigned keyframe_interval_ms = 500;
    unsigned start_bps = peerwire::kDefaultStartBps;
    unsigned source_timeout_ms = 0; // 0 = never
};

/// Thread-safe. Emits and posts only from the event queue's thread, with no lock held.
class Fanout : public WebrtcHttpHandler {
  public:
    explicit Fanout(GstElement *element);
    ~Fanout() override;

    // State changes.

    /// NULL→READY: sockets and listener.
    std::optional<Error> open();
    /// READY→NULL: every viewer is gone, and told of, when it returns.
    void close();
    void set_playing(bool playing);
    /// PAUSED→READY, when the pads are inactive.
    void clear();

    // Pads. The input lives as long as the Fanout.

    TrackInput *input(unsigned layer) EXCLUDES(mutex_);
    /// New packets are in the feed; `whole`: up to the end of a frame.
    void wake(bool whole);

    // Properties.

    FanoutSettings settings() const EXCLUDES(mutex_);
    /// Live: codecs, max-viewers, max-load, history, keyframe-interval, source-timeout; the rest counts from the next
    /// open().
    void set_settings(FanoutSettings settings) EXCLUDES(mutex_);
    std::string listening_uri() const EXCLUDES(mutex_);
    std::string last_error() const EXCLUDES(mutex_);
    unsigned viewer_count() const;
    GstStructure *make_stats() const;
    LayerDemand layer_demand() const;

    // Action signals.

    Result<std::string> add_viewer(const std::string &id, const std::string &offer, const ViewerOptions &options);
    Result<std::string> common_codecs(const std::string &offer) const;
    Result<std::string> patch_viewer(const std::string &id, const std::string &fragment);
    bool set_limits(const std::string &id, const peerwire::LayerLimits &limits);
    bool remove_viewer(const std::string &id, const std::string &reason);
    void remove_all_viewers(const std::string &reason);
    void set_last_error(const Error &error) EXCLUDES(mutex_);

    // WebrtcHttpHandler: the listener's thread.

    Result<std::string> create_session(const std::string &id, const std::string &offer) override;
    Result<std::string> patch_session(const std::string &id, const std::string &fragment) override;
    std::string ice_session(const std::string &id) override;
    bool delete_session(const std::string &id) override;

  private:
    std::shared_ptr<ViewerHub> hub() const EXCLUDES(mutex_);
    Result<HubConfig> hub_config() const;
    std::optional<Error> listen();
    void source_changed(unsigned pad, SourceWatch::Change change);
    void tick();
    void watch_demand();

    const std::shared_ptr<Reporter> reporter_; // to signals and upstream events
    const std::shared_ptr<peerwire::Feed> feed_;
    SourceWatch watch_;

    mutable peerwire::Mutex mutex_; // never held while calling the hub, the listener or GStreamer
    FanoutSettings settings_ GUARDED_BY(mutex_);
    std::string last_error_ GUARDED_BY(mutex_);
    std::shared_ptr<ViewerHub> hub_ GUARDED_BY(mutex_);
    std::unique_ptr<WebrtcHttpEndpoint> endpoint_ GUARDED_BY(mutex_);
    std::unique_ptr<Ticker> ticker_; // while playing; state changes only
    LayerDemand demand_;             // that was told of; the ticker's thread only
    std::array<std::unique_ptr<TrackInput>, peerwire::kMaxLayers + 1> inputs_ GUARDED_BY(mutex_);
};

} // namespace rostrum
