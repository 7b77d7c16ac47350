// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The guests of a chaos run: threads that come, go, freeze, flush, lie about time and change size, rate and format.

#pragma once

#include "stage.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <random>
#include <shared_mutex>
#include <thread>

/// Seeded chance. Thread-bound.
class Dice {
  public:
    explicit Dice(unsigned seed) : engine_(seed) {}
    int below(int n) { return std::uniform_int_distribution<int>(0, n - 1)(engine_); }
    bool one_in(int n) { return below(n) == 0; }
    template <class T, size_t n> const T &of(const T (&all)[n]) {
        return all[static_cast<size_t>(below(static_cast<int>(n)))];
    }

  private:
    std::mt19937 engine_;
};

/// The properties of the object's own class that can be written, but for some.
std::vector<GParamSpec *> writable(GObject *object, std::initializer_list<const char *> but);
/// Sets a property to something, usually a value that it can have.
void turn(GObject *object, GParamSpec *spec, Dice &dice);

/// The clock of the guests: they wait for the next tick, and the show does not run away from them.
class Ticks {
  public:
    void advance() {
        const std::lock_guard lock(mutex_);
        ++now_;
        changed_.notify_all();
    }
    /// False: the show is over.
    bool wait_after(guint64 seen) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return over_ || now_ > seen; });
        return !over_;
    }
    guint64 now() {
        const std::lock_guard lock(mutex_);
        return now_;
    }
    void end() {
        const std::lock_guard lock(mutex_);
        over_ = true;
        changed_.notify_all();
    }

    std::shared_mutex pushing;     ///< a source begins anew after a stop, before it pushes: not in the middle of one
    std::atomic<guint64> stops{0}; ///< how often everything was stopped
    std::atomic<bool> calm{false}; ///< everybody leaves
    std::atomic<int> present{0};

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    guint64 now_ = 0;
    bool over_ = false;
};

/// One participant with picture and sound, in a thread of its own from construction until the ticks end.
class Guest {
  public:
    Guest(Stage &stage, Ticks &ticks, unsigned seed, bool live)
        : stage_(stage), ticks_(ticks), dice_(seed), live_(live), thread_([this] { run(); }) {}
    ~Guest() { thread_.join(); }

  private:
    void run();
    GstClockTime now() const { return stage_.time(); }
    void join();
    void leave();
    void begin_again();
    void new_caps();
    void act();
    void perform();
    void push_picture(GstClockTime at);
    GstClockTime stamp(GstClockTime at);

    Stage &stage_;
    Ticks &ticks_;
    Dice dice_;
    const bool live_;
    std::unique_ptr<Feed> picture_, sound_;
    std::string picture_caps_, sound_caps_;
    size_t picture_bytes_ = 0;
    guint64 stops_ = 0;
    GstClockTime frozen_until_ = 0, zero_ = 0;
    std::thread thread_;
};
