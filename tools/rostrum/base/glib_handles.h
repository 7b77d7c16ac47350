// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Owners for GLib types. Reentrant: as thread-safe as the type they hold.

#pragma once

#include <gio/gio.h>
#include <memory>
#include <string>
#include <utility>

namespace rostrum {

/// Holds one reference to a GObject; copying takes another.
template <class T> class ObjectRef {
  public:
    ObjectRef() = default;
    static ObjectRef adopt(T *object) { return ObjectRef(object); }
    static ObjectRef ref(T *object) { return ObjectRef(object ? static_cast<T *>(g_object_ref(object)) : nullptr); }
    ObjectRef(const ObjectRef &other)
        : object_(other.object_ ? static_cast<T *>(g_object_ref(other.object_)) : nullptr) {}
    ObjectRef(ObjectRef &&other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
    ObjectRef &operator=(ObjectRef other) noexcept {
        std::swap(object_, other.object_);
        return *this;
    }
    ~ObjectRef() {
        if (object_)
            g_object_unref(object_);
    }
    T *get() const { return object_; }
    explicit operator bool() const { return object_ != nullptr; }
    void reset() { *this = ObjectRef(); }

  private:
    explicit ObjectRef(T *object) : object_(object) {}
    T *object_ = nullptr;
};

struct GFreeDeleter {
    void operator()(void *memory) const { g_free(memory); }
};
using OwnedText = std::unique_ptr<char, GFreeDeleter>;

/// Takes over a `transfer full` string; NULL becomes "".
inline std::string take_string(char *text) {
    const OwnedText owned(text);
    return owned ? std::string(owned.get()) : std::string();
}

/// Takes over a `transfer full` GError and gives its text without the D-Bus prefix.
inline std::string take_error(GError *error) {
    if (!error)
        return "unknown error";
    g_dbus_error_strip_remote_error(error);
    std::string text = error->message;
    g_error_free(error);
    return text;
}

/// Does what an event of the main loop asks for. An exception must not pass through GLib's frames and end the program
/// (a full disk may be in the way of the store at any time): it is logged, and what is left of that event is left out.
template <class Work> void guarded(Work &&work) {
    try {
        work();
    } catch (const std::exception &error) {
        g_warning("an event was not dealt with: %s", error.what());
    }
}

/// A one-shot or repeating timeout on the main context that ends with its owner. Thread-bound: main thread.
class Timer {
  public:
    Timer() = default;
    Timer(const Timer &) = delete;
    Timer &operator=(const Timer &) = delete;
    ~Timer() { cancel(); }

    /// Replaces a timeout that is under way.
    template <class Callback> void once(unsigned ms, Callback callback) {
        cancel();
        auto *boxed = new Once<Callback>{this, std::move(callback)};
        id_ = g_timeout_add_full(
            G_PRIORITY_DEFAULT, ms,
            [](gpointer data) -> gboolean {
                auto *once = static_cast<Once<Callback> *>(data);
                auto run = std::move(once->callback); // the callback may destroy the timer's owner
                once->timer->id_ = 0;
                guarded(run);
                return G_SOURCE_REMOVE;
            },
            boxed, [](gpointer data) { delete static_cast<Once<Callback> *>(data); });
    }
    template <class Callback> void every(unsigned ms, Callback callback) {
        cancel();
        id_ = g_timeout_add_full(
            G_PRIORITY_DEFAULT, ms,
            [](gpointer data) -> gboolean {
                guarded(*static_cast<Callback *>(data));
                return G_SOURCE_CONTINUE;
            },
            new Callback(std::move(callback)), [](gpointer data) { delete static_cast<Callback *>(data); });
    }
    void cancel() {
        if (id_)
            g_source_remove(std::exchange(id_, 0));
    }
    bool active() const { return id_ != 0; }

  private:
    template <class Callback> struct Once {
        Timer *timer;
        Callback callback;
    };
    unsigned id_ = 0;
};

} // namespace rostrum
