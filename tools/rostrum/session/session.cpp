// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "session.h"

#include "element_signals.h"
#include "layer_choice.h"
#include "muted_pad.h"
#include "plan_recordings.h"

#include "common/whip_http.h"

#include <utility>

namespace rostrum::session {

namespace {

using peerwire::Error;

GstElement *make_pipeline() {
    GstElement *pipeline = gst_pipeline_new("session");
    // Never the clock of some element that may leave.
    const auto clock = adopt(gst_system_clock_obtain());
    gst_pipeline_use_clock(GST_PIPELINE(pipeline), clock.get());
    return static_cast<GstElement *>(gst_object_ref_sink(pipeline));
}

} // namespace

Session::Session(PlanConfig config, SlateTimes slate, Listener &listener)
    : config_(std::move(config)), listener_(listener), pipeline_(adopt(make_pipeline())), recordings_(*this),
      hls_(
          pipeline_.get(),
          [this](const auto &id, const char *state, const auto &details) {
              listener_.hls_changed(id, state, details);
              if (g_str_equal(state, "failed"))
                  post_to_main(alive_, [this] { reconcile(); });
          },
          [this](const auto &id) { listener_.hls_grown(id); }),
      livestreams_([this](const auto &livestream, const auto &output, const auto &state, const auto &details) {
          listener_.output_changed(livestream, output, state, details);
      }),
      reconciler_(GST_BIN(pipeline_.get()), *this), slate_(slate) {
    const auto bus = adopt(gst_element_get_bus(pipeline_.get()));
    gst_bus_set_sync_handler(bus.get(), on_message_posted, this, nullptr);
    gst_bus_add_watch(bus.get(), on_bus, this);
    gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
    reconcile();
    watch_quality();
}

Session::~Session() {
    *alive_ = false;
    const auto bus = adopt(gst_element_get_bus(pipeline_.get()));
    gst_bus_remove_watch(bus.get());
    reconciler_.clear();
    gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
}

State Session::effective_state() const {
    State state = state_;
    recordings_.suspend(state.wanted.recordings);
    state.wanted.hls = hls_.viable(state.wanted.hls);
    state.only_codecs = peers_.only_codecs();
    return state;
}

void Session::recording_changed(const std::string &recording, const char *state, const std::string &details) {
    listener_.recording_changed(recording, state, details);
}

void Session::recordings_changed() {
    post_to_main(alive_, [this] { reconcile(); });
}

/// Whether the program shows its slate depends on who is there, who watches, and how long ago that changed.
void Session::follow_slate() {
    const gint64 now_ms = g_get_monotonic_time() / 1000;
    state_.slate = slate_.update(has_hosts(state_), peers_.watched("program"), now_ms) && !ending_;
    slate_timer_.stop();
    if (slate_.next_ms() == SlateClock::kNever)
        return;
    slate_timer_.start(static_cast<unsigned>(slate_.next_ms() - now_ms), [this] {
        reconcile();
        return false;
    });
}

/// Smaller renditions are there while somebody at one of the programs needs them.
void Session::follow_demand() {
    unsigned starving = 0, limited = 0;
    for (const char *codec : {"", "H264"})
        if (GstElement *fanout = fanout_of(program_branch(codec))) {
            const LayerDemand demand = layer_demand_of(fanout);
            starving += demand.starving;
            limited += demand.limited;
        }
    const gint64 now_ms = g_get_monotonic_time() / 1000;
    state_.renditions = renditions_.update(starving, limited, now_ms);
    rendition_timer_.stop();
    if (renditions_.next_ms() == RenditionClock::kNever)
        return;
    rendition_timer_.start(static_cast<unsigned>(renditions_.next_ms() - now_ms), [this] {
        reconcile();
        return false;
    });
}

/// Before anything that is new of a host flows: its pads wait for reconcile().
void Session::follow_mutes() {
    for (const auto &host : state_.hosts)
        if (GstElement *src = reconciler_.element(host_branch(host.participant) + "/src"))
            for (const auto &track : host.tracks)
                if (const auto pad = adopt(gst_element_get_static_pad(src, track.pad.c_str())))
                    set_muted(pad.get(), state_.wanted.mutes_track(host.participant, track.video));
}

void Session::reconcile() {
    follow_mutes();
    follow_slate();
    follow_demand();
    const State state = effective_state();
    for (auto &host : state_.hosts) {
        const Track *video = decoded_video(host);
        host.decoded = video ? video->pad : "";
    }
    reconciler_.apply(plan(state, config_));
    for (const auto &recording : state.wanted.recordings)
        if (const std::string why = why_not_recorded(state, recording); !why.empty())
            recordings_.refuse(recording.id, why);
    const ProgramMode mode = program_mode(state);
    if (mode != std::exchange(mode_, mode))
        listener_.program_changed(mode);
    if (mode != ProgramMode::Composed && !std::exchange(speaker_, {}).empty())
        listener_.speaker_changed({});
}

Result<bool> Session::set_state(const std::string &json) {
    if (ending_)
        return Error{500, "the session is ending"};
    std::string error;
    auto wanted = parse_wanted(json, error);
    if (!wanted)
        return Error{400, error};
    state_.wanted = std::move(*wanted);
    recordings_.want(state_.wanted.recordings);
    hls_.want(state_.wanted);
    reconcile();
    return true;
}

Result<Answer> Session::publish(const std::string &participant, const std::string &name, const std::string &offer) {
    if (ending_)
        return Error{500, "the session is ending"};
    if (participant.empty() || participant == "program")
        return Error{400, "a host needs a participant id of its own"};
    const bool known = state_.find_host(participant) != nullptr;
    if (!known)
        state_.add_host(participant);
    Host &host = *state_.find_host(participant);
    host.name = name;
    reconcile();
    GstElement *src = reconciler_.element(host_branch(participant) + "/src");
    Result<Answer> answer = src ? accept(host, src, offer) : Result<Answer>(Error{500, "no place for a host"});
    if (!answer.ok() && !known) {
        state_.remove_host(participant);
        reconcile();
    }
    return answer;
}

Result<Answer> Session::accept(Host &host, GstElement *src, const std::string &offer) {
    auto sdp = call_element(src, "accept-offer", {offer});
    if (!sdp.ok())
        return sdp.error();
    const std::string participant = host.participant;
    if (const Peer *former = peers_.find_host(participant))
        close_peer(std::string(former->resource), "replaced");
    Peer peer{Peers::new_resource(),
              participant,
              Peer::Role::Host,
              participant,
              false,
              {},
              {},
              {},
              entity_tag(ice_ufrag_of(sdp.value()))};
    peers_.add(peer);
    listener_.peer_changed(peer, "connecting", "");
    refresh_tracks(participant);
    return Answer{peer.resource, std::move(sdp).value()};
}

/// H.264 and VP8 are what a program may be in.
Result<std::string> Session::only_codec_of(const std::string &offer) const {
    GstElement *fanout = fanout_of(kProgramBranch);
    auto codecs = fanout ? call_element(fanout, "common-codecs", {offer}) : Error{500, "there is no program"};
    if (!codecs.ok())
        return codecs.error();
    return std::string(codecs.value() == "h264" ? "H264" : codecs.value() == "vp8" ? "VP8" : "");
}

Result<Answer> Session::play(const std::string &participant, const std::string &feed, const std::string &offer,
                             const ViewerLimits &limits) {
    if (ending_)
        return Error{500, "the session is ending"};
    Peer peer{Peers::new_resource(), participant, Peer::Role::Viewer, feed, false, limits, feed_branch(feed), {}, {}};
    if (feed == "program") {
        auto only_codec = only_codec_of(offer);
        if (!only_codec.ok())
            return only_codec.error();
        peer.only_codec = std::move(only_codec).value();
        peer.branch = program_branch(peer.only_codec);
    } else if (!fanout_of(peer.branch)) {
        return Error{404, "there is no feed '" + feed + "'"};
    }
    peers_.add(peer);
    reconcile(); // somebody watches; perhaps the first one of a codec
    GstElement *fanout = fanout_of(peer.branch);
    auto sdp = fanout ? add_viewer(fanout, peer.resource, offer, limits)
                      : Result<std::string>(Error{500, "no place for viewers of " + peer.only_codec + " alone"});
    if (!sdp.ok()) {
        peers_.take(peer.resource);
        reconcile();
        return sdp.error();
    }
    peers_.find(peer.resource)->entity_tag = entity_tag(ice_ufrag_of(sdp.value()));
    listener_.peer_changed(peer, "connecting", "");
    return Answer{peer.resource, std::move(sdp).value()};
}

Result<std::string> Session::patch(const std::string &resource, const std::string &wanted_tag,
                                   const std::string &fragment) {
    Peer *peer = peers_.find(resource);
    if (!peer)
        return Error{404, "there is no such resource"};
    // A candidate that comes late must not be taken for another restart (RFC 9725 §4.3.2).
    if (!wanted_tag.empty() && !if_match(wanted_tag, peer->entity_tag))
        return Error{412, "the fragment is for an ICE session that is over"};
    const bool host = peer->role == Peer::Role::Host;
    GstElement *element = host ? reconciler_.element(host_branch(peer->participant) + "/src") : fanout_of(peer->branch);
    if (!element)
        return Error{404, host ? "the host is gone" : "the feed is gone"};
    auto answer = host ? call_element(element, "accept-patch", {fragment})
                       : call_element(element, "patch-viewer", {resource, fragment});
    if (answer.ok() && !answer.value().empty())
        peer->entity_tag = entity_tag(ice_ufrag_of(answer.value()));
    return answer;
}

Result<bool> Session::limit(const std::string &resource, const std::function<void(ViewerLimits &)> &change) {
    Peer *peer = peers_.find(resource);
    GstElement *fanout = peer && peer->role == Peer::Role::Viewer ? fanout_of(peer->branch) : nullptr;
    if (!fanout)
        return Error{404, "there is no such viewer"};
    change(peer->limits);
    return limit_viewer(fanout, resource, peer->limits);
}

Result<bool> Session::remove(const std::string &resource, const std::string &reason) {
    const Peer *peer = peers_.find(resource);
    if (!peer)
        return Error{404, "there is no such resource"};
    if (peer->role == Peer::Role::Host) {
        drop_host(std::string(peer->participant), reason);
        return true;
    }
    if (GstElement *fanout = fanout_of(peer->branch))
        g_signal_emit_by_name(fanout, "remove-viewer", resource.c_str(), reason.c_str());
    close_peer(resource, reason);
    return true;
}

void Session::close_peer(const std::string &resource, const std::string &reason) {
    const auto peer = peers_.take(resource);
    if (!peer)
        return;
    quality_.disconnected(resource);
    listener_.peer_changed(*peer, "closed", reason);
    if (state_.slate || !peer->only_codec.empty())
        post_to_main(alive_, [this] { reconcile(); }); // perhaps nobody watches any more
}

void Session::set_connected(const std::string &resource) {
    Peer *peer = peers_.find(resource);
    if (!peer || peer->connected)
        return;
    peer->connected = true;
    quality_.connected(resource, g_get_real_time() / 1000);
    listener_.peer_changed(*peer, "connected", "");
}

/// The host and its feed go; whoever watched that feed is told so.
void Session::drop_host(const std::string &participant, const std::string &reason) {
    if (GstElement *src = reconciler_.element(host_branch(participant) + "/src"))
        g_signal_emit_by_name(src, "end-publish", reason.c_str());
    for (const auto &kind : std::exchange(announced_[participant], {}))
        listener_.feed_changed(participant, kind.c_str(), "disabled");
    announced_.erase(participant);
    if (const Peer *peer = peers_.find_host(participant))
        close_peer(std::string(peer->resource), reason);
    if (GstElement *fanout = fanout_of(feed_branch(participant)))
        g_signal_emit_by_name(fanout, "remove-all-viewers", "feed-ended");
    for (const auto &viewer : peers_.viewers_of(participant))
        close_peer(viewer, "feed-ended");
    state_.remove_host(participant);
    reconcile();
}

void Session::refresh_tracks(const std::string &participant) {
    Host *host = state_.find_host(participant);
    GstElement *src = reconciler_.element(host_branch(participant) + "/src");
    if (!host || !src)
        return;
    host->tracks = tracks_of(src);
    announce_feeds(*host);
    reconcile();
}

void Session::announce_feeds(const Host &host) {
    std::set<std::string> kinds;
    for (const auto &track : host.tracks)
        kinds.insert(track.video ? "video" : "audio");
    auto &announced = announced_[host.participant];
    const std::set<std::string> before = std::exchange(announced, host.connected ? kinds : announced);
    for (const auto &kind : announced)
        if (!before.count(kind))
            listener_.feed_changed(host.participant, kind.c_str(), "enabled");
    for (const auto &kind : before)
        if (!announced.count(kind))
            listener_.feed_changed(host.participant, kind.c_str(), "disabled");
}

void Session::end(const std::string &reason) {
    if (std::exchange(ending_, true))
        return;
    end_reason_ = reason;
    read_quality();
    end_deadline_.start(kEndMs, [this] {
        finish_end();
        return false;
    });
    state_.wanted.livestreams.clear();
    state_.wanted.recordings.clear();
    recordings_.want({});
    state_.wanted.hls.clear();
    hls_.want({});
    while (!state_.hosts.empty())
        drop_host(std::string(state_.hosts.front().participant), reason);
    for (const char *codec : {"", "H264", "VP8"})
        if (GstElement *fanout = fanout_of(program_branch(codec)))
            g_signal_emit_by_name(fanout, "remove-all-viewers", reason.c_str());
    while (!peers_.empty())
        close_peer(std::string(peers_.all().begin()->first), reason);
    reconcile();
}

void Session::finish_end() {
    if (std::exchange(ended_, true))
        return;
    end_deadline_.stop();
    reconciler_.clear();
    post_to_main(alive_, [this] { listener_.ended(end_reason_); });
}

} // namespace rostrum::session
