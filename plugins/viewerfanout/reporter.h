// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// From shard threads to the application: signals, and keyframe requests upstream.

#pragma once

#include "viewerfanout/event_queue.h"
#include "viewerfanout/source_watch.h"
#include "viewerfanout/viewer_hub.h"

#include <gst/gst.h>

namespace rostrum {

/// Thread-safe. The element is held weakly, so that what comes late is harmless.
class Reporter : public HubListener {
  public:
    explicit Reporter(GstElement *element);
    ~Reporter() override;

    void viewer_connected(const std::string &id) override;
    void viewer_quality(const std::string &id, const ViewerQuality &quality) override;
    void viewer_disconnected(const std::string &id, const std::string &reason) override;
    /// GstForceKeyUnit out of the pad video_`layer`.
    void keyframe_wanted(unsigned layer);
    void layer_demand_changed();
    void listening(const std::string &uri);
    void source_changed(const std::string &pad, SourceWatch::Change change);

    /// Returns when everything reported before has been emitted.
    void drain() { queue_.drain(); }

  private:
    using WeakElement = std::shared_ptr<GWeakRef>;

    template <class Job> void post(Job job);
    void post_message(const char *name, const char *field, const std::string &value);

    const WeakElement element_;
    EventQueue queue_;
};

} // namespace rostrum
