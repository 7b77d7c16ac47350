// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What a spool and its thread share.

#pragma once

#include "webhooks/spool.h"

#include <optional>

namespace rostrum {

class Spool::Worker {
  public:
    using Clock = std::chrono::steady_clock;
    using Change = std::function<bool(SpoolFile &)>; // may be made again when its transaction failed

    Worker(SpoolConfig settings, SpoolHooks callbacks) : config(std::move(settings)), hooks(std::move(callbacks)) {}

    const SpoolConfig config;
    const SpoolHooks hooks;

    struct Queued {
        Change change;
        size_t new_bytes = 0;  // of a body that is put
        int64_t leaves = 0;    // the number of a delivery that does not wait any more …
        size_t left_bytes = 0; // … and its body's size
        bool reloads = false;  // what waits is not what was loaded
        bool buries = false;   // there is one more dead letter
    };

    peerwire::Mutex mutex; // never held while SQLite works
    peerwire::CondVar changed;
    std::deque<Queued> queue GUARDED_BY(mutex); // in the order of their making
    size_t queued_bytes GUARDED_BY(mutex) = 0;  // of bodies in it, or being written
    uint64_t puts GUARDED_BY(mutex) = 0, written GUARDED_BY(mutex) = 0;
    uint64_t waiting_bytes GUARDED_BY(mutex) = 0;
    std::deque<Delivery> loaded GUARDED_BY(mutex); // the next ones, in order
    std::set<int64_t> leaving GUARDED_BY(mutex);   // delivered or dead, but still in the file
    std::string trouble GUARDED_BY(mutex);         // why nothing can be written
    bool is_late GUARDED_BY(mutex) = false;        // a put did not wait for its writing
    bool is_drained GUARDED_BY(mutex) = false;     // the file holds nothing that is not loaded
    bool is_gone GUARDED_BY(mutex) = false;        // the endpoint answered 410
    bool is_interrupted GUARDED_BY(mutex) = false;
    bool is_stopping GUARDED_BY(mutex) = false, is_ended GUARDED_BY(mutex) = false;
    bool is_open GUARDED_BY(mutex) = false;
    std::optional<Error> open_error GUARDED_BY(mutex);

    std::thread thread;

    void run(); // the thread
    void push(Queued queued) REQUIRES(mutex);
    /// Runs it in the thread and waits.
    template <class T> Result<T> ask(std::function<Result<T>(SpoolFile &)> question, bool reloads);

  private:
    // The thread.
    bool open_file();
    std::deque<Queued> take();
    bool write(std::deque<Queued> &batch);
    void give_back(std::deque<Queued> batch);
    void sync_if_due();
    void load();
    void put_loaded_into(std::vector<Delivery> &deliveries) REQUIRES(mutex);
    bool owns_endpoint();
    void look_at_changes_of_others();
    void recount();
    void note_trouble(const std::string &text);

    std::unique_ptr<SpoolFile> file_;
    std::unique_ptr<EndpointLock> lock_;
    bool is_synced_ = false;
    bool is_to_be_read_anew_ = false;
    Clock::time_point sync_due_{};
    Clock::time_point recount_due_{};
    int64_t last_loaded_ = 0;
};

} // namespace rostrum
