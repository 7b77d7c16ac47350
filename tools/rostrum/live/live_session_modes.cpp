// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What participants may do, and what they do: modes, and media that comes and goes.

#include "tools/rostrum/base/ids.h"
#include "tools/rostrum/live/live_session.h"

#include <algorithm>

namespace rostrum {
namespace {

/// As the attendance names what flows. A picture that is said to be a screen share is one, and its sound with it.
std::set<std::string> media_of(const Feeds &feeds, const Marks &marks, bool screen) {
    std::set<std::string> shows;
    for (const auto &[feed, kinds] : feeds) {
        if (kinds.count("audio") && !marks.mic_off)
            shows.insert(screen ? attendance::kScreenShareAudio : attendance::kMic);
        if (kinds.count("video") && !marks.camera_off)
            shows.insert(screen ? attendance::kScreenShare : attendance::kWebcam);
    }
    return shows;
}

} // namespace

void LiveSession::change_mode(Participant &participant, const std::string &wanted) {
    const auto refuse = [&](int code, const std::string &message) {
        send_to(participant, "error", Json::object({{"code", code}, {"message", message}}));
    };
    const auto mode = parse_mode(wanted);
    if (!mode)
        return refuse(code::kChangeModeFailed, "mode has to be SEND_AND_RECV, RECV_ONLY or SIGNALLING_ONLY");
    if (*mode == participant.mode)
        return refuse(code::kAlreadyInMode, std::string("the mode is ") + mode_name(*mode) + " already");
    if (!participant.mode_changes.take(now_ms())) // each is kept, and everybody is told
        return refuse(code::kChangeModeFailed, "too many changes of the mode: 10 at once, 1 a second");
    if (*mode > participant.most)
        return refuse(code::kChangeModeFailed, std::string("the token allows no more than ") +
                                                   mode_name(participant.most) + "; join again with another one");
    if (*mode < Mode::SendAndRecv)
        close_peers(participant, "host", leave_reason::kModeChanged);
    if (*mode < Mode::RecvOnly)
        close_peers(participant, "viewer", leave_reason::kModeChanged);
    set_mode(participant, *mode);
}

void LiveSession::set_mode(Participant &participant, Mode mode) {
    if (std::exchange(participant.mode, mode) != mode) {
        services_.store.attendance.begin(id_, participant.id, attendance::kMode, mode_name(mode), now_ms());
        emit("participant-mode-changed", Json::object({{"participantId", participant.id}, {"mode", mode_name(mode)}}));
    }
    services_.store.sessions.update(id_, participant.id, participant.name, mode_name(mode));
}

void LiveSession::close_peers(const Participant &participant, const char *role, const LeaveReason &reason) {
    for (const auto &resource : roster_.resources_of(participant.id, role))
        process_.remove(resource, reason.text, [](const std::variant<Done, Refusal> &) {});
}

/// Keeps when its microphone, camera and screen were on.
void LiveSession::note_media(Participant &participant) {
    const auto screens = composition_.get("screens").strings();
    const bool screen = std::find(screens.begin(), screens.end(), participant.id) != screens.end();
    const auto shows = media_of(roster_.feeds(participant.id), roster_.visible_marks(participant), screen);
    AttendanceStore &attendance = services_.store.attendance;
    const int64_t now = now_ms();
    for (const auto &kind : participant.shows)
        if (!shows.count(kind))
            attendance.end(id_, participant.id, kind, now);
    for (const auto &kind : shows)
        if (!participant.shows.count(kind))
            attendance.begin(id_, participant.id, kind, "", now);
    participant.shows = shows;
}

} // namespace rostrum
