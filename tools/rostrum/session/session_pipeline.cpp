// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What the pipeline says to the session: branches that come and go, bus messages, pads, viewers.

#include "element_signals.h"
#include "encoder_keyframes.h"
#include "json_text.h"
#include "session.h"

#include <gst/video/video.h>

#include <utility>

namespace rostrum::session {

namespace {

std::string text_of(const GstStructure *structure, const char *name) {
    const char *text = gst_structure_get_string(structure, name);
    return text ? text : "";
}

/// "decode:ann:audio_0" → "ann"; participant ids may hold colons, pad names do not.
std::string participant_of(const std::string &branch) {
    const size_t first = branch.find(':'), last = branch.rfind(':');
    return first == last ? branch.substr(first + 1) : branch.substr(first + 1, last - first - 1);
}

std::string host_of(const std::string &branch) {
    return branch.substr(branch.find(':') + 1);
}

} // namespace

void Session::branch_built(RunningBranch &branch) {
    {
        peerwire::MutexLock lock(errors_mutex_);
        errors_.erase(branch.branch().id);
    }
    switch (branch.branch().kind) {
    case Branch::Kind::Recording:
        recordings_.built(branch);
        break;
    case Branch::Kind::Hls:
        hls_.built(branch);
        break;
    case Branch::Kind::Encode:
        for (const auto &node : branch.branch().nodes)
            if (GST_IS_VIDEO_ENCODER(branch.element(node.name)))
                pace_keyframes(branch.element(node.name));
        break;
    case Branch::Kind::Host:
        g_signal_connect(branch.element("src"), "pad-added", G_CALLBACK(on_host_pad_added), this);
        g_signal_connect(branch.element("src"), "pad-removed", G_CALLBACK(on_host_pad_removed), this);
        break;
    case Branch::Kind::Program:
        g_signal_connect(branch.element("fanout"), "notify::layer-demand", G_CALLBACK(on_layer_demand), this);
        [[fallthrough]];
    case Branch::Kind::Feed:
        g_signal_connect(branch.element("fanout"), "viewer-connected", G_CALLBACK(on_viewer_connected), this);
        g_signal_connect(branch.element("fanout"), "viewer-disconnected", G_CALLBACK(on_viewer_disconnected), this);
        g_signal_connect(branch.element("fanout"), "viewer-quality", G_CALLBACK(on_viewer_quality), this);
        break;
    default:
        break;
    }
}

bool Session::branch_draining(RunningBranch &branch) {
    const auto done = [this, &branch] { reconciler_.finish_drain(branch); };
    const auto finished = [this, done] {
        done();
        stepped();
    };
    if (branch.branch().kind == Branch::Kind::Recording)
        return recordings_.draining(branch, finished);
    if (branch.branch().kind == Branch::Kind::Hls)
        return hls_.draining(branch, finished);
    if (branch.branch().kind == Branch::Kind::Livestream)
        return livestreams_.drain(branch.element("egress"), finished);
    return false;
}

void Session::branch_removed(RunningBranch &branch) {
    if (branch.branch().kind == Branch::Kind::Recording)
        recordings_.removed(branch);
    else if (branch.branch().kind == Branch::Kind::Hls)
        hls_.removed(branch);
    else if (branch.branch().kind == Branch::Kind::Livestream)
        livestreams_.forget(branch.element("egress"));
    spare_memory_.return_soon();
}

void Session::branch_failed(const std::string &branch, const std::string &reason) {
    std::string why = reason;
    {
        peerwire::MutexLock lock(errors_mutex_);
        if (auto known = errors_.extract(branch); !known.empty())
            why = known.mapped();
    }
    g_warning("%s failed: %s", branch.c_str(), why.c_str());
    const Branch *wanted = reconciler_.wanted().find(branch);
    if (!wanted)
        return;
    const Branch::Kind kind = wanted->kind;
    if (kind == Branch::Kind::Recording)
        recordings_.failed(branch, why);
    else if (kind == Branch::Kind::Hls)
        hls_.failed(branch, why);
    else if (kind == Branch::Kind::Host)
        post_to_main(alive_, [this, participant = host_of(branch)] { drop_host(participant, "failed"); });
    else if (kind == Branch::Kind::Program || kind == Branch::Kind::Feed)
        for (const auto &viewer : peers_.viewers_on(branch))
            close_peer(viewer, "failed");
}

void Session::stepped() {
    livestreams_.sync([this](const std::string &node) { return reconciler_.element(node); },
                      reconciler_.wanted().destinations);
    recordings_.linked();
    if (ending_ && reconciler_.settled())
        finish_end();
}

/// On the streaming thread of the pad, with its first packet in hand: it waits until the pad is linked, so that nothing
/// of the first keyframe is lost.
void Session::on_host_pad_added(GstElement *src, GstPad *pad, gpointer data) {
    auto *self = static_cast<Session *>(data);
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_host_caps, self, nullptr);
    const gulong hold = gst_pad_add_probe(
        pad, GST_PAD_PROBE_TYPE_BLOCK_DOWNSTREAM,
        [](GstPad *, GstPadProbeInfo *, gpointer) { return GST_PAD_PROBE_OK; }, nullptr, nullptr);
    g_autofree char *name = gst_element_get_name(src);
    post_to_main(self->alive_,
                 [self, hold, participant = host_of(branch_of(name)), held = std::shared_ptr<GstPad>(ref(pad))] {
                     self->refresh_tracks(participant);
                     gst_pad_remove_probe(held.get(), hold);
                 });
}

