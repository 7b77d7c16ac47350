// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "plan_hls.h"

#include "plan_branches.h"
#include "plan_nodes.h"

#include <algorithm>

namespace rostrum::session {

namespace {

constexpr unsigned kAacKbps = 128;

} // namespace

/// Each chain ends in a sink that whoever writes the segments listens at.
Branch hls_output(const Hls &wanted, const Composition &composition) {
    Branch branch{hls_branch(wanted.id), Branch::Kind::Hls, {}, {}, {}};
    const auto add = [&](const std::string &name, const char *parser, const char *caps) {
        std::vector<std::string> names;
        for (const char *what : {"_queue", "_guard", "_parse", "_format", "_sink"})
            names.push_back(name + what);
        branch.nodes.insert(branch.nodes.end(),
                            {leaky_queue(names[0].c_str(), kOutputQueueNs),
                             guard(names[1].c_str()),
                             {names[2], parser, {}},
                             {names[3], "capsfilter", {{"caps", caps}}},
                             {names[4], "fakesink", {{"async", "false"}, {"enable-last-sample", "false"}}}});
        chain(branch, names);
    };
    for (const auto &rendition : hls_renditions(wanted, composition))
        if (!rendition.encode.empty())
            add(rendition.name, "h264parse", "video/x-h264,stream-format=avc,alignment=au");
    add("audio", "aacparse", "audio/mpeg,mpegversion=4,stream-format=raw,framed=true");
    branch.revision = wanted.directory;
    return branch;
}

unsigned HlsRendition::peak_bps() const {
    // The encoder's buffer of a second lets the pictures of a segment of two be half again as large.
    return (video_kbps * 3 / 2 + kAacKbps) * 1050;
}

unsigned HlsRendition::average_bps() const {
    return (video_kbps + kAacKbps) * 1030;
}

std::string hls_branch(const std::string &hls) {
    return "hls:" + hls;
}

std::vector<HlsRendition> hls_renditions(const Hls &hls, const Composition &composition) {
    if (hls.audio_only)
        return {{"audio", "", 0}};
    const unsigned kbps = video_kbps(composition.quality);
    std::vector<HlsRendition> all{{"main", encode_branch("H264"), kbps}};
    for (const auto &rendition : kRenditions)
        all.push_back({std::to_string(rendition.height) + "p", rendition_branch(rendition), rendition.kbps});
    return all;
}

bool wants_hls(const State &state) {
    return std::any_of(state.wanted.hls.begin(), state.wanted.hls.end(),
                       [](const Hls &wanted) { return wanted.own_composition.empty(); });
}

bool wants_hls_pictures(const State &state) {
    return std::any_of(state.wanted.hls.begin(), state.wanted.hls.end(),
                       [](const Hls &wanted) { return wanted.own_composition.empty() && !wanted.audio_only; });
}

void add_hls(const State &state, Graph &graph) {
    for (const auto &wanted : state.wanted.hls)
        if (wanted.own_composition.empty())
            graph.branches.push_back(hls_output(wanted, state.wanted.composition));
}

void link_hls(const State &state, Graph &graph) {
    for (const auto &wanted : state.wanted.hls) {
        if (!wanted.own_composition.empty())
            continue;
        const std::string branch = hls_branch(wanted.id);
        for (const auto &rendition : hls_renditions(wanted, state.wanted.composition))
            if (!rendition.encode.empty())
                graph.links.push_back({{rendition.encode + "/encoded", "src_%u"},
                                       {branch + "/" + rendition.name + "_queue", "sink"},
                                       {}});
        graph.links.push_back({{"aac/tee", "src_%u"}, {branch + "/audio_queue", "sink"}, {}});
    }
}

} // namespace rostrum::session
