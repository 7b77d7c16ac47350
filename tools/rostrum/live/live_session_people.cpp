// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/base/ids.h"
#include "tools/rostrum/live/live_session.h"

#include <algorithm>
#include <iterator>
#include <limits>

namespace rostrum {
namespace {

constexpr unsigned kMarkMs = 100;    // everybody is told: somebody who flips a switch is told about once
constexpr unsigned kGraceMs = 10000; // to come back after the session process or `serve` was restarted

LeaveReason reason_of(const std::string &text) {
    return text == leave_reason::kLeft.text ? leave_reason::kLeft : leave_reason::kDisconnected;
}

struct MarkCommand {
    const char *name;
    bool Marks::*mark;
    bool value;
};
constexpr MarkCommand kMarkCommands[] = {
    {"raise-hand", &Marks::hand, true},       {"lower-hand", &Marks::hand, false},
    {"mic-off", &Marks::mic_off, true},       {"mic-on", &Marks::mic_off, false},
    {"camera-off", &Marks::camera_off, true}, {"camera-on", &Marks::camera_off, false}};

void take_rights(Participant &participant, const JoinRequest &request) {
    participant.permissions = request.permissions;
    participant.most = std::max(request.mode, request.most);
}

const MarkCommand *find_mark(const std::string &command) {
    const auto it = std::find_if(std::begin(kMarkCommands), std::end(kMarkCommands),
                                 [&](const auto &m) { return command == m.name; });
    return it == std::end(kMarkCommands) ? nullptr : it;
}

} // namespace

std::optional<Refusal> LiveSession::check_room_for(const std::string &participant_id) const {
    if (roster_.all().count(participant_id) || roster_.size() < services_.settings.max_participants)
        return std::nullopt;
    return Refusal{503, code::kMaxParticipantsReached, "the session is full", 10};
}

Participant &LiveSession::enter(const JoinRequest &request) {
    if (Participant *known = roster_.find(request.participant_id)) {
        known->grace.reset();
        if (!request.name.empty())
            known->name = request.name;
        if (!known->events) // commands on a connection have the rights of the token that it was opened with
            take_rights(*known, request);
        services_.store.attendance.enter(id_, known->id, known->events ? "" : request.device); // a page knows best
        set_mode(*known, std::max(known->mode, request.mode));
        return *known;
    }
    Participant &fresh = roster_.add(request);
    watch_emptiness();
    const int64_t now = now_ms();
    services_.store.sessions.join(id_, fresh.id, fresh.name, mode_name(fresh.mode), now);
    services_.store.attendance.enter(id_, fresh.id, request.device);
    services_.store.attendance.begin(id_, fresh.id, attendance::kMode, mode_name(fresh.mode), now);
    note_media(fresh);
    post("participant-joined", Json::object({{"participantId", fresh.id}, {"participantName", fresh.name}}));
    emit("participant-joined",
         Json::object({{"participantId", fresh.id}, {"name", fresh.name}, {"mode", mode_name(fresh.mode)}}), fresh.id);
    push_state();
    return fresh;
}

void LiveSession::leave(const std::string &participant_id, const LeaveReason &reason) {
    Participant *participant = roster_.find(participant_id);
    if (!participant)
        return;
    const std::string id = participant->id, name = participant->name;
    for (const auto &resource : participant->peers)
        whep_events_.forget(resource);
    count_viewers();
    if (participant->events)
        participant->events->on_closed = nullptr;
    roster_.remove(id);
    joining_.erase(id);
    const int64_t now = now_ms();
    services_.store.attendance.end_all(id_, id, now);
    services_.store.sessions.leave(id_, id, now);
    post("participant-left", Json::object({{"participantId", id}, {"participantName", name}}));
    emit("participant-left",
         Json::object({{"participantId", id}, {"name", name}, {"reason", reason.text}, {"code", reason.code}}));
    push_state();
    watch_hosts();
}

void LiveSession::leave_if_gone(const std::string &participant_id, const LeaveReason &reason) {
    const Participant *participant = roster_.find(participant_id);
    // An offer under way keeps its participant in: a new peer may be taking over from the one that just closed.
    if (participant && !participant->connected() && !participant->grace && !joining_.count(participant_id) &&
        !restoring_)
        leave(participant_id, reason);
}

void LiveSession::give_grace(Participant &participant) {
    participant.grace = std::make_unique<Timer>();
    participant.grace->once(kGraceMs, [this, id = participant.id] {
        if (Participant *waiting = roster_.find(id))
            waiting->grace.reset();
        leave_if_gone(id, leave_reason::kDisconnected);
    });
}

void LiveSession::join(const JoinRequest &request, std::shared_ptr<EventStream> stream) {
    Participant &participant = enter(request);
    take_rights(participant, request);
    if (auto former = std::exchange(participant.events, nullptr)) {
        former->on_closed = nullptr;
        former->send(envelope("meeting-left", Json::object({{"reason", leave_reason::kDuplicate.text},
                                                            {"code", leave_reason::kDuplicate.code}}))
                         .dump());
        former->close(1000, leave_reason::kDuplicate.text);
    }
    const std::string id = participant.id;
    stream->on_message = [this, id](const std::string &text) { run_command(id, text); };
    stream->on_closed = [this, id] {
        if (Participant *gone = roster_.find(id))
            gone->events.reset();
        leave_if_gone(id, leave_reason::kDisconnected);
    };
    participant.topics.clear();
    participant.events = std::move(stream);
    send_to(participant, "meeting-joined", meeting_state(participant));
}

void LiveSession::run_command(const std::string &participant_id, const std::string &text) {
    Participant *participant = roster_.find(participant_id);
    if (!participant)
        return;
    const auto message = parse_json(text);
    const std::string command = message ? message->text("command") : "";
    if (command == "ping")
        return send_to(*participant, "pong", Json::object());
    if (const MarkCommand *mark = find_mark(command))
        return set_mark(*participant, mark->mark, mark->value);
    if (command == "changeMode")
        return change_mode(*participant, message->text("mode"));
    if (message && run_pubsub_command(*participant, command, *message))
        return;
    if (command == "leave") {
        remove_participant(participant_id, leave_reason::kLeft);
        return;
    }
    if (command == "end" && participant->may("allow_mod"))
        return end(leave_reason::kEnded);
    const bool forbidden = command == "end";
    send_to(
        *participant, "error",
        Json::object(
            {{"code", forbidden ? code::kUnauthorizedRequest : 400},
             {"message",
              forbidden ? "ending needs a token with the permission allow_mod"
                        : "unknown command; there are leave, end, ping, changeMode, publish, subscribe, unsubscribe, "
                          "raise-hand, lower-hand, mic-on, mic-off, camera-on and camera-off"}}));
}

void LiveSession::set_mark(Participant &participant, bool Marks::*mark, bool value) {
    if (participant.marks.*mark == value)
        return;
    participant.marks.*mark = value;
    if (participant.mark_timer)
        return;
    participant.mark_timer = std::make_unique<Timer>();
    participant.mark_timer->once(kMarkMs, [this, id = participant.id] {
        Participant *changed = roster_.find(id);
        if (!changed)
            return;
        changed->mark_timer.reset();
        tell_marks(*changed);
    });
}

void LiveSession::tell_marks(Participant &participant) {
    if (participant.marks == participant.told_marks)
        return;
    participant.told_marks = participant.marks;
    note_media(participant);
    Json data = marks_of(participant);
    data.set("participantId", participant.id);
    emit("participant-marks-changed", data);
    push_state();
}

bool LiveSession::remove_participant(const std::string &participant_id, const LeaveReason &reason) {
    Participant *participant = roster_.find(participant_id);
    if (!participant)
        return false;
    send_to(*participant, "meeting-left", Json::object({{"reason", reason.text}, {"code", reason.code}}));
    if (auto stream = std::exchange(participant->events, nullptr))
        stream->close(1000, reason.text);
    for (const auto &resource : participant->peers)
        process_.remove(resource, reason.text, [](const std::variant<Done, Refusal> &) {});
    leave(participant_id, reason);
    return true;
}

/// Wraps a reply to an offer: whoever is answered is in the session.
Reply<Negotiated> LiveSession::entering(const JoinRequest &request, const char *role, Reply<Negotiated> reply) {
    joining_[request.participant_id] = request;
    watch_emptiness();
    return [self = self_, request, role, reply = std::move(reply)](std::variant<Negotiated, Refusal> result) {
        LiveSession *session = *self;
        if (session && session->phase_ == Phase::Live) {
            if (auto *negotiated = std::get_if<Negotiated>(&result)) {
                session->enter(request);
                session->roster_.add_peer(negotiated->resource, {request.participant_id, role});
                session->count_viewers();
            }
            session->joining_.erase(request.participant_id);
            if (request.mode == Mode::SendAndRecv)
                session->push_state();
            session->leave_if_gone(request.participant_id, leave_reason::kDisconnected);
            session->watch_emptiness();
        } else if (std::holds_alternative<Negotiated>(result)) {
            return reply(Refusal{404, code::kInvalidRoomId, "the session has ended"});
        }
        reply(std::move(result));
    };
}

void LiveSession::publish(const JoinRequest &request, const std::string &offer, Reply<Negotiated> reply) {
    auto entered = entering(request, "host", std::move(reply));
    push_state(); // its picture has its name from the start
    process_.publish(request.participant_id, request.name, offer, std::move(entered));
}

void LiveSession::play(const JoinRequest &request, const std::string &feed, const std::string &offer,
                       const ViewerLimits &limits, Reply<Negotiated> reply) {
    process_.play(request.participant_id, feed, offer, limits, entering(request, "viewer", std::move(reply)));
}

void LiveSession::limit(const std::string &resource, const ViewerLimits &limits, Reply<Done> reply) {
    process_.limit(resource, limits, std::move(reply));
}

void LiveSession::patch(const std::string &resource, const std::string &wanted_tag, const std::string &fragment,
                        Reply<std::string> reply) {
    process_.patch(resource, wanted_tag, fragment, std::move(reply));
}

void LiveSession::remove_peer(const std::string &resource, Reply<Done> reply) {
    process_.remove(resource, leave_reason::kLeft.text,
                    [self = self_, resource, reply = std::move(reply)](std::variant<Done, Refusal> result) {
                        if (LiveSession *session = *self; session && std::holds_alternative<Done>(result))
                            session->peer_changed({resource, "", "", "", "closed", leave_reason::kLeft.text});
                        reply(std::move(result));
                    });
}

void LiveSession::peer_changed(const PeerChange &change) {
    if (change.state == "closed") {
        const Peer *peer = roster_.peer(change.resource);
        if (!peer)
            return;
        const std::string owner = peer->participant_id;
        roster_.remove_peer(change.resource);
        whep_events_.forget(change.resource);
        count_viewers();
        return leave_if_gone(owner, reason_of(change.reason));
    }
    if (phase_ != Phase::Live || change.participant.empty())
        return;
    if (const auto joining = joining_.find(change.participant); joining != joining_.end())
        enter(joining->second);
    if (roster_.find(change.participant))
        roster_.add_peer(change.resource, {change.participant, change.role});
}

void LiveSession::quality_changed(const std::string &participant, const std::string &feed, const Json &quality) {
    if (const Participant *viewer = roster_.find(participant))
        send_to(*viewer, "quality-changed",
                Json::object({{"feed", feed},
                              {"layer", quality.get("layer")},
                              {"paused", quality.get("paused")},
                              {"reason", quality.get("reason")},
                              {"estimatedBitrate", quality.get("estimate")}}));
}

void LiveSession::feed_changed(const std::string &participant, const std::string &feed, const std::string &kind,
                               const std::string &state) {
    if (state != "enabled" && state != "disabled")
        return;
    const bool on = state == "enabled";
    if (roster_.set_feed(participant, feed, kind, on)) {
        emit(on ? "stream-enabled" : "stream-disabled",
             Json::object({{"participantId", participant}, {"kind", kind}, {"feed", feed}}));
        if (Participant *host = roster_.find(participant))
            note_media(*host);
        tell_activity();
        watch_hosts();
    }
}

void LiveSession::program_changed(const std::string &mode) {
    program_ = mode;
    emit("program-changed", Json::object({{"mode", mode}}));
}

void LiveSession::speaker_changed(const std::string &participant) {
    speaker_ = participant;
    emit("speaker-changed", Json::object({{"participantId", participant.empty() ? Json() : Json(participant)}}));
}

void LiveSession::statistics(std::span<const MinuteRow> rows) {
    services_.quality.note(id_, rows, now_ms() / 60000);
}

/// Those the database has in the session never left it: nobody is told. Nor do they leave before the process has said
/// which peers there are.
void LiveSession::restore_participants() {
    const auto present = services_.store.sessions.participants(id_, true, {1, std::numeric_limits<int64_t>::max()});
    for (const auto &record : present.items) {
        const Mode mode = parse_mode(record.mode).value_or(Mode::RecvOnly);
        Participant &participant = roster_.add(JoinRequest{record.participant_id, record.name, mode, mode, {}, {}});
        const auto open = services_.store.attendance.open_kinds(id_, participant.id);
        participant.shows = {open.begin(), open.end()};
        participant.shows.erase(attendance::kMode);
    }
}

/// A peer whose owner is not in has not been told that it is one, or that it is none any more.
void LiveSession::apply_peer_snapshot(const Json &snapshot) {
    for (const auto &peer : snapshot.get("peers").items()) {
        const std::string resource = peer.text("resource"), owner = peer.text("participant");
        if (peer.text("state") == "closed")
            continue;
        if (roster_.find(owner) || joining_.count(owner))
            roster_.add_peer(resource, {owner, peer.text("role")});
        else
            process_.remove(resource, leave_reason::kLeft.text, [](const std::variant<Done, Refusal> &) {});
    }
    for (const auto &feed : snapshot.get("feeds").items())
        for (const auto &kind : feed.get("kinds").strings())
            if (roster_.find(feed.text("participant")))
                roster_.set_feed(feed.text("participant"), feed.text("feed"), kind, true);
    for (auto &[id, participant] : roster_.all()) {
        // It may have changed its mode before the process had answered.
        if (participant.mode < Mode::SendAndRecv)
            close_peers(participant, "host", leave_reason::kModeChanged);
        if (participant.mode < Mode::RecvOnly)
            close_peers(participant, "viewer", leave_reason::kModeChanged);
        note_media(participant);
        if (!participant.connected() && phase_ == Phase::Live)
            give_grace(participant);
    }
    program_ = snapshot.text("program", "empty");
}

} // namespace rostrum
