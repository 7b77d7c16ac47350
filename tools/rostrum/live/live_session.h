// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/live/hls_streams.h"
#include "tools/rostrum/live/output_machine.h"
#include "tools/rostrum/live/quality_log.h"
#include "tools/rostrum/live/recording_jobs.h"
#include "tools/rostrum/live/resource_pool.h"
#include "tools/rostrum/live/roster.h"
#include "tools/rostrum/live/session_process.h"
#include "tools/rostrum/live/webhooks.h"
#include "tools/rostrum/live/whep_events.h"
#include "tools/rostrum/store/store.h"

#include <deque>
#include <limits>

namespace rostrum {

struct LiveSettings {
    LaunchSettings launch;
    RecordingPlaces recordings;
    HlsPlaces hls;
    std::string public_url; ///< without a slash at the end
    std::string region;     ///< what this server calls its place
    unsigned empty_timeout_ms = 10000;
    int64_t auto_close_unit_ms = 60000; ///< of autoCloseConfig.duration
    size_t max_participants = 5000;
    size_t max_sessions = 100;
};

/// What an output shows.
struct ChosenComposition {
    Json composition;
    std::string own_id; ///< "" = the room's
};

/// What a recording is to be. `request`: its entry in the wanted state but id and path.
struct RecordingRequest {
    OutputKind kind = OutputKind::Recording;
    Json request = Json::object();
    Json config = Json::object();
    std::string webhook_url;
    std::string prefix;           ///< of its objects, cleaned
    Json metadata;                ///< the caller's own, kept
    std::string resource_id = {}; ///< a unit of the ResourcePool, or ""
    Json close_room_ms = {};      ///< how long after its failure the session ends; null: not at all
    std::optional<ChosenComposition> composition = {}; ///< of the output that it is made beside
};

/// What all live sessions share. Outlives them.
struct LiveServices {
    LiveSettings settings;
    Store &store;
    Webhooks &webhooks;
    HlsStreams &hls;
    RecordingJobs *recording_jobs = nullptr;
    QualityLog quality{store.minutes};
    /// Of autoStartConfig. Throws Refusal.
    std::function<RecordingRequest(OutputKind, const Json &)> parse_recording;
    ResourcePool *pool = nullptr;
    uint64_t restarts = 0, crashes = 0;
};

/// Why a participant left or a session ended, as events say it; the numbers are VideoSDK's.
struct LeaveReason {
    const char *text;
    int code;
};
namespace leave_reason {
constexpr LeaveReason kDisconnected{"disconnected", 1001};
constexpr LeaveReason kModeChanged{"mode-changed", 1003};
constexpr LeaveReason kEmpty{"empty", 1006};
constexpr LeaveReason kTimeUp{"time-up", 1006};
constexpr LeaveReason kFailed{"failed", 1007};
constexpr LeaveReason kEnded{"ended", 1009};
constexpr LeaveReason kRemoved{"removed", 1010};
constexpr LeaveReason kDuplicate{"duplicate", 1011};
constexpr LeaveReason kLeft{"left", 1101};
} // namespace leave_reason

/// By its text, for what was stored; kEnded when there is none.
const LeaveReason &leave_reason_of(const std::string &text);

/// Why an output was ended.
namespace stop_reason {
constexpr const char *kEnded = "ended"; ///< somebody asked for it
constexpr const char *kNoHost = "no-host";
constexpr const char *kSessionEnded = "session-ended";
} // namespace stop_reason

struct LiveOutput {
    OutputRecord record;
    OutputMachine machine;
    std::unique_ptr<Timer> deadline = {}; ///< of Stopping
};

/// {hand, mic, camera}, as events say it.
Json marks_of(const Participant &participant);
/// {audio, video}, as events and the API say it.
Json describe(const Mute &mute);

/// One live occupancy of a room: who is in it, what it sends out, and the process that does the media. Edits the wanted
/// state and sends it whole; what really happened comes back as signals and goes out as events and webhooks.
/// Thread-bound: main thread.
class LiveSession final : private SessionProcessObserver {
  public:
    /// `on_finished` is called once, when nothing is left to do; the session may be destroyed soon after, not inside.
    LiveSession(LiveServices &services, const Room &room, std::string session_id, int64_t start,
                std::function<void(LiveSession &)> on_finished);
    ~LiveSession() override;

    /// A new session: tells about it and starts its process.
    void start();
    /// One that an earlier `serve` started: takes up its participants and outputs, and its process by the socket.
    /// `ending`: why it was to end already, or "".
    void resume(const std::string &ending);

    const std::string &id() const { return id_; }
    const std::string &room_id() const { return room_.room_id; }
    const Roster &roster() const { return roster_; }
    const std::vector<std::unique_ptr<LiveOutput>> &outputs() const { return outputs_; }
    /// False from the moment it is to end.
    bool accepting() const { return phase_ == Phase::Live; }
    const std::string &program() const { return program_; }

