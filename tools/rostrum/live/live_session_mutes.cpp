// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Participants whose sound or picture the server holds back, whatever they send. Who leaves and comes back is still
// muted; so is everybody after a restart of `serve` or of the session process.

#include "tools/rostrum/live/live_session.h"

namespace rostrum {

Json describe(const Mute &mute) {
    return Json::object({{"audio", mute.audio}, {"video", mute.video}});
}

std::optional<Refusal> LiveSession::mute(const std::string &participant_id, std::optional<bool> audio,
                                         std::optional<bool> video) {
    Participant *participant = roster_.find(participant_id);
    Mute mute = roster_.mute_of(participant_id);
    if (!participant && !mute.any())
        return Refusal{404, code::kRemoteMediaFailed, "this participant is not in the session"};
    mute = {audio.value_or(mute.audio), video.value_or(mute.video)};
    if (mute == roster_.mute_of(participant_id))
        return std::nullopt;
    if (!roster_.set_mute(participant_id, mute))
        return Refusal{409, code::kRemoteMediaFailed, "too many participants are muted; unmute somebody first"};
    store_mutes();
    if (participant)
        note_media(*participant);
    emit("participant-mute-changed",
         Json::object({{"participantId", participant_id}, {"audio", mute.audio}, {"video", mute.video}}));
    push_state();
    return std::nullopt;
}

void LiveSession::store_mutes() {
    Json mutes = Json::object();
    for (const auto &[id, mute] : roster_.mutes())
        mutes.set(id, describe(mute));
    services_.store.sessions.set_mutes(id_, roster_.mutes().empty() ? "" : mutes.dump());
}

void LiveSession::restore_mutes() {
    const auto mutes = parse_json(services_.store.sessions.mutes(id_));
    if (!mutes)
        return;
    for (const auto &id : mutes->keys()) {
        const Json mute = mutes->get(id.c_str());
        roster_.set_mute(id, {mute.get("audio").as_bool(), mute.get("video").as_bool()});
    }
}

} // namespace rostrum
