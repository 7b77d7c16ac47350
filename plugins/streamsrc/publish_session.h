// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "publish/publisher_control.h"
#include "publish/publisher_observer.h"
#include "streamsrc/ingest.h"
#include "streamsrc/outputs.h"
#include "streamsrc/publish_plan.h"
#include "sync/mutex.h"

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace rostrum {

/// What a publisher's session tells the element. Any thread.
class PublishEvents {
  public:
    virtual ~PublishEvents() = default;
    virtual void on_publish_state(const SourceState &state) = 0;
    virtual void on_publish_picture(const PictureState &picture) = 0;
    virtual void on_publish_closed(uint64_t session, const std::string &reason) = 0;
    virtual void on_publish_waited() = 0; ///< long enough for the pads of tracks that send nothing
};

/// One publisher: carries its packets from the shard's thread to the feeds. Observer calls come on the shard's thread;
/// everything else is thread-safe.
class PublishSession final : public peerwire::PublisherObserver {
  public:
    PublishSession(uint64_t id, PublishPlan plan, std::vector<GstRef<GstRtpFeed>> feeds, PublishEvents &events);

    uint64_t id() const { return id_; }
    const std::shared_ptr<peerwire::PublisherControl> &control() const { return control_; }

    /// Another one takes over: nothing of this one is passed on any more.
    void silence() { silenced_ = true; }
    /// False when no track goes to that pad.
    bool request_keyframe(const std::string &pad);

    peerwire::PublisherStats stats() const EXCLUDES(mutex_);
    const PublishPlan &plan() const { return plan_; }
    bool connected() const { return connected_; }

  private:
    struct Route {
        GstRef<GstRtpFeed> feed;
        uint32_t ssrc = 0;
        int payload_type = -1;
        bool stalled = false;
        bool started = false;
        PictureState picture; ///< as last told; the pad of sound is empty
    };

    void on_connected(peerwire::TimeNs now) override;
    void on_media(const peerwire::MediaPacket &packet) override;
    void on_stalled(size_t track, bool stalled) override;
    void on_stats(const peerwire::PublisherStats &stats) override EXCLUDES(mutex_);
    void on_closed(peerwire::TimeNs now, peerwire::CloseReason reason) override;

    bool all_stalled(peerwire::TrackKind kind) const;
    void note_picture(size_t track, const peerwire::MediaPacket &packet);
    void tell_picture(Route &route, const PictureState &picture);
    void announce_format(size_t track, const peerwire::MediaPacket &packet);

    // constant after construction
    const uint64_t id_;
    const PublishPlan plan_;
    PublishEvents &events_;
    const std::shared_ptr<peerwire::PublisherControl> control_ = std::make_shared<peerwire::PublisherControl>();

    std::atomic<bool> silenced_{false};
    std::atomic<bool> connected_{false};

    // shard thread only
    std::vector<Route> routes_;
    bool video_stalled_ = false, audio_stalled_ = false;
    unsigned reports_ = 0;

    mutable peerwire::Mutex mutex_;
    peerwire::PublisherStats stats_ GUARDED_BY(mutex_);
};

} // namespace rostrum
