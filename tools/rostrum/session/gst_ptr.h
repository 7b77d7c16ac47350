// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Owning pointers to GStreamer objects, and a way to the main thread.

#pragma once

#include <gst/gst.h>

#include <functional>
#include <memory>

namespace rostrum::session {

struct GstUnref {
    void operator()(gpointer object) const { gst_object_unref(object); }
};

template <class T> using GstPtr = std::unique_ptr<T, GstUnref>;

/// Takes over the caller's reference.
template <class T> GstPtr<T> adopt(T *object) {
    return GstPtr<T>(object);
}

/// Adds a reference.
template <class T> GstPtr<T> ref(T *object) {
    return GstPtr<T>(object ? static_cast<T *>(gst_object_ref(object)) : nullptr);
}

/// A token that outlives its owner: work posted to the main thread asks it whether the owner is still there.
using Alive = std::shared_ptr<bool>;

/// Runs `work` on the main thread, later, unless `alive` has been set to false by then. Thread-safe.
void post_to_main(const Alive &alive, std::function<void()> work);

/// A GLib timeout on the main thread that ends with its owner; what it runs may destroy it. Thread-bound: main.
class Timer {
  public:
    Timer() = default;
    ~Timer() { stop(); }
    Timer(const Timer &) = delete;
    Timer &operator=(const Timer &) = delete;

    /// Calls `work` every `interval_ms` until it returns false.
    void start(unsigned interval_ms, std::function<bool()> work);
    void stop();
    bool active() const { return running_ != nullptr; }

  private:
    struct Running {
        Timer *owner;
        guint id;
        std::function<bool()> work;
    };
    static gboolean fire(gpointer running);

    Running *running_ = nullptr; // belongs to the GLib source
};

} // namespace rostrum::session
