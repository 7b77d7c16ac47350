// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What WHEP players are told who follow the events of their resource.

#include "tools/rostrum/live/live_session.h"

namespace rostrum {
namespace {

constexpr unsigned kViewersMs = 500; // an audience that comes all at once is counted once

std::string count_text(size_t viewers) {
    return Json::object({{"viewercount", static_cast<int64_t>(viewers)}}).dump();
}

} // namespace

/// The WHEP draft has no first "inactive".
std::string LiveSession::open_whep_events(const std::string &resource, std::set<std::string> types) {
    const std::string stream = whep_events_.open(resource, std::move(types));
    if (roster_.has_feeds())
        whep_events_.tell(resource, stream, whep_event::kActive, "{}");
    whep_events_.tell(resource, stream, whep_event::kViewerCount, count_text(roster_.peer_count("viewer")));
    return stream;
}

/// Whether the media of some host flows.
void LiveSession::tell_activity() {
    const bool active = roster_.has_feeds();
    if (active == std::exchange(told_active_, active))
        return;
    for (const auto &resource : whep_events_.resources())
        whep_events_.tell(resource, active ? whep_event::kActive : whep_event::kInactive, "{}");
}

void LiveSession::count_viewers() {
    if (viewers_timer_.active())
        return;
    viewers_timer_.once(kViewersMs, [this] {
        const size_t viewers = roster_.peer_count("viewer");
        if (viewers == std::exchange(told_viewers_, viewers))
            return;
        for (const auto &resource : whep_events_.resources())
            whep_events_.tell(resource, whep_event::kViewerCount, count_text(viewers));
    });
}

/// Their connections ended with the process; a new one takes them.
void LiveSession::tell_players_to_reconnect() {
    for (const auto &resource : whep_events_.resources())
        whep_events_.tell(resource, whep_event::kReconnect, "{}");
    whep_events_.clear();
}

} // namespace rostrum
