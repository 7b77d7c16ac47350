// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/live/live_session.h"

#include "tools/rostrum/base/ids.h"
#include "tools/rostrum/live/composition.h"
#include "tools/rostrum/live/destination_list.h"

#include <algorithm>

namespace rostrum {
namespace {

constexpr unsigned kKickMs = 700;          // viewers hear of the end within a second, whatever an output does
constexpr unsigned kEndDeadlineMs = 15000; // an RTMP server that does not say goodbye, a slow disk
constexpr unsigned kRestartStepMs = 500;   // wait n times this before the n-th restart in a row
constexpr int64_t kLossWindowMs = 60000;   // so many losses in this time, and the session is given up
constexpr size_t kMaxLosses = 5;

} // namespace

const LeaveReason &leave_reason_of(const std::string &text) {
    using namespace leave_reason;
    for (const LeaveReason *reason :
         {&kDisconnected, &kModeChanged, &kEmpty, &kTimeUp, &kFailed, &kRemoved, &kDuplicate, &kLeft})
        if (text == reason->text)
            return *reason;
    return kEnded;
}

LiveSession::LiveSession(LiveServices &services, const Room &room, std::string session_id, int64_t start,
                         std::function<void(LiveSession &)> on_finished)
    : services_(services), room_(room), id_(std::move(session_id)), start_(start), on_finished_(std::move(on_finished)),
      composition_(default_composition()), self_(std::make_shared<LiveSession *>(this)),
      process_(services.settings.launch, room.room_id, id_, *this) {}

/// Says nothing to anyone: when `serve` stops, the session goes on.
LiveSession::~LiveSession() {
    *self_ = nullptr;
    for (auto &[id, participant] : roster_.all())
        if (participant.events)
            participant.events->close(1001, "the server is restarting");
}

void LiveSession::start() {
    services_.store.sessions.begin(id_, room_.room_id, start_);
    services_.store.attendance.enter(id_, kWholeSession, "");
    post("session-started", Json::object({{"start", iso_time(start_)}}));
    watch_emptiness();
    process_.spawn();
    watch_close();
    start_by_itself();
}

void LiveSession::resume(const std::string &ending) {
    restoring_ = true;
    if (auto composition = parse_json(services_.store.sessions.composition(id_)))
        composition_ = *composition;
    restore_mutes();
    restore_outputs();
    restore_participants();
    kept_messages_ = services_.store.chat.count(id_);
    process_.adopt();
    if (!ending.empty())
        end(leave_reason_of(ending));
}

void LiveSession::process_ready(const Json &snapshot) {
    if (restoring_) {
        restoring_ = false;
        apply_peer_snapshot(snapshot);
        apply_output_snapshot(snapshot);
        watch_close();
    } else if (was_ready_) {
        ++services_.restarts;
        emit("session-restarted", Json::object());
    }
    was_ready_ = true;
    last_state_.clear();
    push_state();
    watch_hosts();
}

namespace {

Json wanted_livestream(const OutputRecord &record) {
    Json wanted = Json::object({{"id", record.id}, {"outputs", wanted_destinations(record)}});
    if (const std::string own_id = record.details.text("compositionId"); !own_id.empty())
        wanted.set("compositionId", own_id);
    return wanted;
}

} // namespace

/// Who publishes, or is about to. The audience is not in the state: it would make it long, and another one with each of
/// them who comes or goes.
std::set<std::string> LiveSession::publishing() const {
    std::set<std::string> ids = roster_.publishing();
    for (const auto &[id, request] : joining_)
        if (request.mode == Mode::SendAndRecv)
            ids.insert(id);
    return ids;
}

Json LiveSession::wanted_person(const std::string &id) const {
    const auto known = roster_.all().find(id);
    const auto joining = joining_.find(id);
    Json person = Json::object({{"name", known != roster_.all().end() ? known->second.name : ""}});
    if (joining != joining_.end() && !joining->second.name.empty())
        person.set("name", joining->second.name);
    if (known != roster_.all().end() && known->second.marks != Marks{})
        person.set("marks", marks_of(known->second));
    return person;
}

Json LiveSession::wanted_state() const {
    Json livestreams = Json::array(), recordings = Json::array(), hls = Json::array(), participants = Json::object(),
         compositions = Json::object();
    for (const auto &output : outputs_) {
        if (!is_wanted(output->machine.state()))
            continue;
        const OutputRecord &record = output->record;
        const std::string own_id = record.details.text("compositionId");
        if (!own_id.empty())
            compositions.set(own_id, record.details.get("composition"));
        if (record.kind == OutputKind::Livestream)
            livestreams.push(wanted_livestream(record));
        else
            (record.kind == OutputKind::Hls ? hls : recordings).push(record.details.get("request"));
    }
    for (const auto &id : publishing())
        participants.set(id, wanted_person(id));
    for (const auto &[id, mute] : roster_.mutes()) {
        Json person = participants.has(id.c_str()) ? participants.get(id.c_str()) : Json::object();
        participants.set(id, person.set("muted", describe(mute)));
    }
    return Json::object({{"roomId", room_.room_id},
                         {"sessionId", id_},
                         {"composition", composition_},
                         {"compositions", compositions},
                         {"livestreams", livestreams},
                         {"recordings", recordings},
                         {"hls", hls},
                         {"participants", participants}});
}

/// When what it follows from is on disk: a process that is ahead of the store would be told to go back after a crash.
/// With a disk that takes nothing at present it has to do without.
void LiveSession::push_state() {
    Database &database = services_.store.database;
    if (!database.fault().empty())
        return send_state();
    database.after_commit([self = self_] {
        if (LiveSession *session = *self)
            session->send_state();
    });
}

/// Before the process is ready nothing is sent: process_ready sends the state of that moment.
void LiveSession::send_state() {
    if (!process_.ready() || phase_ != Phase::Live)
        return;
    std::string state = wanted_state().dump();
    if (state == last_state_)
        return;
    last_state_ = state;
    process_.set_state(state, [id = id_](std::variant<Done, Refusal> result) {
        if (auto *refusal = std::get_if<Refusal>(&result))
            g_warning("session %s: the state was not taken: %s", id.c_str(), refusal->message.c_str());
    });
}

bool LiveSession::has_wanted_outputs() const {
    return std::any_of(outputs_.begin(), outputs_.end(),
                       [](const auto &output) { return is_wanted(output->machine.state()); });
}

/// Outputs go on without a host, with the slate and silence, for as long as viewers would be shown it.
void LiveSession::watch_hosts() {
    const LaunchSettings &launch = services_.settings.launch;
    const bool waiting =
        phase_ == Phase::Live && launch.slate_time_ms > 0 && has_wanted_outputs() && !roster_.has_feeds();
    if (!waiting)
        hostless_timer_.cancel();
    else if (!hostless_timer_.active())
        hostless_timer_.once(launch.slate_grace_ms + launch.slate_time_ms, [this] {
            for (const auto &output : outputs_)
                stop_output(*output, stop_reason::kNoHost);
            push_state();
            watch_hosts();
        });
    watch_emptiness();
}

/// An output that waits for a host keeps the session.
void LiveSession::watch_emptiness() {
    if (!roster_.empty() || !joining_.empty() || hostless_timer_.active() || phase_ != Phase::Live)
        empty_timer_.cancel();
    else if (!empty_timer_.active())
        empty_timer_.once(services_.settings.empty_timeout_ms, [this] { end(leave_reason::kEmpty); });
}

void LiveSession::end(const LeaveReason &reason) {
    if (phase_ != Phase::Live)
        return;
    for (const auto &output : outputs_)
        stop_output(*output, stop_reason::kSessionEnded);
    phase_ = Phase::Ending;
    end_reason_ = reason;
    services_.store.sessions.begin_end(id_, reason.text);
    deactivate_room();
    watch_hosts();
    restart_timer_.cancel();
    kick_timer_.once(kKickMs, [this] { kick_everybody(); });
    end_timer_.once(kEndDeadlineMs, [this] {
        g_warning("session %s: the process does not end, it is killed", id_.c_str());
        kill();
    });
    if (!process_.active())
        return finish(); // it was lost and not started again yet
    process_.end(reason.text, [](const std::variant<Done, Refusal> &) {});
}

void LiveSession::kill() {
    process_.kill();
    finish();
}

void LiveSession::kick_everybody() {
    if (std::exchange(kicked_, true))
        return;
    const Json why = Json::object({{"reason", end_reason_.text}, {"code", end_reason_.code}});
    emit("session-ended", why);
    emit("meeting-left", why);
    for (auto &[id, participant] : roster_.all())
        if (auto stream = std::exchange(participant.events, nullptr))
            stream->close(1000, end_reason_.text);
}

void LiveSession::process_ended(const std::string &reason) {
    if (phase_ == Phase::Live) { // someone stopped the process itself, in good order
        g_message("session %s: the process ended: %s", id_.c_str(), reason.c_str());
        phase_ = Phase::Ending;
        end_reason_ = leave_reason::kEnded;
    }
    finish();
}

void LiveSession::process_lost(const std::string &why) {
    g_warning("session %s: %s", id_.c_str(), why.c_str());
    if (phase_ != Phase::Live)
        return finish();
    ++services_.crashes;
    if (restoring_) { // what was running is gone, and so are its clients
        phase_ = Phase::Ending;
        end_reason_ = leave_reason::kFailed;
        return finish();
    }
    restart_or_give_up(why);
}

void LiveSession::restart_or_give_up(const std::string &why) {
    const int64_t now = now_ms();
    losses_.push_back(now);
    while (losses_.front() < now - kLossWindowMs)
        losses_.pop_front();
    if (losses_.size() > kMaxLosses) {
        emit("error", Json::object({{"code", 500}, {"message", "the session cannot be kept running: " + why}}));
        phase_ = Phase::Ending;
        end_reason_ = leave_reason::kFailed;
        return finish();
    }
    for (const auto &[id, participant] : roster_.all()) {
        const Feeds feeds = roster_.feeds(id);
        for (const auto &[feed, kinds] : feeds)
            for (const auto &kind : kinds)
                feed_changed(id, feed, kind, "disabled");
    }
    tell_players_to_reconnect();
    roster_.remove_all_peers();
    for (auto &[id, participant] : roster_.all())
        if (!participant.connected())
            give_grace(participant);
    if (program_ != "empty")
        program_changed("empty");
    for (const auto &output : outputs_)
        if (output->machine.state() == OutputState::Stopping)
            advance(*output, output->machine.give_up());
    forget_finished_outputs();
    restart_timer_.once(kRestartStepMs * static_cast<unsigned>(losses_.size() - 1), [this] { process_.spawn(); });
}

void LiveSession::finish() {
    if (phase_ == Phase::Finished)
        return;
    for (const auto &output : outputs_) {
        stop_output(*output, stop_reason::kSessionEnded);
        advance(*output, output->machine.give_up());
    }
    forget_finished_outputs();
    phase_ = Phase::Finished;
    deactivate_room();
    close_timer_.cancel();
    kick_timer_.cancel();
    end_timer_.cancel();
    empty_timer_.cancel();
    hostless_timer_.cancel();
    restart_timer_.cancel();
    failure_timers_.clear();
    kick_everybody();
    whep_events_.clear();
    viewers_timer_.cancel();
    while (!roster_.empty())
        leave(roster_.all().begin()->first, end_reason_);
    const int64_t now = now_ms();
    services_.quality.session_over(id_);
    services_.store.attendance.end_session(id_, now);
    services_.store.sessions.end(id_, end_reason_.text, now);
    post("session-ended",
         Json::object({{"start", iso_time(start_)}, {"end", iso_time(now)}, {"reason", end_reason_.text}}));
    on_finished_(*this);
}

} // namespace rostrum
