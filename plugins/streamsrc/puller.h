// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "streamsrc/ingest.h"
#include "streamsrc/worker_loop.h"

#include <gst/gst.h>

#include <string>

namespace rostrum {

/// What a Puller may ask of its host.
class PullHost {
  public:
    virtual ~PullHost() = default;
    /// This attempt is over: tear down and try again later. Any thread; late calls are harmless.
    virtual void fail(const std::string &reason) = 0;
    virtual void set_connected() = 0;
    /// Sends the stream of `pad` (application/x-rtp), somewhere in `pipeline`, to the feed `name`. From pad-added, on
    /// any thread.
    virtual void deliver(GstBin *pipeline, GstPad *pad, const std::string &name) = 0;
    virtual WorkerLoop &loop() = 0;
    virtual const StreamSourceSettings &settings() const = 0;
};

/// A way to pull. Thread-bound: the worker's thread.
class Puller {
  public:
    virtual ~Puller() = default;
    /// Fills a fresh pipeline in NULL state. An error here is final.
    virtual Result<bool> open(GstBin *pipeline) = 0;
    /// The pipeline was set to PLAYING.
    virtual void started() {}
    /// The pipeline is about to go to NULL; `final`: for good.
    virtual void closing(bool final) {}
    /// EOS is the end of the matter rather than a lost connection.
    virtual bool finite() const = 0;
};

} // namespace rostrum
