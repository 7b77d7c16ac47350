// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// States to plan, and what a plan holds in words that a table can compare.

#pragma once

#include "plan.h"

#include <glib.h>

#include <algorithm>
#include <utility>

using namespace rostrum::session;

inline Track video(const char *encoding, const char *pad = "video_0", const char *rid = "") {
    return {pad, true, encoding, rid};
}

inline Track audio() {
    return {"audio_0", false, "OPUS", ""};
}

inline Host host(const char *id, std::vector<Track> tracks, bool connected = true) {
    return {id, "", std::move(tracks), connected, 0};
}

inline State with_hosts(std::vector<Host> hosts) {
    State state;
    for (auto &each : hosts) {
        each.slot = state.add_host(each.participant).slot;
        state.hosts.back() = std::move(each);
    }
    return state;
}

inline State streaming(State state) {
    state.wanted.livestreams = {{"l", {{"l-0", "rtmp://127.0.0.1/live", "secret-key"}}}};
    return state;
}

inline State recording(State state) {
    state.wanted.recordings = {{"r", "/tmp/r.mp4"}};
    return state;
}

inline State with_hls(State state, bool audio_only = false) {
    state.wanted.hls = {{"h", "/tmp/h", audio_only}};
    return state;
}

inline State with_slate(State state) {
    state.slate = true;
    return state;
}

inline State light_portrait(State state) {
    state.wanted.composition.quality = Quality::Low;
    state.wanted.composition.orientation = Orientation::Portrait;
    state.wanted.composition.theme = Theme::Light;
    state.wanted.composition.layout = Layout::Sidebar;
    return state;
}

inline const State kAnn = with_hosts({host("ann", {audio(), video("H264")})});
inline const State kPair = with_hosts({host("ann", {audio(), video("H264")}), host("bob", {audio(), video("VP8")})});

inline void same(const std::string &got, const char *wanted) {
    g_assert_cmpstr(got.c_str(), ==, wanted);
}

inline std::string joined(std::vector<std::string> words) {
    std::sort(words.begin(), words.end());
    std::string text;
    for (const auto &word : words)
        text += (text.empty() ? "" : " ") + word;
    return text;
}

inline std::vector<std::string> factories(const Graph &graph, std::initializer_list<const char *> known) {
    std::vector<std::string> found;
    for (const auto &branch : graph.branches)
        for (const auto &node : branch.nodes)
            if (std::find(known.begin(), known.end(), node.factory) != known.end())
                found.push_back(node.factory);
    return found;
}

inline std::string shown(const Graph &graph, const char *selector) {
    for (const auto &selection : graph.selections)
        if (selection.selector == selector)
            return selection.from.node;
    return "";
}

inline std::string shown_layers(const Graph &graph, const char *program = kProgramBranch) {
    std::string text, missing;
    for (unsigned layer = 0; layer < 8; ++layer) {
        const std::string from = shown(graph, (layer_branch(program, layer) + "/video").c_str());
        if (!from.empty())
            text += (text.empty() ? "" : " ") + std::exchange(missing, {}) + from;
        else
            missing += "- ";
    }
    return text;
}

/// Every link ends at nodes that exist, and consumers are listed before what feeds them.
inline void assert_well_formed(const Graph &graph) {
    const auto position = [&](const std::string &node) {
        for (size_t i = 0; i < graph.branches.size(); ++i)
            for (const auto &known : graph.branches[i].nodes)
                if (graph.branches[i].full(known.name) == node)
                    return static_cast<int>(i);
        return -1;
    };
    for (const auto &branch : graph.branches)
        for (const auto &link : branch.links)
            g_assert_true(position(link.from.node) >= 0 && position(link.from.node) == position(link.to.node));
    for (const auto &link : graph.links) {
        g_assert_cmpint(position(link.to.node), >=, 0);
        g_assert_cmpint(position(link.from.node), >, position(link.to.node));
    }
    for (const auto &selection : graph.selections)
        g_assert_true(std::any_of(graph.links.begin(), graph.links.end(), [&](const Link &link) {
            return link.from == selection.from && link.to.node == selection.selector;
        }));
}

inline std::string fanout_pads(const Graph &graph, const char *fanout) {
    std::vector<std::string> pads;
    for (const auto &link : graph.links)
        if (link.to.node == fanout)
            pads.push_back(link.from.node + ">" + link.to.pad);
    return joined(pads);
}
