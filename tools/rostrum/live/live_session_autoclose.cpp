// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// `autoCloseConfig` of the room.

#include "tools/rostrum/base/ids.h"
#include "tools/rostrum/live/live_session.h"

#include <algorithm>

namespace rostrum {
namespace {

constexpr int64_t kDefaultDuration = 480;                    // of VideoSDK
constexpr int64_t kWarningsMs[] = {300'000, 60'000, 10'000}; // before the end
constexpr int64_t kLongestWaitMs = 24LL * 3600 * 1000;       // clocks are set, and timers have 32 bits

} // namespace

std::optional<int64_t> LiveSession::closes_at() const {
    const Json config = room_.settings.get("autoCloseConfig");
    if (!config.is_object())
        return std::nullopt;
    return start_ + config.get("duration").as_integer(kDefaultDuration) * services_.settings.auto_close_unit_ms;
}

/// Ends the session when its time is over, and says so before.
void LiveSession::watch_close() {
    const auto at = closes_at();
    if (!at || phase_ != Phase::Live)
        return;
    const int64_t left = *at - now_ms(), whole = *at - start_;
    if (left <= 0)
        return end(leave_reason::kTimeUp);
    int64_t wait = left;
    for (const int64_t warning : kWarningsMs) {
        if (whole <= warning)
            continue;
        if (left > warning)
            wait = std::min(wait, left - warning);
        else if (std::exchange(warned_ms_, std::min(warned_ms_, warning)) > warning)
            emit("session-closing", Json::object({{"closesAt", iso_time(*at)}, {"secondsLeft", (left + 500) / 1000}}));
    }
    close_timer_.once(static_cast<unsigned>(std::min(wait, kLongestWaitMs)), [this] { watch_close(); });
}

/// A room for one session is closed with it, before anybody could begin another one.
void LiveSession::deactivate_room() {
    if (room_.settings.get("autoCloseConfig").text("type") == "session-end-and-deactivate" &&
        !std::exchange(deactivated_, true))
        services_.store.rooms.set_disabled(room_.room_id, true, now_ms());
}

} // namespace rostrum
