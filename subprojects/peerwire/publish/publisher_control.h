// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace peerwire {

/// Wishes to a running Publisher from other threads. Server::wake() has them granted at once, else the Publisher's next
/// timeout. Thread-safe.
class PublisherControl {
  public:
    /// A PLI for this track, merged with others.
    void request_keyframe(size_t track) { keyframes_.fetch_or(uint32_t{1} << (track % 32), std::memory_order_relaxed); }
    /// The tracks asked for since the last call, one bit each.
    uint32_t take_keyframe_requests() { return keyframes_.exchange(0, std::memory_order_relaxed); }

  private:
    std::atomic<uint32_t> keyframes_{0};
};

} // namespace peerwire
