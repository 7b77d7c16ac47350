// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A mutex whose rules the compiler checks (clang -Wthread-safety): members say GUARDED_BY(m), functions REQUIRES(m).

#pragma once

#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define PEERWIRE_TSA(x) __attribute__((x))
#else
#define PEERWIRE_TSA(x)
#endif

#define CAPABILITY(x) PEERWIRE_TSA(capability(x))
#define SCOPED_CAPABILITY PEERWIRE_TSA(scoped_lockable)
#define GUARDED_BY(x) PEERWIRE_TSA(guarded_by(x))
#define PT_GUARDED_BY(x) PEERWIRE_TSA(pt_guarded_by(x))
#define REQUIRES(...) PEERWIRE_TSA(requires_capability(__VA_ARGS__))
#define EXCLUDES(...) PEERWIRE_TSA(locks_excluded(__VA_ARGS__))
#define ACQUIRE(...) PEERWIRE_TSA(acquire_capability(__VA_ARGS__))
#define RELEASE(...) PEERWIRE_TSA(release_capability(__VA_ARGS__))
#define NO_THREAD_SAFETY_ANALYSIS PEERWIRE_TSA(no_thread_safety_analysis)

namespace peerwire {

/// Not recursive. Thread-safe.
class CAPABILITY("mutex") Mutex {
  public:
    void lock() ACQUIRE() { mutex_.lock(); }
    void unlock() RELEASE() { mutex_.unlock(); }

  private:
    std::mutex mutex_;
};

/// Holds a Mutex for a scope.
class SCOPED_CAPABILITY MutexLock {
  public:
    explicit MutexLock(Mutex &mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
    ~MutexLock() RELEASE() { mutex_.unlock(); }
    MutexLock(const MutexLock &) = delete;
    MutexLock &operator=(const MutexLock &) = delete;

  private:
    Mutex &mutex_;
};

/// Waits with the Mutex held; wake-ups may be spurious, so wait in a loop on the condition.
class CondVar {
  public:
    void wait(Mutex &mutex) REQUIRES(mutex) { cond_.wait(mutex); }
    template <class Clock, class Duration>
    std::cv_status wait_until(Mutex &mutex, const std::chrono::time_point<Clock, Duration> &deadline) REQUIRES(mutex) {
        return cond_.wait_until(mutex, deadline);
    }
    void notify_one() { cond_.notify_one(); }
    void notify_all() { cond_.notify_all(); }

  private:
    std::condition_variable_any cond_;
};

} // namespace peerwire
