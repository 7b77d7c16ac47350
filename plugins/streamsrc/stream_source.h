// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "streamsrc/ingest.h"
#include "streamsrc/outputs.h"
#include "streamsrc/publish_ingest.h"
#include "sync/mutex.h"

#include <gst/gst.h>

#include <memory>
#include <string>

namespace rostrum {

/// All of streamsrc that is not GObject. Thread-safe. Lock order: GStreamer's state lock, then lifecycle_, then what an
/// Ingest or Outputs lock; never held while pushing, emitting or posting.
class StreamSource final : private IngestListener {
  public:
    explicit StreamSource(GstBin *bin);

    StreamSourceSettings settings() const EXCLUDES(mutex_);
    /// Changes apply from the next start().
    template <class Change> void configure(Change &&change) EXCLUDES(mutex_) {
        peerwire::MutexLock lock(mutex_);
        change(settings_);
    }

    /// READY → PAUSED; false after posting an error.
    bool start();
    /// PAUSED → READY, before the children go there…
    void stop();
    /// …and after.
    void finish_stop() { outputs_.finish_close(); }

    /// The answer, or nothing and last_error() says why.
    Result<std::string> accept_offer(const std::string &sdp);
    Result<std::string> accept_patch(const std::string &fragment);
    bool end_publish(const std::string &reason);

    std::string last_error() const EXCLUDES(mutex_);
    std::string listening_uri() const;
    GstStructure *stats() const;
    /// Takes over the reference.
    void send_event(GstEvent *event) { outputs_.send_event(event); }

  private:
    std::shared_ptr<Ingest> ingest() const EXCLUDES(mutex_);
    std::shared_ptr<PublishIngest> publish_ingest() const EXCLUDES(mutex_);
    template <class T> Result<T> remember_error(Result<T> result) EXCLUDES(mutex_);
    bool fail_start(const Error &error) EXCLUDES(mutex_);

    void on_state(const SourceState &state) override EXCLUDES(mutex_);
    void on_picture(const PictureState &picture) override;
    void on_end() override;
    void on_failure(const std::string &text, const std::string &detail) override;

    GstBin *const bin_; ///< owns this
    Outputs outputs_;

    mutable peerwire::Mutex mutex_;
    StreamSourceSettings settings_ GUARDED_BY(mutex_);
    std::shared_ptr<Ingest> ingest_ GUARDED_BY(mutex_);
    std::shared_ptr<PublishIngest> publish_ GUARDED_BY(mutex_); ///< the same, when it is one
    std::string last_error_ GUARDED_BY(mutex_);
    std::string state_ GUARDED_BY(mutex_) = "idle";
};

} // namespace rostrum