    std::optional<Refusal> check_room_for(const std::string &participant_id) const;
    void join(const JoinRequest &request, std::shared_ptr<EventStream> stream);
    void publish(const JoinRequest &request, const std::string &offer, Reply<Negotiated> reply);
    void play(const JoinRequest &request, const std::string &feed, const std::string &offer, const ViewerLimits &limits,
              Reply<Negotiated> reply);
    void limit(const std::string &resource, const ViewerLimits &limits, Reply<Done> reply);
    /// `wanted_tag`: an If-Match, or "" for whatever ICE session there is.
    void patch(const std::string &resource, const std::string &wanted_tag, const std::string &fragment,
               Reply<std::string> reply);
    void remove_peer(const std::string &resource, Reply<Done> reply);
    /// False when nobody of that id is in.
    bool remove_participant(const std::string &participant_id, const LeaveReason &reason);

    /// Holds back, or lets through again, somebody's sound and picture; nothing: as it is. Refused when there is
    /// nobody.
    std::optional<Refusal> mute(const std::string &participant_id, std::optional<bool> audio,
                                std::optional<bool> video);

    /// A stream of events for a viewer's peer; its id, or "" when there are too many.
    std::string open_whep_events(const std::string &resource, std::set<std::string> types);
    WhepEvents &whep_events() { return whep_events_; }

    /// How the picture is composed, everything filled in.
    const Json &composition() const { return composition_; }
    /// Whether the compositor takes the JSON description of a layout.
    void check_layout(const std::string &layout, Reply<Done> reply) { process_.check_layout(layout, std::move(reply)); }
    /// Takes over what `config` names, while everything goes on. A description in it was checked before.
    std::optional<Refusal> change_composition(const Json &config);
    /// Of a running output: the room's, or its own.
    std::variant<Json, Refusal> composition_of(const std::string &output_id) const;
    /// Refused unless it has one for itself.
    std::optional<Refusal> change_composition_of(const std::string &output_id, const Json &config);

    std::variant<std::string, Refusal> start_livestream(const Json &destinations, const Json &config,
                                                        const std::string &webhook_url,
                                                        const std::string &resource_id = {});
    /// While it is live. Gives the new output as it is shown.
    std::variant<Json, Refusal> add_destination(const std::string &livestream, const Json &destination);
    /// Not the last one.
    std::optional<Refusal> remove_destination(const std::string &livestream, const std::string &id);
    /// What platforms say to a running livestream: [{outputId, platform, message}].
    Json warnings_of(const std::string &livestream);
    std::variant<std::string, Refusal> start_recording(const RecordingRequest &wanted);
    std::variant<std::string, Refusal> start_hls(const Json &config, const std::string &webhook_url,
                                                 const std::string &resource_id = {});
    /// A picture was made of a running HLS stream.
    void note_capture(const std::string &hls, const Json &capture);
    /// Holds a recording, or lets it go on. Refused when there is none of that id.
    std::optional<Refusal> pause_recording(const std::string &output_id, bool paused);
    /// `output_id` "": all of that kind. Refused when there is none.
    std::optional<Refusal> stop_outputs(OutputKind kind, const std::string &output_id);

    void end(const LeaveReason &reason);
    /// One that is ending does not wait for its outputs any more: what of them was not written is lost.
    void kill();
    /// An event for everybody.
    void tell(const char *event, const Json &data) { emit(event, data); }
    void graph(const std::string &format, Reply<std::string> reply) { process_.graph(format, std::move(reply)); }

  private:
    enum class Phase { Live, Ending, Finished };

    // live_session.cpp: from start to end
    void process_ready(const Json &snapshot) override;
    void process_ended(const std::string &reason) override;
    void process_lost(const std::string &why) override;
    void restart_or_give_up(const std::string &why);
    void push_state();
    void send_state();
    std::set<std::string> publishing() const;
    Json wanted_person(const std::string &id) const;
    Json wanted_state() const;
    void watch_emptiness();
    void kick_everybody();
    void finish();

    // live_session_events.cpp: telling
    void emit(const char *event, const Json &data, const std::string &except = {});
    void send_to(const Participant &participant, const char *event, const Json &data);
    Json envelope(const char *event, const Json &data) const;
    Json meeting_state(const Participant &self);
    /// `about`: what the webhook tells of, if it is one output.
    void post(const std::string &type, const Json &extra, const OutputRecord *about = nullptr);
    std::string status_of(OutputKind kind) const;

    // live_session_people.cpp: participants and their peers
    void peer_changed(const PeerChange &change) override;
    void quality_changed(const std::string &participant, const std::string &feed, const Json &quality) override;
    void feed_changed(const std::string &participant, const std::string &feed, const std::string &kind,
                      const std::string &state) override;
    void program_changed(const std::string &mode) override;
    void speaker_changed(const std::string &participant) override;
    void statistics(std::span<const MinuteRow> rows) override;
    Participant &enter(const JoinRequest &request);

    // live_session_modes.cpp: what participants may do, and what they do
    void change_mode(Participant &participant, const std::string &wanted);
    void set_mode(Participant &participant, Mode mode);
    void close_peers(const Participant &participant, const char *role, const LeaveReason &reason);
    void note_media(Participant &participant);

