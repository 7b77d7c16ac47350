// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The timers of a shard: a binary heap that knows where each of its owners sits.

#pragma once

#include "wire/time.h"

#include <cstddef>
#include <utility>
#include <vector>

namespace peerwire {

/// What a TimerQueue keeps in its owner.
struct TimerSlot {
    static constexpr size_t kAbsent = ~size_t{0};
    TimeNs when = kNever;
    size_t at = kAbsent;
};

/// `Owner` has a member `TimerSlot timer`. Arming allocates only while the heap grows. Thread-bound: its shard's
/// thread.
template <class Owner> class TimerQueue {
  public:
    TimeNs next() const { return heap_.empty() ? kNever : heap_.front()->timer.when; }

    /// kNever disarms.
    void arm(Owner &owner, TimeNs when) {
        TimerSlot &slot = owner.timer;
        if (slot.when == when)
            return;
        if (when == kNever)
            return remove(owner);
        slot.when = when;
        if (slot.at == TimerSlot::kAbsent) {
            heap_.push_back(&owner);
            slot.at = heap_.size() - 1;
        }
        settle(slot.at);
    }

    void remove(Owner &owner) {
        const size_t at = owner.timer.at;
        owner.timer = {};
        if (at == TimerSlot::kAbsent)
            return;
        Owner *moved = heap_.back();
        heap_.pop_back();
        if (moved == &owner)
            return;
        place(at, *moved);
        settle(at);
    }

    /// The first owner whose time has come, taken out; null when there is none.
    Owner *pop(TimeNs now) {
        if (next() > now)
            return nullptr;
        Owner *owner = heap_.front();
        remove(*owner);
        return owner;
    }

  private:
    void place(size_t at, Owner &owner) {
        heap_[at] = &owner;
        owner.timer.at = at;
    }

    bool earlier(size_t a, size_t b) const { return heap_[a]->timer.when < heap_[b]->timer.when; }

    void exchange(size_t a, size_t b) {
        std::swap(heap_[a], heap_[b]);
        heap_[a]->timer.at = a;
        heap_[b]->timer.at = b;
    }

    void settle(size_t at) {
        while (at > 0 && earlier(at, (at - 1) / 2)) {
            exchange(at, (at - 1) / 2);
            at = (at - 1) / 2;
        }
        for (;;) {
            size_t least = at;
            for (const size_t child : {2 * at + 1, 2 * at + 2}) {
                if (child < heap_.size() && earlier(child, least))
                    least = child;
            }
            if (least == at)
                return;
            exchange(at, least);
            at = least;
        }
    }

    std::vector<Owner *> heap_;
};

} // namespace peerwire
