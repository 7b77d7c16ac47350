// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/live/sessions.h"

#include "tools/rostrum/base/ids.h"

#include <cstring>
#include <glib/gstdio.h>

namespace rostrum {
namespace {

constexpr char kSocketSuffix[] = ".sock";

/// The session ids that sockets in `directory` are named after.
std::vector<std::string> socket_ids(const std::string &directory) {
    std::vector<std::string> ids;
    GDir *dir = g_dir_open(directory.c_str(), 0, nullptr);
    while (const char *name = dir ? g_dir_read_name(dir) : nullptr)
        if (g_str_has_suffix(name, kSocketSuffix))
            ids.emplace_back(name, std::strlen(name) - std::strlen(kSocketSuffix));
    if (dir)
        g_dir_close(dir);
    return ids;
}

} // namespace

/// A process whose session the database does not know as ongoing: it is told to end, its socket is removed.
class Sessions::Orphan : private SessionProcessObserver {
  public:
    Orphan(const LaunchSettings &settings, const std::string &session_id)
        : socket_(settings.socket_dir + "/" + session_id + kSocketSuffix), process_(settings, "", session_id, *this) {
        process_.adopt();
    }

  private:
    void process_ready(const Json &) override {
        process_.end("orphaned", [](const std::variant<Done, Refusal> &) {});
    }
    void process_ended(const std::string &) override { g_unlink(socket_.c_str()); }
    void process_lost(const std::string &) override { g_unlink(socket_.c_str()); }
    void peer_changed(const PeerChange &) override {}
    void quality_changed(const std::string &, const std::string &, const Json &) override {}
    void feed_changed(const std::string &, const std::string &, const std::string &, const std::string &) override {}
    void program_changed(const std::string &) override {}
    void speaker_changed(const std::string &) override {}
    void output_changed(const std::string &, const std::string &, const std::string &, const Json &) override {}
    void recording_changed(const std::string &, const std::string &, const Json &) override {}
    void hls_changed(const std::string &, const std::string &, const Json &) override {}
    void hls_grown(const std::string &) override {}
    void statistics(std::span<const MinuteRow>) override {}

    const std::string socket_;
    SessionProcess process_;
};

Sessions::Sessions(LiveServices &services) : services_(services) {}
Sessions::~Sessions() = default;

void Sessions::recover() {
    for (const auto &record : services_.store.sessions.ongoing())
        if (const auto room = services_.store.rooms.find_by_room_id(record.room_id))
            add(*room, record.id, record.start).resume(record.reason);
    for (const auto &id : socket_ids(services_.settings.launch.socket_dir))
        if (!sessions_.count(id))
            orphans_.push_back(std::make_unique<Orphan>(services_.settings.launch, id));
}

LiveSession *Sessions::in_room(const std::string &room_id) const {
    for (const auto &[id, session] : sessions_)
        if (session->accepting() && session->room_id() == room_id)
            return session.get();
    return nullptr;
}

LiveSession *Sessions::find(const std::string &session_id) const {
    const auto found = sessions_.find(session_id);
    return found == sessions_.end() ? nullptr : found->second.get();
}

std::variant<LiveSession *, Refusal> Sessions::open(const Room &room) {
    if (LiveSession *session = in_room(room.room_id))
        return session;
    if (sessions_.size() >= services_.settings.max_sessions)
        return Refusal{503, 503, "this server runs as many sessions as it may", 30};
    LiveSession &session = add(room, new_document_id(), now_ms());
    session.start();
    return &session;
}

LiveSession &Sessions::add(const Room &room, const std::string &id, int64_t start) {
    auto session = std::make_unique<LiveSession>(services_, room, id, start, [this](LiveSession &done) { bury(done); });
    return *(sessions_[id] = std::move(session));
}

/// Called from inside the session, which therefore lives on until the main loop comes round.
void Sessions::bury(LiveSession &session) {
    const auto found = sessions_.find(session.id());
    g_unlink((services_.settings.launch.socket_dir + "/" + session.id() + kSocketSuffix).c_str());
    finished_.push_back(std::move(found->second));
    sessions_.erase(found);
    burial_.once(0, [this] { finished_.clear(); });
}

void Sessions::end_all(const LeaveReason &reason) {
    std::vector<LiveSession *> sessions;
    for (const auto &[id, session] : sessions_)
        sessions.push_back(session.get());
    for (LiveSession *session : sessions)
        session->end(reason);
}

} // namespace rostrum
