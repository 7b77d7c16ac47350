// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "webhooks/spool_worker.h"

#include <algorithm>
#include <glib.h>
#include <numeric>

namespace rostrum {

using peerwire::MutexLock;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds kRecheck{1000};     // for what others put into the file, and after a write that failed
constexpr milliseconds kMaxSyncPause{200}; // a disk that syncs slowly delays deliveries by no more than this again
constexpr size_t kMaxBatch = 1000;         // changes of a transaction
constexpr size_t kLoad = 256, kFew = 64;   // deliveries ahead; below the second more are loaded
constexpr size_t kLoadBytes = 4u << 20, kFewBytes = 2u << 20;
constexpr unsigned kGoneStatus = 410;
constexpr char kGone[] = "HTTP 410: the endpoint is gone";

} // namespace

void Spool::Worker::push(Queued queued) {
    queued_bytes += queued.new_bytes;
    if (queued.leaves > 0) {
        leaving.insert(queued.leaves);
        std::erase_if(loaded, [&](const Delivery &each) { return each.sequence == queued.leaves; });
    }
    queue.push_back(std::move(queued));
    changed.notify_all();
}

void Spool::Worker::run() {
    if (open_file()) {
        for (bool goes_on = true; goes_on;) {
            std::deque<Queued> batch = take();
            const bool is_written = write(batch);
            if (!is_written)
                give_back(std::move(batch));
            else
                sync_if_due();
            if (is_written)
                load();
            MutexLock lock(mutex);
            goes_on = !is_stopping || (is_written && !queue.empty());
        }
        if (!is_synced_)
            file_->sync();
    }
    file_.reset();
    lock_.reset();
    MutexLock lock(mutex);
    is_ended = true;
    changed.notify_all();
}

bool Spool::Worker::open_file() {
    for (;;) {
        auto file = SpoolFile::open(config.path, config.location);
        uint64_t bytes = 0;
        if (file) {
            file_ = std::move(file).value();
            lock_ = std::make_unique<EndpointLock>(config.path, file_->endpoint());
            if (const auto waiting = file_->waiting_bytes())
                bytes = waiting.value();
            (void)file_->is_changed_by_others(); // from now on
        } else if (file.error().code == 503) {
            note_trouble("the spool is locked by another process; deliveries wait in memory");
        }
        MutexLock lock(mutex);
        if (!file && file.error().code != 503)
            open_error = file.error();
        is_open = file.ok();
        waiting_bytes = bytes;
        changed.notify_all();
        if (is_open || open_error || is_stopping)
            return is_open;
    }
}

/// Waits for changes, or until there is something else to do.
std::deque<Spool::Worker::Queued> Spool::Worker::take() {
    const auto deadline = is_synced_ ? Clock::now() + kRecheck : sync_due_;
    std::deque<Queued> batch;
    MutexLock lock(mutex);
    while (queue.empty() && !is_stopping)
        if (changed.wait_until(mutex, deadline) == std::cv_status::timeout)
            break;
    for (; !queue.empty() && batch.size() < kMaxBatch; queue.pop_front())
        batch.push_back(std::move(queue.front()));
    return batch;
}

bool Spool::Worker::write(std::deque<Queued> &batch) {
    if (batch.empty())
        return true;
    bool gone = false;
    {
        MutexLock lock(mutex);
        gone = is_gone;
    }
    bool done = file_->begin(), buries = gone;
    for (auto each = batch.begin(); done && each != batch.end(); ++each) {
        done = each->change(*file_);
        buries = buries || each->buries;
    }
    if (done && gone)
        done = file_->bury_all(kGone, kGoneStatus, g_get_real_time() / 1000);
    if (done && buries)
        done = file_->limit_dead(config.max_bytes);
    if (!done || !file_->commit()) {
        const std::string why = file_->error();
        file_->rollback();
        note_trouble("the spool cannot be written, deliveries wait in memory: " + why);
        return false;
    }
    MutexLock lock(mutex);
    trouble.clear();
    for (const Queued &each : batch) {
        if (each.new_bytes > 0) {
            written++;
            queued_bytes -= each.new_bytes;
            waiting_bytes += each.new_bytes;
            is_synced_ = false;
            is_drained = false;
        }
        leaving.erase(each.leaves);
        waiting_bytes -= std::min<uint64_t>(waiting_bytes, each.left_bytes);
        if (each.reloads) {
            loaded.clear();
            last_loaded_ = 0;
            is_synced_ = is_drained = false;
        }
    }
    if (gone) {
        loaded.clear();
        waiting_bytes = 0;
    }
    is_late = is_late && written != puts;
    changed.notify_all();
    return true;
}

