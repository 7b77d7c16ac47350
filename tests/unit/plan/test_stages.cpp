// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Outputs with compositions of their own: who shares a compositor and encoders, and what the program sees of it.

#include "plans.h"

namespace {

Recording room(const char *id, const char *own, FileFormat format = FileFormat::Mp4) {
    Recording recording{id, std::string("/tmp/") + id + (format == FileFormat::Mp4 ? ".mp4" : ".webm")};
    recording.format = format;
    recording.own_composition = own;
    return recording;
}

Recording sound_of(Recording recording) {
    recording.audio_only = true;
    return recording;
}

Livestream live(const char *id, const char *own) {
    return {id, {{std::string(id) + "-0", "rtmp://127.0.0.1/live", "key"}}, own};
}

Hls hls(const char *id, const char *own, bool audio_only = false) {
    return {id, std::string("/tmp/") + id, audio_only, 0, true, own};
}

State with(std::vector<Recording> recordings, std::vector<Livestream> livestreams = {}, std::vector<Hls> streams = {}) {
    State state = kAnn;
    state.wanted.compositions["x"].layout = Layout::Spotlight;
    state.wanted.compositions["y"].quality = Quality::Low;
    state.wanted.compositions["y"].orientation = Orientation::Portrait;
    state.wanted.recordings = std::move(recordings);
    state.wanted.livestreams = std::move(livestreams);
    state.wanted.hls = std::move(streams);
    return state;
}

struct Row {
    const char *name;
    State state;
    const char *program;     // its mode
    const char *compositors; // branches
    const char *encoders;    // branches with one
    const char *outputs;     // queue of an output ← what feeds it
    const char *egresses;    // destination @ node
};

const Row kRows[] = {
    {"the room's, and one of its own beside it", with({room("a", ""), room("b", "x")}), "composed",
     "compose own-x:compose", "aac encode:h264 own-x:aac own-x:encode:h264",
     "recording:a/audio_queue<aac/tee recording:a/video_queue<encode:h264/encoded "
     "recording:b/audio_queue<own-x:aac/tee recording:b/video_queue<own-x:encode:h264/tee",
     ""},
    {"one of its own leaves the program as it is", with({room("b", "x")}), "passthrough", "own-x:compose",
     "own-x:aac own-x:encode:h264",
     "recording:b/audio_queue<own-x:aac/tee recording:b/video_queue<own-x:encode:h264/tee", ""},
    {"two compositions", with({room("a", "x"), room("b", "y")}), "passthrough", "own-x:compose own-y:compose",
     "own-x:aac own-x:encode:h264 own-y:aac own-y:encode:h264",
     "recording:a/audio_queue<own-x:aac/tee recording:a/video_queue<own-x:encode:h264/tee "
     "recording:b/audio_queue<own-y:aac/tee recording:b/video_queue<own-y:encode:h264/tee",
     ""},
    {"outputs of every kind share one", with({room("a", "x")}, {live("l", "x"), live("m", "x")}, {hls("h", "x")}),
     "passthrough", "own-x:compose", "own-x:aac own-x:encode:h264 own-x:encode:h264:180 own-x:encode:h264:360",
     "hls:h/180p_queue<own-x:encode:h264:180/tee hls:h/360p_queue<own-x:encode:h264:360/tee "
     "hls:h/audio_queue<own-x:aac/tee hls:h/main_queue<own-x:encode:h264/tee "
     "own-x:livestream/audio_queue<own-x:aac/tee own-x:livestream/video_queue<own-x:encode:h264/tee "
     "recording:a/audio_queue<own-x:aac/tee recording:a/video_queue<own-x:encode:h264/tee",
     "l-0@own-x:livestream/egress m-0@own-x:livestream/egress"},
    {"livestreams apart", with({}, {live("l", ""), live("m", "x"), live("n", "y")}), "composed",
     "compose own-x:compose own-y:compose", "aac encode:h264 own-x:aac own-x:encode:h264 own-y:aac own-y:encode:h264",
     "livestream/audio_queue<aac/tee livestream/video_queue<encode:h264/encoded "
     "own-x:livestream/audio_queue<own-x:aac/tee own-x:livestream/video_queue<own-x:encode:h264/tee "
     "own-y:livestream/audio_queue<own-y:aac/tee own-y:livestream/video_queue<own-y:encode:h264/tee",
     "l-0@livestream/egress m-0@own-x:livestream/egress n-0@own-y:livestream/egress"},
    {"a livestream without destinations needs nothing", with({}, {{"l", {}, "x"}}), "passthrough", "", "", "", ""},
    {"WebM and MP4 of one composition", with({room("a", "x"), room("b", "x", FileFormat::Webm)}), "passthrough",
     "own-x:compose", "own-x:aac own-x:encode:h264 own-x:encode:vp8 own-x:opus",
     "recording:a/audio_queue<own-x:aac/tee recording:a/video_queue<own-x:encode:h264/tee "
     "recording:b/audio_queue<own-x:opus/tee recording:b/video_queue<own-x:encode:vp8/tee",
     ""},
    {"sound alone", with({sound_of(room("a", "x"))}, {}, {hls("h", "y", true)}), "passthrough",
     "own-x:compose own-y:compose", "own-x:aac own-y:aac",
     "hls:h/audio_queue<own-y:aac/tee recording:a/audio_queue<own-x:aac/tee", ""},
};

std::string branches_with(const Graph &graph, std::initializer_list<const char *> known) {
    std::vector<std::string> found;
    for (const auto &branch : graph.branches)
        for (const auto &node : branch.nodes)
            if (std::find(known.begin(), known.end(), node.factory) != known.end())
                found.push_back(branch.id);
    return joined(found);
}

bool is_output(const Graph &graph, const std::string &node) {
    const Branch *branch = graph.find(branch_of(node));
    return branch && (branch->kind == Branch::Kind::Recording || branch->kind == Branch::Kind::Livestream ||
                      branch->kind == Branch::Kind::Hls);
}

void test_row(gconstpointer data) {
    const Row &row = *static_cast<const Row *>(data);
    const Graph graph = plan(row.state, {});
    assert_well_formed(graph);
    same(to_string(program_mode(row.state)), row.program);
    same(branches_with(graph, {"livecompositor"}), row.compositors);
    std::vector<std::string> encoders, outputs, egresses;
    for (const auto &branch : graph.branches)
        if (branch.kind == Branch::Kind::Encode || branch.kind == Branch::Kind::Aac)
            encoders.push_back(branch.id);
    same(joined(encoders), row.encoders);
    for (const auto &link : graph.links)
        if (is_output(graph, link.to.node))
            outputs.push_back(link.to.node + "<" + link.from.node);
    for (const auto &destination : graph.destinations) {
        g_assert_true(graph.find(branch_of(destination.egress)) != nullptr);
        egresses.push_back(destination.id + "@" + destination.egress);
    }
    same(joined(outputs), row.outputs);
    same(joined(egresses), row.egresses);
}

/// Everybody is on every one of them, and a change of one touches neither the others nor the structure.
void test_change() {
    State state = with({room("a", "x"), room("b", "y")});
    const Graph before = plan(state, {});
    state.wanted.compositions["x"].layout = Layout::Sidebar;
    const Graph after = plan(state, {});
    for (const auto &branch : after.branches) {
        const Branch *was = before.find(branch.id);
        g_assert_true(was && was->same_structure(branch));
        g_assert_true(*was == branch || branch.id == "own-x:compose");
    }
    g_assert_false(*before.find("own-x:compose") == *after.find("own-x:compose"));
    for (const char *place : {"own-x:tile:ann", "own-y:tile:ann"})
        g_assert_nonnull(after.find(place));
}

/// An id goes into names of branches, where a colon means something.
void test_odd_id() {
    State state = kAnn;
    state.wanted.compositions["a:b/c"].layout = Layout::Spotlight;
    state.wanted.recordings = {room("r", "a:b/c")};
    const Graph graph = plan(state, {});
    assert_well_formed(graph);
    g_assert_nonnull(graph.find("own-a_3ab_2fc:compose"));
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    for (const Row &row : kRows)
        g_test_add_data_func((std::string("/stages/") + row.name).c_str(), &row, test_row);
    g_test_add_func("/stages/a change", test_change);
    g_test_add_func("/stages/an odd id", test_odd_id);
    return g_test_run();
}
