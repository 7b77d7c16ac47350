// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "common/http_endpoint.h"
#include "common/sdp_answer.h"
#include "net/server.h"
#include "streamsrc/ingest.h"
#include "streamsrc/outputs.h"
#include "streamsrc/publish_session.h"
#include "sync/mutex.h"

#include <memory>
#include <optional>
#include <string>

namespace rostrum {

/// A browser or encoder publishes to us: one at a time, the next replaces the last. Thread-safe.
class PublishIngest final : public Ingest, private WebrtcHttpHandler, private PublishEvents {
  public:
    static Result<std::unique_ptr<PublishIngest>> start(const StreamSourceSettings &settings, Outputs &outputs,
                                                        IngestListener &listener);
    ~PublishIngest() override;

    /// The answer.
    Result<std::string> accept_offer(const std::string &sdp) { return accept(sdp, ""); }
    /// "" or the fragment that answers an ICE restart.
    Result<std::string> accept_patch(const std::string &fragment) EXCLUDES(mutex_);
    /// False when nobody publishes.
    bool end_publish(const std::string &reason) EXCLUDES(mutex_);

    /// "" when not listening.
    std::string listening_uri() const { return http_ ? http_->uri() : ""; }

    bool request_keyframe(const std::string &pad) override EXCLUDES(mutex_);
    void fill_stats(GstStructure *stats) const override EXCLUDES(mutex_);

  private:
    struct Current {
        std::shared_ptr<PublishSession> session;
        uint64_t peer = 0;
        std::string resource; ///< of the WHIP session; "" when an application brought the offer
        std::string remote_ufrag;
        std::string mid; ///< first of the answer
        LocalTransport local;
    };

    PublishIngest(const StreamSourceSettings &settings, std::vector<std::string> addresses, Outputs &outputs,
                  IngestListener &listener);

    Result<std::string> accept(const std::string &sdp, const std::string &resource) EXCLUDES(mutex_);
    std::shared_ptr<PublishSession> make_session(const PublishPlan &plan);
    LocalTransport local_transport(const peerwire::PeerLocal &peer) const;
    void replace(Current next) EXCLUDES(mutex_);
    std::optional<Current> current() const EXCLUDES(mutex_);

    Result<std::string> create_session(const std::string &id, const std::string &offer) override;
    Result<std::string> patch_session(const std::string &id, const std::string &fragment) override;
    std::string ice_session(const std::string &id) override;
    bool delete_session(const std::string &id) override;

    void on_publish_state(const SourceState &state) override;
    void on_publish_picture(const PictureState &picture) override;
    void on_publish_closed(uint64_t session, const std::string &reason) override EXCLUDES(mutex_);
    void on_publish_waited() override;

    // constant after construction
    const StreamSourceSettings settings_;
    const std::vector<std::string> addresses_;
    Outputs &outputs_;
    IngestListener &listener_;

    mutable peerwire::Mutex mutex_;
    std::optional<Current> current_ GUARDED_BY(mutex_);
    uint64_t sessions_ GUARDED_BY(mutex_) = 0;
    std::string end_reason_ GUARDED_BY(mutex_); ///< given by end_publish()

    std::unique_ptr<peerwire::Server> server_; // its thread calls back into what is above
    std::unique_ptr<WebrtcHttpEndpoint> http_; // likewise, and uses server_
};

} // namespace rostrum
