// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "publish/nack_list.h"

#include <algorithm>

namespace peerwire {

bool NackList::add(TimeNs now, int64_t first, int64_t end) {
    if (end - first > static_cast<int64_t>(kMaxMissing - missing_.size())) {
        given_up_ += missing_.size() + static_cast<uint64_t>(end - first);
        missing_.clear();
        return false;
    }
    for (int64_t sequence = first; sequence < end; ++sequence)
        missing_.push_back({sequence, now, 0, 0});
    return true;
}

NackList::Found NackList::remove(TimeNs now, int64_t sequence) {
    const auto at = std::lower_bound(missing_.begin(), missing_.end(), sequence,
                                     [](const Missing &m, int64_t wanted) { return m.sequence < wanted; });
    if (at == missing_.end() || at->sequence != sequence)
        return {};
    const Missing found = *at;
    missing_.erase(at);
    if (found.tries != 1) // Karn: an answer to one of several requests says nothing
        return {found.tries > 0, {}};
    return {true, now - found.asked_at};
}

TimeNs NackList::due(const Missing &missing, TimeNs round_trip) {
    if (missing.tries == 0)
        return missing.since + kDwell;
    return missing.asked_at + std::max(kMinRetry, round_trip + round_trip / 4);
}

size_t NackList::collect(TimeNs now, TimeNs round_trip, std::span<uint16_t> out) {
    size_t count = 0;
    given_up_ += std::erase_if(missing_, [&](Missing &missing) {
        if (now < due(missing, round_trip))
            return false;
        if (missing.tries >= kMaxTries || now - missing.since >= kMaxAge)
            return true;
        if (count < out.size()) {
            out[count++] = static_cast<uint16_t>(missing.sequence);
            missing.asked_at = now;
            ++missing.tries;
        }
        return false;
    });
    return count;
}

TimeNs NackList::next_due(TimeNs round_trip) const {
    TimeNs next = kNever;
    for (const Missing &missing : missing_)
        next = std::min(next, due(missing, round_trip));
    return next;
}

} // namespace peerwire