void Session::on_host_pad_removed(GstElement *src, GstPad *, gpointer data) {
    auto *self = static_cast<Session *>(data);
    g_autofree char *name = gst_element_get_name(src);
    post_to_main(self->alive_, [self, participant = host_of(branch_of(name))] { self->refresh_tracks(participant); });
}

GstPadProbeReturn Session::on_host_caps(GstPad *pad, GstPadProbeInfo *info, gpointer data) {
    auto *self = static_cast<Session *>(data);
    if (GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) != GST_EVENT_CAPS)
        return GST_PAD_PROBE_OK;
    const auto src = adopt(gst_pad_get_parent_element(pad));
    if (!src)
        return GST_PAD_PROBE_OK;
    g_autofree char *name = gst_element_get_name(src.get());
    post_to_main(self->alive_, [self, participant = host_of(branch_of(name))] { self->refresh_tracks(participant); });
    return GST_PAD_PROBE_OK;
}

void Session::on_viewer_connected(GstElement *, const char *id, gpointer data) {
    auto *self = static_cast<Session *>(data);
    post_to_main(self->alive_, [self, resource = std::string(id)] { self->set_connected(resource); });
}

void Session::on_layer_demand(GstElement *, GParamSpec *, gpointer data) {
    auto *self = static_cast<Session *>(data);
    post_to_main(self->alive_, [self] {
        const bool before = self->state_.renditions;
        self->follow_demand();
        if (self->state_.renditions != before)
            self->reconcile();
    });
}

void Session::on_viewer_quality(GstElement *, const char *id, const GstStructure *quality, gpointer data) {
    auto *self = static_cast<Session *>(data);
    guint layer = 0;
    gboolean paused = FALSE;
    guint64 estimate = 0;
    gst_structure_get(quality, "layer", G_TYPE_UINT, &layer, "paused", G_TYPE_BOOLEAN, &paused, "estimate",
                      G_TYPE_UINT64, &estimate, nullptr);
    JsonText json;
    json.add("layer", static_cast<int64_t>(layer))
        .add_json("paused", paused ? "true" : "false")
        .add("reason", text_of(quality, "reason"))
        .add("estimate", static_cast<int64_t>(estimate));
    post_to_main(self->alive_, [self, resource = std::string(id), text = json.text()] {
        if (const Peer *peer = self->peers_.find(resource))
            self->listener_.quality_changed(*peer, text);
    });
}

void Session::on_viewer_disconnected(GstElement *, const char *id, const char *reason, gpointer data) {
    auto *self = static_cast<Session *>(data);
    post_to_main(self->alive_, [self, resource = std::string(id), why = std::string(reason ? reason : "")] {
        self->close_peer(resource, why);
    });
}

/// On the thread that posts. An element that does not start says why before the failure is seen.
GstBusSyncReply Session::on_message_posted(GstBus *, GstMessage *message, gpointer data) {
    auto *self = static_cast<Session *>(data);
    if (GST_MESSAGE_TYPE(message) != GST_MESSAGE_ERROR)
        return GST_BUS_PASS;
    g_autoptr(GError) error = nullptr;
    gst_message_parse_error(message, &error, nullptr);
    for (auto at = ref(GST_MESSAGE_SRC(message)); at; at = adopt(gst_object_get_parent(at.get()))) {
        const std::string name = GST_OBJECT_NAME(at.get());
        peerwire::MutexLock lock(self->errors_mutex_);
        if (name.find('/') != std::string::npos)
            self->errors_.try_emplace(branch_of(name), error->message);
    }
    return GST_BUS_PASS;
}

