// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "plan_recordings.h"

#include "layer_choice.h"
#include "plan_branches.h"
#include "plan_hosts.h"
#include "plan_nodes.h"

#include <algorithm>
#include <utility>

namespace rostrum::session {

namespace {

// A file can wait for what is sent again longer than those who watch; a crash loses what still waits.
constexpr const char *kTrackJitterMs = "200";

// What a crash loses of a file is one fragment, what waits in front of the muxer, and kTrackJitterMs.
constexpr const char *kFragmentMs = "500";

/// Its bytes are taken off at the sink's pad: a disk that blocks must hold up no thread of the pipeline.
void add_file(Branch &branch, FileFormat format) {
    // The default fragment mode: first-moov-then-finalise of 1.22 leaves out the size of a sample that is as long as
    // the first of its fragment, and such a file cannot be read after a crash.
    branch.nodes.push_back(
        format == FileFormat::Mp4
            ? Node{"mux", "mp4mux", {{"fragment-duration", kFragmentMs}, {"streamable", "true"}}}
            : Node{"mux", "webmmux", {{"streamable", "true"}, {"max-cluster-duration", "2000000000"}}});
    branch.nodes.push_back({"file", "fakesink", {{"sync", "false"}, {"async", "false"}}});
    chain(branch, {"mux", "file"});
}

/// As mp4mux takes it. It is not there yet when the parser has to decide.
Node avc() {
    return {"avc", "capsfilter", {{"caps", "video/x-h264,stream-format=avc,alignment=au"}}};
}

void add_nodes(Branch &branch, std::vector<Node> nodes, const char *mux_pad) {
    std::vector<std::string> names;
    for (auto &node : nodes) {
        names.push_back(node.name);
        branch.nodes.push_back(std::move(node));
    }
    chain(branch, names);
    link(branch, names.back().c_str(), "src", "mux", mux_pad);
}

std::vector<Node> depayloader(const std::string &encoding) {
    const auto video = [](const char *factory) {
        return Node{"depay", factory, {{"request-keyframe", "true"}, {"wait-for-keyframe", "true"}}};
    };
    if (encoding == "H264")
        return {video("rtph264depay"), {"parse", "h264parse", {}}, avc()};
    if (encoding == "VP8")
        return {video("rtpvp8depay")};
    if (encoding == "VP9")
        return {video("rtpvp9depay")};
    return {{"depay", "rtpopusdepay", {}}, {"sound", "opusparse", {}}};
}

/// The packets of one layer in order, for the recording to choose from.
Branch recorded_layer(const Recording &wanted, const Track &track) {
    Branch branch{"layer:" + wanted.id + ":" + track.pad, Branch::Kind::Decode, {}, {}, {}};
    branch.nodes = {leaky_queue("queue", kOutputQueueNs),
                    guard("guard"),
                    {"jitter", "rtpjitterbuffer", {{"latency", kTrackJitterMs}, {"do-lost", "true"}}}};
    chain(branch, {"queue", "guard", "jitter"});
    return branch;
}

Branch track_recording(const Recording &wanted, const Track &track, FileFormat format) {
    Branch branch{recording_branch(wanted.id), Branch::Kind::Recording, {}, {}, wanted.path + " " + track.encoding};
    std::vector<Node> nodes{selector("layer"), leaky_queue(track.video ? "video_queue" : "audio_queue", kOutputQueueNs),
                            guard(track.video ? "video_guard" : "audio_guard")};
    for (auto &node : depayloader(track.encoding))
        nodes.push_back(std::move(node));
    add_nodes(branch, std::move(nodes), track.video ? "video_%u" : "audio_%u");
    add_file(branch, format);
    return branch;
}

/// The track as it is now; nothing while it is off.
const Track *recorded_track(const State &state, const Recording &recording) {
    const Host *host = state.find_host(recording.participant);
    const bool video = recording.track == MediaKind::Video || recording.track == MediaKind::ScreenVideo;
    const bool screen = recording.track == MediaKind::ScreenAudio || recording.track == MediaKind::ScreenVideo;
    if (!host || !host->connected || (screen && !state.wanted.composition.screens.count(recording.participant)))
        return nullptr;
    const auto marks = state.wanted.marks.find(recording.participant);
    if (marks != state.wanted.marks.end() && (video ? marks->second.camera_off : marks->second.mic_off))
        return nullptr;
    return video ? best_flowing_video(*host) : first_audio(*host);
}

void add_track_recording(const State &state, const Recording &recording, Graph &graph) {
    const Track *track = recording.suspended ? nullptr : recorded_track(state, recording);
    const auto format = track ? track_format(track->encoding, recording.format) : std::nullopt;
    if (!format)
        return;
    Branch branch = track_recording(recording, *track, *format), layer = recorded_layer(recording, *track);
    const PadRef packets{layer.full("jitter"), "src"};
    graph.links.push_back({packets, {branch.full("layer"), "sink_%u"}, {}});
    graph.links.push_back({tee_of(*state.find_host(recording.participant), *track), {layer.full("queue"), "sink"}, {}});
    graph.selections.push_back({branch.full("layer"), packets, ""});
    graph.branches.push_back(std::move(branch));
    graph.branches.push_back(std::move(layer));
}

} // namespace

Branch composed_recording(const Recording &wanted) {
    Branch branch{recording_branch(wanted.id), Branch::Kind::Recording, {}, {}, wanted.path};
    const bool mp4 = wanted.format == FileFormat::Mp4;
    if (!wanted.audio_only) {
        std::vector<Node> video{leaky_queue("video_queue", kOutputQueueNs), guard("video_guard")};
        if (mp4)
            video.insert(video.end(), {{"parse", "h264parse", {}}, avc()});
        add_nodes(branch, std::move(video), "video_%u");
    }
    // No parser: opusparse writes into packets that other recordings share.
    add_nodes(branch, {leaky_queue("audio_queue", kOutputQueueNs), guard("audio_guard")}, "audio_%u");
    add_file(branch, wanted.format);
    return branch;
}

bool is_of_room(const Recording &recording) {
    return (recording.kind == RecordingKind::Room && recording.own_composition.empty()) ||
           (recording.kind == RecordingKind::Composite && recording.participants.empty() && !recording.composition);
}

RoomMedia media_of_room(const std::vector<Recording> &recordings) {
    RoomMedia media;
    for (const auto &recording : recordings)
        if (is_of_room(recording)) {
            media.composed = true;
            media.aac |= recording.format == FileFormat::Mp4;
            media.vp8 |= recording.format == FileFormat::Webm && !recording.audio_only;
        }
    return media;
}

void add_room_recordings(const State &state, Graph &graph) {
    for (const auto &wanted : state.wanted.recordings)
        if (is_of_room(wanted) && !wanted.suspended)
            graph.branches.push_back(composed_recording(wanted));
}

void link_room_recordings(const State &state, Graph &graph) {
    for (const auto &wanted : state.wanted.recordings) {
        if (!is_of_room(wanted) || wanted.suspended)
            continue;
        const bool mp4 = wanted.format == FileFormat::Mp4;
        const std::string branch = recording_branch(wanted.id);
        if (!wanted.audio_only)
            graph.links.push_back(
                {{encode_branch(mp4 ? "H264" : "VP8") + "/encoded", "src_%u"}, {branch + "/video_queue", "sink"}, {}});
        graph.links.push_back(
            {{mp4 ? "aac/tee" : "compose/sound_encoded", "src_%u"}, {branch + "/audio_queue", "sink"}, {}});
    }
}

void add_track_recordings(const State &state, Graph &graph) {
    for (const auto &recording : state.wanted.recordings)
        if (recording.kind == RecordingKind::Track)
            add_track_recording(state, recording, graph);
}

std::string why_not_recorded(const State &state, const Recording &recording) {
    const Track *track = recording.kind == RecordingKind::Track ? recorded_track(state, recording) : nullptr;
    if (!track || track->encoding.empty() || track_format(track->encoding, recording.format))
        return "";
    return track->encoding + " is recorded neither in MP4 nor in WebM here";
}

std::optional<FileFormat> track_format(const std::string &encoding, FileFormat wished) {
    if (encoding == "H264")
        return FileFormat::Mp4;
    if (encoding == "VP8" || encoding == "VP9")
        return FileFormat::Webm;
    return encoding == "OPUS" ? std::optional(wished) : std::nullopt;
}

FileFormat format_of(const Branch &recording) {
    const bool mp4 = std::any_of(recording.nodes.begin(), recording.nodes.end(),
                                 [](const Node &node) { return node.factory == "mp4mux"; });
    return mp4 ? FileFormat::Mp4 : FileFormat::Webm;
}

} // namespace rostrum::session
