// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// RSA signatures, made in other threads.

#pragma once

#include "sync/mutex.h"
#include "webhooks/signature.h"

#include <deque>
#include <functional>
#include <gio/gio.h>
#include <map>

namespace rostrum {

/// Thread-safe; callbacks come in the context's thread.
class BodySigner {
  public:
    using Done = std::function<void(const std::string &signature)>;

    /// `signer` outlives it.
    BodySigner(GMainContext *context, const Signer &signer);
    ~BodySigner(); // callbacks are not called any more; only in the context's thread
    BodySigner(const BodySigner &) = delete;
    BodySigner &operator=(const BodySigner &) = delete;

    /// Signs ahead, unless a thousand others are already. One that nobody asks for within a minute makes room.
    void prepare(const std::string &id, const std::string &body);
    /// In the context's thread. `done` is called at once when the signature is there, or when there is no key.
    void sign(const std::string &id, const std::string &body, Done done);
    /// It is not asked for any more.
    void forget(const std::string &id);

  private:
    struct Entry {
        gint64 begun_us = 0;
        bool is_ready = false;
        std::string signature;
        std::vector<Done> waiting;
    };
    struct Job {
        std::string id, body;
    };
    struct Finished;

    bool is_full() REQUIRES(mutex_);
    bool begin(const std::string &id) REQUIRES(mutex_); // false: it is known
    void push(const std::string &id, const std::string &body);
    void work(const Job &job);

    GMainContext *const context_;
    const Signer &signer_;
    const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true); // the context's thread
    peerwire::Mutex mutex_;
    std::map<std::string, Entry> entries_ GUARDED_BY(mutex_);
    std::deque<std::string> ahead_ GUARDED_BY(mutex_); // prepared ones, oldest first; some are forgotten since
    GThreadPool *pool_;                                // last: its threads use the others
};

} // namespace rostrum
