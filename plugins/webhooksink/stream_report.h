// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The life of a stream, told in JSON.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace rostrum {

struct StreamEvent {
    std::string type; // stream-started, stream-caps-changed, stream-stalled, stream-resumed, stream-ended
    std::string body; // {"webhookType":type,"data":{…}}
};

/// Time (`now_us`, monotonic) is an argument. Each call returns the event that it causes, if any. Thread-bound to its
/// owner's lock.
class StreamReport {
  public:
    /// `name`: of the element, in every event. `stall_us` 0: no stall is ever reported.
    StreamReport(std::string name, int64_t stall_us) : name_(std::move(name)), stall_us_(stall_us) {}

    std::optional<StreamEvent> on_caps(const std::string &caps);
    std::optional<StreamEvent> on_buffer(int64_t now_us, uint64_t bytes);
    std::optional<StreamEvent> on_tick(int64_t now_us);
    /// `reason`: "eos" or "stopped".
    std::optional<StreamEvent> on_end(int64_t now_us, const char *reason);
    /// The pipeline pauses (false) or plays: silence while it pauses is none.
    void set_playing(int64_t now_us, bool playing);

  private:
    const std::string name_;
    const int64_t stall_us_;
    std::string caps_;
    bool started_ = false, stalled_ = false, playing_ = false;
    int64_t started_us_ = 0, last_us_ = 0;
    uint64_t buffers_ = 0, bytes_ = 0;
};

} // namespace rostrum
