// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "wire/time.h"

#include <cstddef>
#include <cstdint>

namespace peerwire {

/// The transport-wide sequence numbers of one viewer (draft-holmer-rmcat-transport-wide-cc-extensions-01): one number
/// space over picture, sound and retransmissions. Thread-bound: the viewer's shard.
class TransportNumbers {
  public:
    /// For a packet of `bytes` that leaves now: each number is sent once, none is left out.
    uint16_t take(TimeNs /*now*/, size_t /*bytes*/) { return next_++; }

  private:
    uint16_t next_ = 1;
};

} // namespace peerwire
