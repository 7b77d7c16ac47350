// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The deliveries of one location between a pipeline that must not wait and a disk that may be slow.

#pragma once

#include "sync/mutex.h"
#include "webhooks/endpoint_lock.h"
#include "webhooks/spool_file.h"

#include <chrono>
#include <deque>
#include <functional>
#include <thread>

namespace rostrum {

struct SpoolConfig {
    std::string path; // empty: in memory
    std::string location;
    uint64_t max_bytes = 0; // of waiting bodies, and again of dead letters; 0: no limit
};

/// Called from the spool's thread, without a lock held.
struct SpoolHooks {
    std::function<void(const std::vector<Delivery> &)> loaded; // these can be delivered now
    std::function<void(const std::string &)> warn;             // deliveries are in danger, and why
};

/// A thread has the file. Others hand it what is to be changed and read what it has loaded ahead, so that no disk, lock
/// of another process or full file system holds up anybody for longer than is said here. What can be delivered is
/// synced: a number that a receiver has seen is never given to something else, whatever happens to the machine. Of
/// several spools of the same file and location one delivers, and another takes over when it is gone.
///
/// Thread-safe; as a DeliveryStore (of one endpoint, in one lane) as that says.
class Spool : public DeliveryStore {
  public:
    /// An error: no such file can be used. (A disk that takes longer than kOpenMs to say so is none; what is put
    /// meanwhile waits in memory.)
    static Result<std::unique_ptr<Spool>> open(SpoolConfig config, SpoolHooks hooks);
    /// Writes what is left, for at most kCloseMs.
    ~Spool() override;
    Spool(const Spool &) = delete;
    Spool &operator=(const Spool &) = delete;

    static constexpr int kOpenMs = 2000, kCloseMs = 3000;
    /// How long a body may hold up the pipeline. Once it did, others do not wait until the disk has caught up.
    static constexpr int kPutMs = 100;

    /// In the file when it returns, so that it survives the death of the process, unless the disk did not take it
    /// within kPutMs; then it is written as soon as it does. Error 503: over a limit, and the text says which.
    Result<bool> put(std::string_view body, std::string_view type, int64_t now_ms);

    /// Until nothing waits any more or nothing will be delivered (true), the deadline has passed or it is interrupted
    /// (false).
    bool wait_idle(std::chrono::milliseconds limit);
    void interrupt(bool interrupted);

    /// The newest `limit` ones. Errors also when the disk takes longer than kOpenMs.
    Result<std::vector<DeadLetter>> dead_letters(size_t limit);
    /// Sends a dead letter again under its id and number, all of them when `id` is empty; says how many. It also has
    /// what comes from now on delivered, when the endpoint was gone.
    Result<int64_t> resend(const std::string &id);

    Result<std::vector<Delivery>> heads(int64_t endpoint, const std::set<std::string> &busy, size_t limit) override;
    bool postpone(const Delivery &delivery, int64_t due_ms, std::string_view error, unsigned status) override;
    bool delivered(const Delivery &delivery, unsigned status) override;
    bool dead(const Delivery &delivery, std::string_view error, unsigned status) override;
    bool endpoint_disabled(int64_t endpoint, std::string_view why) override;

  private:
    class Worker;
    explicit Spool(std::shared_ptr<Worker> worker) : worker_(std::move(worker)) {}

    const std::shared_ptr<Worker> worker_; // the thread has it too: a disk that hangs outlives the spool
};

} // namespace rostrum
