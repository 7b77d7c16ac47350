// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "webhooks/spool.h"

#include "webhooks/spool_worker.h"

#include <algorithm>
#include <future>
#include <glib.h>
#include <openssl/rand.h>

namespace rostrum {

using peerwire::MutexLock;
using std::chrono::milliseconds;

namespace {

// Of what the disk has not taken; one body may have 16 MiB.
constexpr size_t kMaxQueuedBytes = 32u << 20;
constexpr size_t kMaxQueued = 65'536;

std::string new_message_id() {
    constexpr char kDigits[] = "0123456789abcdef";
    unsigned char bytes[16];
    RAND_bytes(bytes, sizeof bytes);
    std::string id = "msg_";
    for (const unsigned char byte : bytes) {
        id += kDigits[byte >> 4];
        id += kDigits[byte & 15];
    }
    return id;
}

int64_t now_ms() {
    return g_get_real_time() / 1000;
}

} // namespace

Result<std::unique_ptr<Spool>> Spool::open(SpoolConfig config, SpoolHooks hooks) {
    const auto worker = std::make_shared<Worker>(std::move(config), std::move(hooks));
    worker->thread = std::thread([worker] { worker->run(); });
    std::unique_ptr<Spool> spool(new Spool(worker));
    const auto deadline = Worker::Clock::now() + milliseconds(kOpenMs);
    MutexLock lock(worker->mutex);
    while (!worker->is_open && !worker->open_error)
        if (worker->changed.wait_until(worker->mutex, deadline) == std::cv_status::timeout)
            break;
    if (worker->open_error)
        return *worker->open_error;
    return spool;
}

Spool::~Spool() {
    Worker &worker = *worker_;
    const auto deadline = Worker::Clock::now() + milliseconds(kCloseMs);
    bool ended = false;
    {
        MutexLock lock(worker.mutex);
        worker.is_stopping = true;
        worker.changed.notify_all();
        while (!worker.is_ended)
            if (worker.changed.wait_until(worker.mutex, deadline) == std::cv_status::timeout)
                break;
        ended = worker.is_ended;
    }
    if (ended)
        worker.thread.join();
    else
        worker.thread.detach(); // it hangs in the disk, and owns all that it uses
}

Result<bool> Spool::put(std::string_view body, std::string_view type, int64_t created_ms) {
    Delivery delivery;
    delivery.id = new_message_id();
    delivery.type = type;
    delivery.created_ms = created_ms;
    delivery.body = body;
    Worker &worker = *worker_;
    const auto deadline = Worker::Clock::now() + milliseconds(kPutMs);
    MutexLock lock(worker.mutex);
    const uint64_t max = worker.config.max_bytes;
    if (max > 0 && worker.waiting_bytes + worker.queued_bytes + body.size() > max)
        return Error{503, "the spool is full" + (worker.trouble.empty() ? "" : ": " + worker.trouble)};
    if (worker.queued_bytes + body.size() > kMaxQueuedBytes || worker.queue.size() >= kMaxQueued)
        return Error{503, "the disk does not keep up" + (worker.trouble.empty() ? "" : ": " + worker.trouble)};
    const uint64_t number = ++worker.puts;
    worker.push({[delivery = std::move(delivery)](SpoolFile &file) { return file.insert(delivery); }, body.size()});
    while (!worker.is_late && worker.written < number)
        if (worker.changed.wait_until(worker.mutex, deadline) == std::cv_status::timeout)
            worker.is_late = worker.written < number;
    return true;
}

bool Spool::wait_idle(milliseconds limit) {
    Worker &worker = *worker_;
    const auto deadline = Worker::Clock::now() + limit;
    MutexLock lock(worker.mutex);
    const auto is_idle = [&worker]() REQUIRES(worker.mutex) {
        return worker.written == worker.puts &&
               (worker.is_gone || (worker.is_drained && worker.loaded.empty() && worker.leaving.empty()));
    };
    while (!is_idle() && !worker.is_interrupted)
        if (worker.changed.wait_until(worker.mutex, deadline) == std::cv_status::timeout)
            break;
    return is_idle();
}

void Spool::interrupt(bool interrupted) {
    MutexLock lock(worker_->mutex);
    worker_->is_interrupted = interrupted;
    worker_->changed.notify_all();
}

template <class T> Result<T> Spool::Worker::ask(std::function<Result<T>(SpoolFile &)> question, bool reload) {
    const auto answer = std::make_shared<std::promise<Result<T>>>();
    std::future<Result<T>> future = answer->get_future();
    {
        MutexLock lock(mutex);
        Queued queued;
        queued.change = [answer, question = std::move(question),
                         asked = std::make_shared<bool>(false)](SpoolFile &file) {
            Result<T> result = question(file);
            const bool ok = result.ok();
            if (!std::exchange(*asked, true))
                answer->set_value(std::move(result));
            return ok;
        };
        queued.reloads = reload;
        push(std::move(queued));
    }
    if (future.wait_for(milliseconds(kOpenMs)) != std::future_status::ready)
        return Error{503, "the spool does not answer"};
    return future.get();
}

Result<std::vector<DeadLetter>> Spool::dead_letters(size_t limit) {
    return worker_->ask<std::vector<DeadLetter>>([limit](SpoolFile &file) { return file.dead_letters(limit); }, false);
}

Result<int64_t> Spool::resend(const std::string &id) {
    {
        MutexLock lock(worker_->mutex);
        worker_->is_gone = false;
    }
    return worker_->ask<int64_t>(
        [id](SpoolFile &file) -> Result<int64_t> {
            int64_t revived = 0;
            if (!file.revive(id, now_ms(), revived))
                return Error{500, file.error()};
            return revived;
        },
        true);
}

Result<std::vector<Delivery>> Spool::heads(int64_t, const std::set<std::string> &busy, size_t limit) {
    std::vector<Delivery> heads;
    MutexLock lock(worker_->mutex);
    if (!worker_->loaded.empty() && busy.empty() && limit > 0)
        heads.push_back(worker_->loaded.front());
    return heads;
}

bool Spool::postpone(const Delivery &delivery, int64_t due_ms, std::string_view, unsigned) {
    MutexLock lock(worker_->mutex);
    for (Delivery &each : worker_->loaded)
        if (each.sequence == delivery.sequence) {
            each.attempts = delivery.attempts;
            each.due_ms = due_ms;
            break;
        }
    worker_->push({[sequence = delivery.sequence, attempts = delivery.attempts, due_ms](SpoolFile &file) {
        return file.postpone(sequence, attempts, due_ms);
    }});
    return true;
}

bool Spool::delivered(const Delivery &delivery, unsigned) {
    MutexLock lock(worker_->mutex);
    worker_->push({[sequence = delivery.sequence](SpoolFile &file) { return file.remove(sequence); }, 0,
                   delivery.sequence, delivery.body.size()});
    return true;
}

bool Spool::dead(const Delivery &delivery, std::string_view error, unsigned status) {
    Delivery letter = delivery;
    letter.body.clear(); // the file has it
    MutexLock lock(worker_->mutex);
    Worker::Queued queued{[letter = std::move(letter), text = std::string(error), status,
                           died_ms = now_ms()](SpoolFile &file) { return file.bury(letter, text, status, died_ms); },
                          0, delivery.sequence, delivery.body.size()};
    queued.buries = true;
    worker_->push(std::move(queued));
    return true;
}

/// From now on whatever is put is dead at once: the thread sees to it.
bool Spool::endpoint_disabled(int64_t, std::string_view) {
    MutexLock lock(worker_->mutex);
    worker_->is_gone = true;
    worker_->loaded.clear();
    Worker::Queued nothing; // wakes the thread
    nothing.change = [](SpoolFile &) { return true; };
    worker_->push(std::move(nothing));
    return true;
}

} // namespace rostrum
