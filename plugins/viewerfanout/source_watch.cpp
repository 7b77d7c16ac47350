// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "viewerfanout/source_watch.h"

#include <algorithm>

namespace rostrum {

void SourceWatch::enter_flow(unsigned pad) {
    if (pads_[pad].state.exchange(State::Flows) == State::Lost)
        listener_(pad, Change::Back);
}

void SourceWatch::lose(unsigned pad) {
    State expected = State::Flows;
    if (pads_[pad].state.compare_exchange_strong(expected, State::Lost))
        listener_(pad, Change::Lost);
}

void SourceWatch::check(peerwire::TimeNs now) {
    for (unsigned pad = 0; pad < kPads; ++pad) {
        if (now - pads_[pad].arrived.load(std::memory_order_relaxed) >= kSilence)
            lose(pad);
    }
}

void SourceWatch::resume(peerwire::TimeNs now) {
    for (Pad &pad : pads_) {
        if (pad.state.load(std::memory_order_relaxed) == State::Flows)
            pad.arrived.store(now, std::memory_order_relaxed);
    }
}

void SourceWatch::forget() {
    for (Pad &pad : pads_) {
        pad.state.store(State::Unused);
        pad.arrived.store(0, std::memory_order_relaxed);
    }
}

peerwire::TimeNs SourceWatch::last_arrival() const {
    peerwire::TimeNs last = 0;
    for (const Pad &pad : pads_)
        last = std::max(last, pad.arrived.load(std::memory_order_relaxed));
    return last;
}

} // namespace rostrum
