// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "prewarm.h"

#include "plan_branches.h"

#include <gst/gst.h>

#include <set>

namespace rostrum::session {

namespace {

/// Every factory that a plan can name: that of a session with hosts of each codec and every kind of output.
std::set<std::string> factories() {
    State state;
    state.wanted.livestreams = {{"warm", {{"warm", "rtmp://127.0.0.1/warm", ""}}}};
    state.wanted.recordings = {{"warm", "/warm.mp4"}, {"warm-webm", "/warm-webm.webm"}};
    state.wanted.recordings.back().format = FileFormat::Webm;
    for (const char *encoding : {"H264", "VP8", "VP9"}) {
        Host &host = state.add_host(encoding);
        host.tracks = {{"audio_0", false, "OPUS", ""}, {"video_0", true, encoding, ""}};
        host.connected = true;
        Recording track{std::string("warm-") + encoding, std::string("/warm-") + encoding + ".mp4"};
        track.kind = RecordingKind::Track;
        track.participant = encoding;
        track.track = MediaKind::Video;
        state.wanted.recordings.push_back(std::move(track));
    }
    std::set<std::string> names;
    for (const auto &branch : plan(state, {}).branches)
        for (const auto &node : branch.nodes)
            names.insert(node.factory);
    return names;
}

} // namespace

std::thread prewarm() {
    return std::thread([] {
        for (const auto &name : factories())
            if (GstElementFactory *factory = gst_element_factory_find(name.c_str())) {
                gst_object_unref(gst_plugin_feature_load(GST_PLUGIN_FEATURE(factory)));
                gst_object_unref(factory);
            }
    });
}

} // namespace rostrum::session
