// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "streamsrc/feed_sink.h"
#include "streamsrc/ingest.h"
#include "streamsrc/outputs.h"
#include "streamsrc/puller.h"
#include "sync/mutex.h"
#include "wire/time.h"

#include <atomic>
#include <map>
#include <memory>
#include <string>

namespace rostrum {

/// Pulls by a pipeline of its own, so that whatever fails there fails alone, and tries again with growing pauses.
/// Methods without a word about it are worker thread only.
class PullingIngest final : public Ingest, private PullHost {
  public:
    PullingIngest(const StreamSourceSettings &settings, Outputs &outputs, IngestListener &listener);
    ~PullingIngest() override;
    void start(std::unique_ptr<Puller> puller);
    /// For the constructor of a Puller.
    PullHost &host() { return *this; }

    bool request_keyframe(const std::string &pad) override EXCLUDES(mutex_);
    void fill_stats(GstStructure *stats) const override;

  private:
    void connect();
    void disconnect(bool final);
    void retry(const std::string &reason);
    void schedule(unsigned delay_ms, void (PullingIngest::*step)());
    void watch_silence();
    static gboolean on_bus_message(GstBus *bus, GstMessage *message, gpointer self);
    void handle_message(GstMessage *message);

    void fail(const std::string &reason) override;
    void set_connected() override;
    void deliver(GstBin *pipeline, GstPad *pad, const std::string &name) override EXCLUDES(mutex_);
    WorkerLoop &loop() override { return loop_; }
    const StreamSourceSettings &settings() const override { return settings_; }

    // constant after construction
    const StreamSourceSettings settings_;
    Outputs &outputs_;
    IngestListener &listener_;

    // worker thread only
    std::unique_ptr<Puller> puller_;
    GstRef<GstElement> pipeline_;
    GSource *bus_watch_ = nullptr;
    unsigned attempt_ = 0;
    bool connected_ = false;

    std::atomic<unsigned> generation_{0}; ///< counts pipelines: what comes from an older one is ignored
    std::atomic<peerwire::TimeNs> last_packet_{0};
    std::atomic<uint64_t> packets_{0};
    std::atomic<uint64_t> reconnects_{0};

    mutable peerwire::Mutex mutex_;
    std::map<std::string, GstRef<GstPad>> sources_ GUARDED_BY(mutex_); ///< what feeds each pad, for keyframe requests

    WorkerLoop loop_{"streamsrc-pull"}; // last: joined first
};

} // namespace rostrum