gboolean Session::on_bus(GstBus *, GstMessage *message, gpointer data) {
    auto *self = static_cast<Session *>(data);
    switch (GST_MESSAGE_TYPE(message)) {
    case GST_MESSAGE_ERROR:
        self->on_error(message);
        break;
    case GST_MESSAGE_LATENCY:
        gst_bin_recalculate_latency(GST_BIN(self->pipeline_.get()));
        break;
    case GST_MESSAGE_ELEMENT:
        self->on_element_message(GST_MESSAGE_SRC(message), gst_message_get_structure(message));
        break;
    default:
        break;
    }
    return G_SOURCE_CONTINUE;
}

/// An error ends the branch it happened in, and nothing else.
void Session::on_error(GstMessage *message) {
    g_autoptr(GError) error = nullptr;
    gst_message_parse_error(message, &error, nullptr);
    if (RunningBranch *branch = reconciler_.owner(GST_MESSAGE_SRC(message)))
        reconciler_.fail(*branch, error->message);
}

void Session::on_element_message(GstObject *source, const GstStructure *message) {
    const char *name = gst_structure_get_name(message);
    if (g_str_equal(name, "rtmpegress-destination"))
        livestreams_.on_message(source, message);
    else if (g_str_has_prefix(name, "livecompositor-")) {
        const RunningBranch *branch = reconciler_.owner(source); // those of recordings show nobody anything
        if (branch && branch->branch().id == kComposeBranch)
            on_compositor_message(message);
    } else if (g_str_equal(name, "streamsrc-picture")) {
        if (const RunningBranch *branch = reconciler_.owner(source))
            on_picture(host_of(branch->branch().id), message);
    } else if (g_str_equal(name, "streamsrc-state"))
        if (const RunningBranch *branch = reconciler_.owner(source))
            on_host_state(host_of(branch->branch().id), message);
}

void Session::on_compositor_message(const GstStructure *message) {
    if (gst_structure_has_name(message, "livecompositor-speaker"))
        on_speaker(message);
    else if (gst_structure_has_name(message, "livecompositor-tiles"))
        on_tiles(message);
}

void Session::on_host_state(const std::string &participant, const GstStructure *message) {
    Host *host = state_.find_host(participant);
    const std::string state = text_of(message, "state"), reason = text_of(message, "reason");
    if (!host)
        return;
    if (state == "connected") {
        host->connected = true;
        if (const Peer *peer = peers_.find_host(participant))
            set_connected(std::string(peer->resource));
        refresh_tracks(participant);
    } else if (state == "connecting") {
        host->pictures.clear(); // of the one who was replaced
    } else if (state == "disconnected" && reason != "replaced") {
        drop_host(participant, reason);
    } else if (state == "stalled" || state == "resumed") {
        const std::string kind = text_of(message, "kind");
        for (const auto &announced : announced_[participant])
            if (kind.empty() || kind == announced)
                listener_.feed_changed(participant, announced.c_str(), state.c_str());
    }
}

void Session::on_picture(const std::string &participant, const GstStructure *message) {
    Host *host = state_.find_host(participant);
    if (!host)
        return;
    Picture &picture = host->pictures[text_of(message, "pad")];
    gboolean flowing = FALSE;
    gst_structure_get(message, "width", G_TYPE_UINT, &picture.width, "height", G_TYPE_UINT, &picture.height, "flowing",
                      G_TYPE_BOOLEAN, &flowing, nullptr);
    picture.flowing = flowing;
    reconcile();
}

/// Hosts that the compositor does not know yet keep what is known of them.
void Session::on_tiles(const GstStructure *message) {
    const std::map<std::string, Tile> tiles = tiles_of(message);
    for (auto &host : state_.hosts)
        if (const auto told = tiles.find("video_" + std::to_string(host.slot)); told != tiles.end())
            host.tile = told->second;
    reconcile();
}

void Session::on_speaker(const GstStructure *message) {
    const std::string pad = text_of(message, "pad");
    std::string speaker;
    for (const auto &link : reconciler_.links())
        if (branch_of(link.link().to.node) == kComposeBranch && pad == GST_PAD_NAME(link.sink()))
            speaker = participant_of(branch_of(link.link().from.node));
    if (speaker != std::exchange(speaker_, speaker))
        listener_.speaker_changed(speaker);
}

} // namespace rostrum::session
