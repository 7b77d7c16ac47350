// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// One owned reference to a GStreamer or GObject thing.

#pragma once

#include <gst/gst.h>

#include <type_traits>
#include <utility>

namespace rostrum {

template <class T>
inline constexpr bool kIsMiniObject =
    std::is_same_v<T, GstMiniObject> || std::is_same_v<T, GstBuffer> || std::is_same_v<T, GstBufferList> ||
    std::is_same_v<T, GstCaps> || std::is_same_v<T, GstEvent> || std::is_same_v<T, GstMessage> ||
    std::is_same_v<T, GstQuery> || std::is_same_v<T, GstSample>;

/// adopt() takes over the caller's reference, ref() takes one of its own (sinking a floating one). Reentrant.
template <class T> class GstRef {
  public:
    GstRef() = default;
    static GstRef adopt(T *object) { return GstRef(object); }
    static GstRef ref(T *object) {
        if (object)
            retain(object);
        return GstRef(object);
    }

    GstRef(const GstRef &other) : object_(other.object_) {
        if (object_)
            retain(object_);
    }
    GstRef(GstRef &&other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
    GstRef &operator=(GstRef other) noexcept {
        std::swap(object_, other.object_);
        return *this;
    }
    ~GstRef() { reset(); }

    T *get() const { return object_; }
    explicit operator bool() const { return object_ != nullptr; }
    /// Gives the reference away.
    [[nodiscard]] T *release() { return std::exchange(object_, nullptr); }
    void reset() {
        T *object = std::exchange(object_, nullptr);
        if (!object)
            return;
        if constexpr (kIsMiniObject<T>)
            gst_mini_object_unref(GST_MINI_OBJECT_CAST(object));
        else
            g_object_unref(object);
    }

  private:
    explicit GstRef(T *object) : object_(object) {}
    static void retain(T *object) {
        if constexpr (kIsMiniObject<T>)
            gst_mini_object_ref(GST_MINI_OBJECT_CAST(object));
        else
            g_object_ref_sink(object);
    }

    T *object_ = nullptr;
};

} // namespace rostrum