/// A transaction that failed is made again, in the same order, after a while.
void Spool::Worker::give_back(std::deque<Queued> batch) {
    const auto deadline = Clock::now() + kRecheck;
    MutexLock lock(mutex);
    queue.insert(queue.begin(), std::make_move_iterator(batch.begin()), std::make_move_iterator(batch.end()));
    while (!is_stopping)
        if (changed.wait_until(mutex, deadline) == std::cv_status::timeout)
            break;
}

/// While much is put, four fifths of the time are left for that.
void Spool::Worker::sync_if_due() {
    const auto begun = Clock::now();
    if (is_synced_ || begun < sync_due_)
        return;
    is_synced_ = file_->sync();
    const auto ended = Clock::now();
    if (!is_synced_)
        note_trouble("the spool cannot be synced, deliveries wait: disk I/O error");
    sync_due_ = ended + (is_synced_ ? std::min<Clock::duration>(4 * (ended - begun), kMaxSyncPause) : kRecheck);
}

/// Others may have it, or may have had it until now.
bool Spool::Worker::owns_endpoint() {
    if (lock_->acquire())
        return true;
    const auto first = file_->read(0, 1, 1);
    if (Clock::now() >= recount_due_)
        recount();
    MutexLock lock(mutex);
    is_drained = first && first.value().empty();
    changed.notify_all();
    return false;
}

/// What others delivered takes no room any more, what they put does. Looks at every row: not all the time.
void Spool::Worker::recount() {
    recount_due_ = Clock::now() + kRecheck;
    const auto bytes = file_->waiting_bytes();
    MutexLock lock(mutex);
    if (bytes)
        waiting_bytes = bytes.value();
}

/// What they have put is loaded once it is synced. Under a number that was loaded already they may have a dead letter
/// sent again.
void Spool::Worker::look_at_changes_of_others() {
    if (file_->is_changed_by_others()) {
        is_synced_ = file_->is_synced();
        is_to_be_read_anew_ = true;
        MutexLock lock(mutex);
        is_drained = false;
    }
    if (!is_to_be_read_anew_ || Clock::now() < recount_due_)
        return;
    is_to_be_read_anew_ = false;
    last_loaded_ = 0;
    recount();
    MutexLock lock(mutex);
    is_drained = false;
}

void Spool::Worker::load() {
    if (!is_synced_ || !owns_endpoint())
        return;
    look_at_changes_of_others();
    {
        MutexLock lock(mutex);
        const auto add = [](size_t sum, const Delivery &each) { return sum + each.body.size(); };
        if (is_drained || is_gone || loaded.size() >= kFew ||
            std::accumulate(loaded.begin(), loaded.end(), size_t{0}, add) >= kFewBytes)
            return;
    }
    auto next = file_->read(last_loaded_, kLoad, kLoadBytes);
    if (!next) {
        note_trouble("the spool cannot be read, deliveries wait: " + next.error().text);
        return;
    }
    std::vector<Delivery> &deliveries = next.value();
    const bool anew = last_loaded_ == 0;
    bool wanted = false;
    {
        MutexLock lock(mutex);
        is_drained = deliveries.empty() && is_synced_;
        if (!deliveries.empty())
            last_loaded_ = deliveries.back().sequence;
        std::erase_if(deliveries,
                      [this](const Delivery &each) REQUIRES(mutex) { return leaving.contains(each.sequence); });
        if (anew)
            put_loaded_into(deliveries);
        loaded.insert(loaded.end(), deliveries.begin(), deliveries.end());
        wanted = !deliveries.empty() && !is_stopping;
        changed.notify_all();
    }
    if (wanted && hooks.loaded)
        hooks.loaded(deliveries);
}

/// The file may not know yet of their last attempts.
void Spool::Worker::put_loaded_into(std::vector<Delivery> &deliveries) {
    for (Delivery &each : std::exchange(loaded, {})) {
        const auto same = std::lower_bound(deliveries.begin(), deliveries.end(), each.sequence,
                                           [](const Delivery &one, int64_t number) { return one.sequence < number; });
        if (same != deliveries.end() && same->sequence == each.sequence)
            *same = std::move(each);
    }
}

void Spool::Worker::note_trouble(const std::string &text) {
    bool is_new = false;
    {
        MutexLock lock(mutex);
        is_new = trouble.empty() && !is_stopping; // whom it concerns may be gone by then
        trouble = text;
    }
    if (is_new && hooks.warn)
        hooks.warn(text);
}

} // namespace rostrum
