// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/auth/refusal.h"
#include "tools/rostrum/base/glib_handles.h"
#include "tools/rostrum/base/json.h"
#include "tools/rostrum/session/minute_report.h"

#include <functional>
#include <optional>
#include <session_dbus.h>
#include <span>
#include <variant>
#include <vector>

namespace rostrum {

/// How session processes are started; the same for all of them.
struct LaunchSettings {
    std::string binary;         ///< rostrum-session
    std::string socket_dir;     ///< $RUNTIME/sessions
    std::string log_dir;        ///< $STATE/logs
    std::string public_address; ///< comma-separated
    std::string port_range;     ///< "" or "min-max"
    bool ice_tcp = false;
    unsigned shards = 1;
    unsigned max_viewers = 0; ///< of one feed; 0 = no limit of ours
    std::string slate_text;   ///< what viewers read while no host is there
    unsigned slate_grace_ms = 2000, slate_time_ms = 300'000;
    bool allow_private = false; ///< livestreams may go to private networks
};

struct PeerChange {
    std::string resource, participant, role, feed, state, reason;
};

/// What a viewer gets at most, or other limits for one that is there: what is null stays as it is.
struct ViewerLimits {
    static constexpr uint32_t kNone = UINT32_MAX;

    std::optional<uint32_t> max_layer;   ///< quality layers count from 0
    std::optional<uint32_t> max_bitrate; ///< bit/s of sound and picture
};

/// What a session process tells. Called on the main thread, never from inside a call into SessionProcess.
class SessionProcessObserver {
  public:
    virtual ~SessionProcessObserver() = default;
    /// Connected; `snapshot` says what it is doing. Calls made before are sent after this returns.
    virtual void process_ready(const Json &snapshot) = 0;
    virtual void peer_changed(const PeerChange &change) = 0;
    virtual void quality_changed(const std::string &participant, const std::string &feed, const Json &quality) = 0;
    virtual void feed_changed(const std::string &participant, const std::string &feed, const std::string &kind,
                              const std::string &state) = 0;
    virtual void program_changed(const std::string &mode) = 0;
    virtual void speaker_changed(const std::string &participant) = 0;
    virtual void output_changed(const std::string &livestream, const std::string &output, const std::string &state,
                                const Json &details) = 0;
    virtual void recording_changed(const std::string &recording, const std::string &state, const Json &details) = 0;
    virtual void hls_changed(const std::string &hls, const std::string &state, const Json &details) = 0;
    virtual void hls_grown(const std::string &hls) = 0;
    virtual void statistics(std::span<const MinuteRow> rows) = 0;
    /// It said Ended and closed the connection. The SessionProcess may be destroyed from here.
    virtual void process_ended(const std::string &reason) = 0;
    /// It did not start, crashed, or its socket answers nobody. The SessionProcess may be destroyed from here.
    virtual void process_lost(const std::string &why) = 0;
};

struct Negotiated {
    std::string resource, answer;
};
template <class T> using Reply = std::function<void(std::variant<T, Refusal>)>;
struct Done {};

/// The client side of one `rostrum-session`: starts it (it outlives us) or adopts a running one by its socket, and
/// speaks org.rostrum.Session1 with it. Nothing here blocks. Thread-bound: main thread.
class SessionProcess {
  public:
    SessionProcess(const LaunchSettings &settings, std::string room_id, std::string session_id,
                   SessionProcessObserver &observer);
    ~SessionProcess();
    SessionProcess(const SessionProcess &) = delete;
    SessionProcess &operator=(const SessionProcess &) = delete;

    /// Starts a process; also after an earlier one was lost.
    void spawn();
    /// Connects to one that is running.
    void adopt();
    void kill();
    bool ready() const { return ready_; }
    /// There is a process, or one is being started or connected to.
    bool active() const { return bool(attempt_); }

    /// Before it is ready these wait; when it is lost they are answered with 503. A reply may come after the
    /// SessionProcess is gone.
    void set_state(const std::string &state, Reply<Done> reply);
    void check_layout(const std::string &layout, Reply<Done> reply);
    void publish(const std::string &participant, const std::string &name, const std::string &offer,
                 Reply<Negotiated> reply);
    void play(const std::string &participant, const std::string &feed, const std::string &offer,
              const ViewerLimits &limits, Reply<Negotiated> reply);
    void limit(const std::string &resource, const ViewerLimits &limits, Reply<Done> reply);
    /// `wanted_tag`: an If-Match, or "".
    void patch(const std::string &resource, const std::string &wanted_tag, const std::string &fragment,
               Reply<std::string> reply);
    void remove(const std::string &resource, const std::string &reason, Reply<Done> reply);
    void end(const std::string &reason, Reply<Done> reply);
    void graph(const std::string &format, Reply<std::string> reply);

  private:
    using Answer = std::function<void(std::variant<GVariant *, Refusal>)>;
    struct Call {
        const char *method;
        GVariant *arguments; // floating until sent
        Answer answer;
    };

    void call(Call call);
    void send(Call call);
    static void refuse_calls(std::vector<Call> calls, const Refusal &refusal);
    bool launch(int ready_write_fd, std::string *error);
    void await_ready_byte(int ready_read_fd);
    void connect();
    void authenticate(GSocketConnection *connection);
    void open_proxy();
    void take_snapshot();
    void bind_signals();
    void become_ready(const Json &snapshot);
    void connection_closed();
    void lose(const std::string &why);
    void disconnect();
    std::string socket_path() const { return settings_.socket_dir + "/" + session_id_ + ".sock"; }
    std::string log_path() const { return settings_.log_dir + "/" + session_id_ + ".log"; }

    const LaunchSettings &settings_;
    const std::string room_id_, session_id_;
    SessionProcessObserver &observer_;

    ObjectRef<GCancellable> attempt_; // cancelled with it; callbacks of a cancelled attempt touch nothing
    ObjectRef<GSubprocess> child_;    // none when adopted
    ObjectRef<GDBusConnection> connection_;
    ObjectRef<RostrumSession1> proxy_;
    std::vector<Call> waiting_;
    Timer deadline_;
    unsigned ready_source_ = 0; // watches the ready pipe
    int ready_fd_ = -1;
    int pid_ = 0; // of the process at the other end of the connection
    bool ready_ = false, ended_ = false;
    std::string end_reason_;
};

} // namespace rostrum
