// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "webhooks/body_signer.h"

#include <algorithm>

namespace rostrum {

using peerwire::MutexLock;

namespace {
constexpr size_t kAhead = 1024; // signatures, each 350 bytes and its id
constexpr gint64 kStaleUs = 60'000'000;
constexpr guint kMaxThreads = 4;
} // namespace

struct BodySigner::Finished {
    std::weak_ptr<bool> alive;
    std::vector<Done> waiting;
    std::string signature;
};

BodySigner::BodySigner(GMainContext *context, const Signer &signer)
    : context_(g_main_context_ref(context ? context : g_main_context_default())), signer_(signer),
      pool_(g_thread_pool_new_full(
          [](gpointer job, gpointer self) {
              const std::unique_ptr<Job> owned(static_cast<Job *>(job));
              static_cast<BodySigner *>(self)->work(*owned);
          },
          this, [](gpointer job) { delete static_cast<Job *>(job); },
          static_cast<gint>(std::min(g_get_num_processors(), kMaxThreads)), FALSE, nullptr)) {}

BodySigner::~BodySigner() {
    g_thread_pool_free(pool_, TRUE, TRUE);
    g_main_context_unref(context_);
}

bool BodySigner::begin(const std::string &id) {
    Entry fresh;
    fresh.begun_us = g_get_monotonic_time();
    return entries_.emplace(id, std::move(fresh)).second;
}

bool BodySigner::is_full() {
    while (!ahead_.empty()) {
        const auto oldest = entries_.find(ahead_.front());
        if (oldest != entries_.end()) {
            if (g_get_monotonic_time() - oldest->second.begun_us < kStaleUs || !oldest->second.waiting.empty())
                break;
            entries_.erase(oldest);
        }
        ahead_.pop_front();
    }
    return entries_.size() >= kAhead;
}

void BodySigner::push(const std::string &id, const std::string &body) {
    g_thread_pool_push(pool_, new Job{id, body}, nullptr);
}

void BodySigner::prepare(const std::string &id, const std::string &body) {
    if (!signer_.has_key())
        return;
    {
        MutexLock lock(mutex_);
        if (is_full() || !begin(id))
            return;
        ahead_.push_back(id);
    }
    push(id, body);
}

void BodySigner::forget(const std::string &id) {
    if (!signer_.has_key())
        return;
    MutexLock lock(mutex_);
    entries_.erase(id);
}

void BodySigner::sign(const std::string &id, const std::string &body, Done done) {
    std::string signature;
    if (signer_.has_key()) {
        MutexLock lock(mutex_);
        const bool is_new = begin(id);
        Entry &entry = entries_[id];
        if (!entry.is_ready) {
            entry.waiting.push_back(std::move(done));
            if (is_new)
                push(id, body);
            return;
        }
        signature = entry.signature;
    }
    done(signature);
}

void BodySigner::work(const Job &job) {
    std::string signature = signer_.sign_body(job.body);
    std::vector<Done> waiting;
    {
        MutexLock lock(mutex_);
        const auto found = entries_.find(job.id);
        if (found == entries_.end())
            return; // forgotten
        waiting.swap(found->second.waiting);
        found->second.is_ready = true;
        found->second.signature = signature;
    }
    if (waiting.empty())
        return;
    GSource *source = g_idle_source_new();
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_callback(
        source,
        [](gpointer data) -> gboolean {
            const auto *finished = static_cast<Finished *>(data);
            for (const Done &each : finished->waiting)
                if (!finished->alive.expired())
                    each(finished->signature);
            return G_SOURCE_REMOVE;
        },
        new Finished{alive_, std::move(waiting), std::move(signature)},
        [](gpointer data) { delete static_cast<Finished *>(data); });
    g_source_attach(source, context_);
    g_source_unref(source);
}

} // namespace rostrum
