// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// One live session: its state, its peers, and the pipeline that follows from them. Knows no D-Bus. Thread-bound: main.

#pragma once

#include "hls_outputs.h"
#include "livestreams.h"
#include "memory.h"
#include "peers.h"
#include "plan.h"
#include "quality_meter.h"
#include "reconcile.h"
#include "recordings.h"
#include "rendition_clock.h"
#include "slate_clock.h"

#include "sync/mutex.h"
#include "wire/result.h"

#include <span>

namespace rostrum::session {

template <class T> using Result = peerwire::Result<T>; // an error's code is the HTTP status it becomes

struct Answer {
    std::string resource;
    std::string sdp;
};

class Session : private Reconciler::Observer, private Recordings::Listener {
  public:
    /// What happens, for whoever tells `serve`. Called on the main thread.
    class Listener {
      public:
        virtual ~Listener() = default;
        virtual void peer_changed(const Peer &peer, const char *state, const std::string &reason) = 0;
        /// What a viewer gets; `quality` is JSON {layer, paused, reason, estimate}.
        virtual void quality_changed(const Peer &peer, const std::string &quality) = 0;
        virtual void feed_changed(const std::string &participant, const char *kind, const char *state) = 0;
        virtual void program_changed(ProgramMode mode) = 0;
        virtual void speaker_changed(const std::string &participant) = 0;
        virtual void output_changed(const std::string &livestream, const std::string &output, const std::string &state,
                                    const std::string &details) = 0;
        virtual void recording_changed(const std::string &recording, const char *state, const std::string &details) = 0;
        virtual void hls_changed(const std::string &hls, const char *state, const std::string &details) = 0;
        virtual void hls_grown(const std::string &hls) = 0;
        /// What participants got and sent lately, minute by minute.
        virtual void statistics(std::span<const MinuteRow> rows) = 0;
        /// Everything is closed and finished: the process may exit.
        virtual void ended(const std::string &reason) = 0;
    };

    Session(PlanConfig config, SlateTimes slate, Listener &listener);
    ~Session() override;

    Result<bool> set_state(const std::string &json);
    Result<Answer> publish(const std::string &participant, const std::string &name, const std::string &offer);
    Result<Answer> play(const std::string &participant, const std::string &feed, const std::string &offer,
                        const ViewerLimits &limits);
    /// `change` edits the present limits.
    Result<bool> limit(const std::string &resource, const std::function<void(ViewerLimits &)> &change);
    /// `wanted_tag`: an If-Match, or "" for whatever ICE session there is. Gives "" when no ICE restart was asked for.
    Result<std::string> patch(const std::string &resource, const std::string &wanted_tag, const std::string &fragment);
    Result<bool> remove(const std::string &resource, const std::string &reason);
    Result<std::string> graph(const std::string &format) const;
    std::string snapshot() const;

    /// Tells all that is known of the running minute and the one before, once more.
    void resend_quality();

    /// Closes every peer, ends every output, then Listener::ended(). Bounded by kEndMs.
    void end(const std::string &reason);

    bool has_peers() const { return !peers_.empty(); }

  private:
    static constexpr unsigned kEndMs = 4000; // one second more than what a push or a recording may take

    void branch_built(RunningBranch &branch) override;
    bool branch_draining(RunningBranch &branch) override;
    void branch_removed(RunningBranch &branch) override;
    void branch_failed(const std::string &branch, const std::string &why) override;
    void stepped() override;

    void recording_changed(const std::string &recording, const char *state, const std::string &details) override;
    void recordings_changed() override;

    void reconcile();
    void follow_slate();
    void follow_mutes();
    void follow_demand();
    State effective_state() const;
    Result<Answer> accept(Host &host, GstElement *src, const std::string &offer);
    void refresh_tracks(const std::string &participant);
    void announce_feeds(const Host &host);
    void drop_host(const std::string &participant, const std::string &reason);
    void close_peer(const std::string &resource, const std::string &reason);
    void set_connected(const std::string &resource);
    Result<std::string> only_codec_of(const std::string &offer) const;
    GstElement *fanout_of(const std::string &branch) const { return reconciler_.element(branch + "/fanout"); }
    void finish_end();

    // session_quality.cpp
    void watch_quality();
    void read_quality();
    void tell_quality();
    std::vector<GstElement *> watched_fanouts() const;

    static GstBusSyncReply on_message_posted(GstBus *bus, GstMessage *message, gpointer self);
    static gboolean on_bus(GstBus *bus, GstMessage *message, gpointer self);
    void on_error(GstMessage *message);
    void on_element_message(GstObject *source, const GstStructure *message);
    void on_host_state(const std::string &participant, const GstStructure *message);
    void on_compositor_message(const GstStructure *message);
    void on_speaker(const GstStructure *message);
    void on_tiles(const GstStructure *message);
    void on_picture(const std::string &participant, const GstStructure *message);
    static void on_host_pad_added(GstElement *src, GstPad *pad, gpointer self);
    static void on_host_pad_removed(GstElement *src, GstPad *pad, gpointer self);
    static GstPadProbeReturn on_host_caps(GstPad *pad, GstPadProbeInfo *info, gpointer self);
    static void on_viewer_connected(GstElement *fanout, const char *id, gpointer self);
    static void on_layer_demand(GstElement *fanout, GParamSpec *, gpointer self);
    static void on_viewer_quality(GstElement *fanout, const char *id, const GstStructure *quality, gpointer self);
    static void on_viewer_disconnected(GstElement *fanout, const char *id, const char *reason, gpointer self);

    const PlanConfig config_;
    Listener &listener_;
    const Alive alive_ = std::make_shared<bool>(true);
    const GstPtr<GstElement> pipeline_;
    State state_;
    Peers peers_;
    Recordings recordings_;
    HlsOutputs hls_;
    Livestreams livestreams_;
    Reconciler reconciler_;
    ProgramMode mode_ = ProgramMode::Empty;
    SlateClock slate_;
    Timer slate_timer_;
    QualityMeter quality_;
    Timer quality_timer_;
    RenditionClock renditions_;
    Timer rendition_timer_;
    SpareMemory spare_memory_;
    std::string speaker_;
    std::map<std::string, std::set<std::string>> announced_; // participant → kinds
    peerwire::Mutex errors_mutex_;                           // never held while anything is called
    std::map<std::string, std::string>
        errors_ GUARDED_BY(errors_mutex_); // the last one of each branch, until it is reported
    bool ending_ = false, ended_ = false;
    std::string end_reason_;
    Timer end_deadline_;
};

} // namespace rostrum::session
