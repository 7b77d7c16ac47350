// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// How the attempts that may be under way at once are shared among all endpoints.

#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

namespace rostrum {

/// What an endpoint's last attempt was like. Those that may take all their time to fail cannot have all the slots, so
/// whoever answers gets one at once.
enum class Standing { Answers, Unknown, Fails };

/// Thread-bound to its owner.
class Slots {
  public:
    explicit Slots(unsigned total)
        : limits_{std::max(total, 4u), std::max(total, 4u) / 4 * 3, std::max(total, 4u) / 2} {}

    bool has(Standing standing) const {
        for (size_t each = 0; each <= static_cast<size_t>(standing); each++)
            if (used_[each] >= limits_[each])
                return false;
        return true;
    }
    /// Only when it has one.
    void take(Standing standing) {
        for (size_t each = 0; each <= static_cast<size_t>(standing); each++)
            used_[each]++;
    }
    /// With the standing that it was taken with.
    void give(Standing standing) {
        for (size_t each = 0; each <= static_cast<size_t>(standing); each++)
            used_[each]--;
    }

  private:
    const std::array<unsigned, 3> limits_;
    std::array<unsigned, 3> used_{}; // each includes those that stand worse
};

} // namespace rostrum
