// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/live/hls_streams.h"
#include "tools/rostrum/live/output_machine.h"
#include "tools/rostrum/live/recording_jobs.h"
#include "tools/rostrum/live/roster.h"
#include "tools/rostrum/live/session_process.h"
#include "tools/rostrum/live/webhooks.h"
#include "tools/rostrum/store/store.h"

#include <deque>

namespace rostrum {

struct LiveSettings {
    LaunchSettings launch;
    RecordingPlaces recordings;
    HlsPlaces hls;
    std::string public_url; ///< without a slash at the end
    unsigned empty_timeout_ms = 10000;
    size_t max_participants = 5000;
    size_t max_sessions = 100;
};

/// What all live sessions share. Outlives them.
struct LiveServices {
    LiveSettings settings;
    Store &store;
    Webhooks &webhooks;
    HlsStreams &hls;
    RecordingJobs *recording_jobs = nullptr;
    uint64_t restarts = 0, crashes = 0;
};

/// Why a participant left or a session ended, as events say it; the numbers are VideoSDK's.
struct LeaveReason {
    const char *text;
    int code;
};
namespace leave_reason {
constexpr LeaveReason kDisconnected{"disconnected", 1001};
constexpr LeaveReason kEmpty{"empty", 1006};
constexpr LeaveReason kFailed{"failed", 1007};
constexpr LeaveReason kEnded{"ended", 1009};
constexpr LeaveReason kRemoved{"removed", 1010};
constexpr LeaveReason kDuplicate{"duplicate", 1011};
constexpr LeaveReason kLeft{"left", 1101};
} // namespace leave_reason

/// What a recording is to be. `request`: its entry in the wanted state but id and path.
struct RecordingRequest {
    OutputKind kind = OutputKind::Recording;
    Json request = Json::object();
    Json config = Json::object();
    std::string webhook_url;
    std::string prefix; ///< of its objects, cleaned
    Json metadata;      ///< the caller's own, kept
};

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
    bool interrupted = false;             ///< it was told as failed, and has not started since
};

/// {hand, mic, camera}, as events say it.
Json marks_of(const Participant &participant);

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
    void resume();

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
    void patch(const std::string &resource, const std::string &fragment, Reply<std::string> reply);
    void remove_peer(const std::string &resource, Reply<Done> reply);
    /// False when nobody of that id is in.
    bool remove_participant(const std::string &participant_id, const LeaveReason &reason);

    /// How the picture is composed, everything filled in.
    const Json &composition() const { return composition_; }
    /// Whether the compositor takes the JSON description of a layout.
    void check_layout(const std::string &layout, Reply<Done> reply) { process_.check_layout(layout, std::move(reply)); }
    /// Takes over what `config` names, while everything goes on. A description in it was checked before.
    std::optional<Refusal> change_composition(const Json &config);

    std::variant<std::string, Refusal> start_livestream(const Json &destinations, const Json &config,
                                                        const std::string &webhook_url);
    /// While it is live. Gives the new output as it is shown.
    std::variant<Json, Refusal> add_destination(const std::string &livestream, const Json &destination);
    /// Not the last one.
    std::optional<Refusal> remove_destination(const std::string &livestream, const std::string &id);
    /// What platforms say to a running livestream: [{outputId, platform, message}].
    Json warnings_of(const std::string &livestream);
    std::variant<std::string, Refusal> start_recording(const RecordingRequest &wanted);
    std::variant<std::string, Refusal> start_hls(const Json &config, const std::string &webhook_url);
    /// Holds a recording, or lets it go on. Refused when there is none of that id.
    std::optional<Refusal> pause_recording(const std::string &output_id, bool paused);
    /// `output_id` "": all of that kind. Refused when there is none.
    std::optional<Refusal> stop_outputs(OutputKind kind, const std::string &output_id);

    void end(const LeaveReason &reason);
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
    Json wanted_state() const;
    void watch_emptiness();
    void kick_everybody();
    void finish();

    // live_session_events.cpp: telling
    void emit(const char *event, const Json &data, const std::string &except = {});
    void send_to(const Participant &participant, const char *event, const Json &data);
    Json envelope(const char *event, const Json &data) const;
    Json meeting_state(const Participant &self);
    void post(const std::string &type, const Json &extra, const std::string &extra_url = {});
    std::string status_of(OutputKind kind) const;

    // live_session_people.cpp: participants and their peers
    void peer_changed(const PeerChange &change) override;
    void quality_changed(const std::string &participant, const std::string &feed, const Json &quality) override;
    void feed_changed(const std::string &participant, const std::string &feed, const std::string &kind,
                      const std::string &state) override;
    void program_changed(const std::string &mode) override;
    void speaker_changed(const std::string &participant) override;
    Participant &enter(const JoinRequest &request);
    void leave(const std::string &participant_id, const LeaveReason &reason);
    void leave_if_gone(const std::string &participant_id, const LeaveReason &reason);
    void give_grace(Participant &participant);
    void set_mark(Participant &participant, bool Marks::*mark, bool value);
    void tell_marks(Participant &participant);
    void run_command(const std::string &participant_id, const std::string &text);
    void restore_participants(const Json &snapshot);
    Reply<Negotiated> entering(const JoinRequest &request, const char *role, Reply<Negotiated> reply);

    // live_session_livestreams.cpp
    void output_changed(const std::string &livestream, const std::string &output, const std::string &state,
                        const Json &details) override;
    std::variant<LiveOutput *, Refusal> running_livestream(const std::string &livestream);
    void refresh_warnings();
    Json livestream_facts(const OutputRecord &record) const;
    void tell_failed_destination(const LiveOutput &output);

    // live_session_hls.cpp
    void hls_changed(const std::string &hls, const std::string &state, const Json &details) override;
    void hls_grown(const std::string &hls) override;
    void record_beside(const std::string &hls, const Json &config);
    void tell_playable(LiveOutput &output);
    Json hls_facts(const OutputRecord &record) const;
    void hls_over(OutputRecord &record);

    // live_session_outputs.cpp: livestreams, recordings, HLS
    LiveOutput *find_output(const std::string &id);
    std::optional<Refusal> check_free(OutputKind kind) const;
    LiveOutput &add_output(OutputRecord record);
    void set_composition(const Json &composition);
    /// `reason` is why, for its record: one of stop_reason.
    void stop_output(LiveOutput &output, const char *reason);
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
    std::string last_state_;     // as sent, so that the same is not sent twice
    std::deque<int64_t> losses_; // when the process was lost lately, ms
    Timer empty_timer_, hostless_timer_, kick_timer_, end_timer_, restart_timer_;
    std::shared_ptr<LiveSession *> self_; // replies that come late find null
    SessionProcess process_;              // last: destroyed first, while the rest is there
};

} // namespace rostrum
