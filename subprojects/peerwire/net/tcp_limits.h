// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// How much ICE-TCP may take up.

#pragma once

#include "wire/time.h"

#include <cstddef>

namespace peerwire {

/// What a stranger may take up.
struct TcpLimits {
    size_t links = 4096;           ///< of a shard
    size_t unproven = 256;         ///< without an authentic check so far: the oldest one makes room
    size_t unproven_per_host = 16; ///< of one host (see host_of): more are refused
    TimeNs proof_timeout = 10 * kNsPerSecond;
    /// A reader that takes nothing for this long, while something waits, is gone.
    TimeNs stuck_after = 5 * kNsPerSecond;
};

} // namespace peerwire
