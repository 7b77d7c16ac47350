// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Notices a server that keeps the connection but takes nothing.

#pragma once

#include <algorithm>
#include <cstdint>

namespace rostrum {

/// Looks at two signs: bytes that do not arrive at the server's machine although some are on their way, and (earlier,
/// while its kernel still swallows bytes) acknowledgements of the server itself that stay away. Reentrant.
class StallWatch {
  public:
    static constexpr int64_t kNoProgressUs = 5'000'000;
    static constexpr int64_t kNoAckUs = 6'000'000;
    static constexpr uint64_t kNoAckWindows = 3;

    /// True when the server is stalled. `sent` and `acknowledged` as in PushBytes; `backlog`: something is on its way.
    bool update(int64_t now_us, uint64_t sent, uint64_t acknowledged, bool backlog) {
        if (sent != sent_ || !backlog || sent_us_ == 0)
            sent_us_ = now_us;
        sent_ = sent;
        if (acknowledged > acknowledged_) {
            // Some servers never acknowledge, and each has its own window: only what this one did before counts.
            window_ = std::max(window_, acknowledged - acknowledged_);
            acknowledged_ = acknowledged;
            acknowledged_us_ = now_us;
            sent_then_ = sent;
        }
        if (now_us - sent_us_ > kNoProgressUs)
            return true;
        return window_ > 0 && now_us - acknowledged_us_ > kNoAckUs && sent - sent_then_ > kNoAckWindows * window_;
    }

  private:
    int64_t sent_us_ = 0, acknowledged_us_ = 0;
    uint64_t sent_ = 0, acknowledged_ = 0, window_ = 0;
    uint64_t sent_then_ = 0; // when the newest acknowledgement came
};

} // namespace rostrum