    // live_session_pubsub.cpp; `name` is that of the command
    bool run_pubsub_command(Participant &participant, const std::string &name, const Json &command);
    std::optional<Refusal> publish_message(Participant &participant, const Json &command);
    std::optional<Refusal> subscribe(Participant &participant, const Json &command);
    std::optional<Refusal> unsubscribe(Participant &participant, const Json &command);

    // live_session_autoclose.cpp
    std::optional<int64_t> closes_at() const; ///< ms since 1970
    void watch_close();
    void deactivate_room();

    // live_session_whep.cpp: what WHEP players follow
    void tell_activity();
    void count_viewers();
    void tell_players_to_reconnect();

    void leave(const std::string &participant_id, const LeaveReason &reason);
    void leave_if_gone(const std::string &participant_id, const LeaveReason &reason);
    void give_grace(Participant &participant);
    void set_mark(Participant &participant, bool Marks::*mark, bool value);
    void tell_marks(Participant &participant);
    void run_command(const std::string &participant_id, const std::string &text);
    void restore_participants();
    void apply_peer_snapshot(const Json &snapshot);
    Reply<Negotiated> entering(const JoinRequest &request, const char *role, Reply<Negotiated> reply);

    // live_session_mutes.cpp
    void store_mutes();
    void restore_mutes();

    // live_session_livestreams.cpp
    void output_changed(const std::string &livestream, const std::string &output, const std::string &state,
                        const Json &details) override;
    std::variant<LiveOutput *, Refusal> running_livestream(const std::string &livestream);
    Json livestream_facts(const OutputRecord &record) const;
    void tell_failed_destination(const LiveOutput &output);

    // live_session_hls.cpp
    void hls_changed(const std::string &hls, const std::string &state, const Json &details) override;
    void hls_grown(const std::string &hls) override;
    void record_beside(const std::string &hls, const Json &config, const ChosenComposition &composition);
    void tell_playable(LiveOutput &output);
    Json hls_facts(const OutputRecord &record) const;
    void hls_over(OutputRecord &record);

    // live_session_compositions.cpp
    std::variant<ChosenComposition, Refusal> choose_composition(OutputKind kind, const Json &config) const;
    void take_composition(const ChosenComposition &chosen, OutputRecord &record);
    void set_composition(const Json &composition);
    Json composition_of(const OutputRecord &output) const;
    void refresh_warnings();

    // live_session_outputs.cpp: livestreams, recordings, HLS
    LiveOutput *find_output(const std::string &id);
    std::optional<Refusal> check_free(OutputKind kind, const Json &config, const std::string &resource_id) const;
    LiveOutput &add_output(OutputRecord record);
    /// `reason` is why, for its record: one of stop_reason.
    void stop_output(LiveOutput &output, const char *reason);
    void give_deadline(LiveOutput &output);
    bool has_wanted_outputs() const;
    void watch_hosts();
    void advance(LiveOutput &output, std::optional<OutputState> state);
    void tell_output(const LiveOutput &output);
    void forget_finished_outputs();
    void restore_outputs();
    void apply_output_snapshot(const Json &snapshot);

    // live_session_recordings.cpp
    void recording_changed(const std::string &recording, const std::string &state, const Json &details) override;
    void start_by_itself();
    void close_after(const OutputRecord &failed);
    Json ended_facts(const OutputRecord &recording) const;

    LiveServices &services_;
    const Room room_;
    const std::string id_;
    const int64_t start_;
    const std::function<void(LiveSession &)> on_finished_;

    Phase phase_ = Phase::Live;
    LeaveReason end_reason_ = leave_reason::kEnded;
    bool kicked_ = false, was_ready_ = false, restoring_ = false;
    Roster roster_;
    std::map<std::string, JoinRequest>
        joining_; // offers under way: who they are, should a signal come before the reply
    std::vector<std::unique_ptr<LiveOutput>> outputs_;
    Json composition_;
    std::string program_ = "empty", speaker_;
    int64_t sequence_ = 0;
    WhepEvents whep_events_;
    bool told_active_ = false;
    size_t told_viewers_ = 0;
    int64_t warned_ms_ = std::numeric_limits<int64_t>::max(); // the newest warning of the close, before it
    bool deactivated_ = false;
    int64_t kept_messages_ = 0;
    RateLimit deliveries_{20'000, 40'000}; // of messages: each is one for every reader
    std::string last_state_;               // as sent, so that the same is not sent twice
    std::deque<int64_t> losses_;           // when the process was lost lately, ms
    Timer viewers_timer_, close_timer_, empty_timer_, hostless_timer_, kick_timer_, end_timer_, restart_timer_;
    std::map<std::string, Timer> failure_timers_; // by recording, until it is looked at whether it goes on
    std::shared_ptr<LiveSession *> self_;         // replies that come late find null
    SessionProcess process_;                      // last: destroyed first, while the rest is there
};

} // namespace rostrum
