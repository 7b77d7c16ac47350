// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The outbox of an element that runs, among those who use it.

#pragma once

#include "webhooksink/outbox.h"

namespace rostrum {

/// Thread-safe. Outlives what current() gives.
class OutboxSlot {
  public:
    void put(std::unique_ptr<Outbox> outbox) {
        MutexLock lock(mutex_);
        outbox_ = std::move(outbox);
    }
    /// Empty without one.
    std::shared_ptr<Outbox> current() {
        MutexLock lock(mutex_);
        if (!outbox_)
            return nullptr;
        users_++;
        return {outbox_.get(), [this](Outbox *) {
                    MutexLock leaving(mutex_);
                    users_--;
                    unused_.notify_all();
                }};
    }
    /// Waits for whoever uses it: a bus handler may be one of the outbox's own threads, which must not end it.
    std::unique_ptr<Outbox> take() {
        MutexLock lock(mutex_);
        std::unique_ptr<Outbox> taken = std::move(outbox_);
        while (users_ > 0)
            unused_.wait(mutex_);
        return taken;
    }

  private:
    using MutexLock = peerwire::MutexLock;

    peerwire::Mutex mutex_;
    peerwire::CondVar unused_;
    std::unique_ptr<Outbox> outbox_ GUARDED_BY(mutex_);
    unsigned users_ GUARDED_BY(mutex_) = 0;
};

} // namespace rostrum
