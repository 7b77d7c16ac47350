// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Which branches there are, and what stays when the state changes.

#include "plans.h"

namespace {

struct Row {
    const char *name;
    State state;
    const char *mode;
    const char *branches; // ids, sorted
    const char *picture;  // what the program's picture comes from, from layer 0 on; "-" for a layer without one
    const char *sound;    // and its sound
    const char *decoders; // factories, sorted
    const char *encoders; // factories, sorted
    const char *canvas;   // width x height, layout, theme of the compositor
};

const Row kRows[] = {
    {"empty", {}, "empty", "program", "", "", "", "", ""},
    {"one host", kAnn, "passthrough", "feed:ann host:ann program track:ann:audio_0 track:ann:video_0",
     "track:ann:video_0/tee", "track:ann:audio_0/tee", "", "", ""},
    {"nobody is back yet", with_slate({}), "slate", "compose encode:h264 program", "encode:h264/packets",
     "compose/sound_packets", "", "opusenc x264enc", "1280x720 grid dark"},
    {"somebody is on the way back", with_slate(with_hosts({host("ann", {}, false)})), "slate",
     "compose encode:h264 feed:ann host:ann program", "encode:h264/packets", "compose/sound_packets", "",
     "opusenc x264enc", "1280x720 grid dark"},
    {"somebody is back", with_slate(kAnn), "passthrough",
     "feed:ann host:ann program track:ann:audio_0 track:ann:video_0", "track:ann:video_0/tee", "track:ann:audio_0/tee",
     "", "", ""},
    {"nobody is back yet, a recording", with_slate(recording({})), "composed",
     "aac compose encode:h264 program recording:r", "encode:h264/packets", "compose/sound_packets", "",
     "avenc_aac opusenc x264enc", "1280x720 grid dark"},
    {"one host, VP8", with_hosts({host("ann", {audio(), video("VP8")})}), "passthrough",
     "feed:ann host:ann program track:ann:audio_0 track:ann:video_0", "track:ann:video_0/tee", "track:ann:audio_0/tee",
     "", "", ""},
    {"one host, codec not known yet", with_hosts({host("ann", {video("")})}), "passthrough",
     "feed:ann host:ann program track:ann:video_0", "track:ann:video_0/tee", "", "", "", ""},
    {"one host, no tracks yet", with_hosts({host("ann", {}, false)}), "empty", "feed:ann host:ann program", "", "", "",
     "", ""},
    {"one host that only speaks", with_hosts({host("ann", {audio()})}), "passthrough",
     "feed:ann host:ann program track:ann:audio_0", "", "track:ann:audio_0/tee", "", "", ""},
    {"one host, layers", with_hosts({host("ann", {video("VP8", "video_0", "q"), video("VP8", "video_1", "f")})}),
     "passthrough", "feed:ann host:ann program program:1 track:ann:video_0 track:ann:video_1",
     "track:ann:video_0/tee track:ann:video_1/tee", "", "", "", ""},
    {"one host, the upper layer came first",
     with_hosts({host("ann", {video("VP8", "video_2", "f"), video("VP8", "video_0", "q")})}), "passthrough",
     "feed:ann host:ann program program:2 track:ann:video_0 track:ann:video_2",
     "track:ann:video_0/tee - track:ann:video_2/tee", "", "", "", ""},
    {"one host, layers, and a recording",
     recording(with_hosts({host("ann", {video("VP8", "video_0", "q"), video("VP8", "video_1", "f")})})), "composed",
     "aac compose encode:h264 feed:ann host:ann program program:1 recording:r tile:ann track:ann:video_0 "
     "track:ann:video_1",
     "encode:h264/packets encode:h264/packets", "compose/sound_packets", "", "avenc_aac opusenc x264enc",
     "1280x720 grid dark"},
    {"one host, a codec that viewers may lack", with_hosts({host("ann", {video("VP9")})}), "composed",
     "compose decode:ann:video_0 encode:h264 feed:ann host:ann program tile:ann track:ann:video_0",
     "encode:h264/packets", "compose/sound_packets", "vp9dec", "opusenc x264enc", "1280x720 grid dark"},
    {"a second host is on the way", with_hosts({host("ann", {video("H264")}), host("bob", {video("H264")}, false)}),
     "passthrough", "feed:ann feed:bob host:ann host:bob program track:ann:video_0 track:bob:video_0",
     "track:ann:video_0/tee", "", "", "", ""},
    {"the second host came first", with_hosts({host("ann", {video("H264")}, false), host("bob", {video("H264")})}),
     "passthrough", "feed:ann feed:bob host:ann host:bob program track:ann:video_0 track:bob:video_0",
     "track:bob:video_0/tee", "", "", "", ""},
    {"two hosts", kPair, "composed",
     "compose decode:ann:audio_0 decode:ann:video_0 decode:bob:audio_0 decode:bob:video_0 encode:h264 feed:ann "
     "feed:bob host:ann "
     "host:bob "
     "program tile:ann tile:bob track:ann:audio_0 track:ann:video_0 track:bob:audio_0 track:bob:video_0",
     "encode:h264/packets", "compose/sound_packets", "avdec_h264 opusdec opusdec vp8dec", "opusenc x264enc",
     "1280x720 grid dark"},
    {"one host and a livestream", streaming(kAnn), "composed",
     "aac compose decode:ann:audio_0 decode:ann:video_0 encode:h264 feed:ann host:ann livestream program tile:ann "
     "track:ann:audio_0 "
     "track:ann:video_0",
     "encode:h264/packets", "compose/sound_packets", "avdec_h264 opusdec", "avenc_aac opusenc x264enc",
     "1280x720 grid dark"},
    {"one host and a recording", recording(kAnn), "composed",
     "aac compose decode:ann:audio_0 decode:ann:video_0 encode:h264 feed:ann host:ann program recording:r tile:ann "
     "track:ann:audio_0 "
     "track:ann:video_0",
     "encode:h264/packets", "compose/sound_packets", "avdec_h264 opusdec", "avenc_aac opusenc x264enc",
     "1280x720 grid dark"},
    {"everything", recording(streaming(kAnn)), "composed",
     "aac compose decode:ann:audio_0 decode:ann:video_0 encode:h264 feed:ann host:ann livestream program recording:r "
     "tile:ann "
     "track:ann:audio_0 "
     "track:ann:video_0",
     "encode:h264/packets", "compose/sound_packets", "avdec_h264 opusdec", "avenc_aac opusenc x264enc",
     "1280x720 grid dark"},
    {"a recording of nobody", recording({}), "composed", "aac compose encode:h264 program recording:r",
     "encode:h264/packets", "compose/sound_packets", "", "avenc_aac opusenc x264enc", "1280x720 grid dark"},
    {"HLS", with_hls({}), "composed", "aac compose encode:h264 encode:h264:180 encode:h264:360 hls:h program",
     "encode:h264/packets", "compose/sound_packets", "", "avenc_aac opusenc x264enc x264enc x264enc",
     "1280x720 grid dark"},
    {"HLS of sound alone", with_hls({}, true), "composed", "aac compose encode:h264 hls:h program",
     "encode:h264/packets", "compose/sound_packets", "", "avenc_aac opusenc x264enc", "1280x720 grid dark"},
    {"low, portrait, sidebar, light", light_portrait(recording({})), "composed",
     "aac compose encode:h264 program recording:r", "encode:h264/packets", "compose/sound_packets", "",
     "avenc_aac opusenc x264enc", "480x854 sidebar light"},
};

std::string canvas(const Graph &graph) {
    const Branch *compose = graph.find(kComposeBranch);
    if (!compose)
        return "";
    const Properties &p = compose->nodes.front().properties;
    return p.at("width") + "x" + p.at("height") + " " + p.at("layout") + " " + p.at("theme");
}

void test_row(gconstpointer data) {
    const auto &row = *static_cast<const Row *>(data);
    const Graph graph = plan(row.state, {});
    std::vector<std::string> ids;
    for (const auto &branch : graph.branches)
        ids.push_back(branch.id);
    same(to_string(program_mode(row.state)), row.mode);
    same(joined(ids), row.branches);
    same(shown_layers(graph), row.picture);
    same(shown(graph, "program/audio"), row.sound);
    same(joined(factories(graph, {"avdec_h264", "vp8dec", "vp9dec", "opusdec"})), row.decoders);
    same(joined(factories(graph, {"x264enc", "vp8enc", "opusenc", "avenc_aac"})), row.encoders);
    same(canvas(graph), row.canvas);
}

void test_well_formed(gconstpointer data) {
    assert_well_formed(plan(static_cast<const Row *>(data)->state, {}));
}

/// A layer keeps its pad of a fan-out, whichever of them are there.
void test_layers_keep_their_pads() {
    const Graph upper = plan(with_hosts({host("ann", {video("VP8", "video_2", "f")})}), {});
    const Graph both =
        plan(with_hosts({host("ann", {video("VP8", "video_0", "q"), video("VP8", "video_2", "f")})}), {});
    same(fanout_pads(upper, "feed:ann/fanout"), "track:ann:video_2/tee>video_2");
    same(fanout_pads(both, "feed:ann/fanout"), "track:ann:video_0/tee>video_0 track:ann:video_2/tee>video_2");
    same(fanout_pads(both, "program/fanout"), "program:2/video>video_2");
    g_assert_true(*upper.find("program:2") == *both.find("program:2"));
}

/// Each rendition of HLS is one encode, which is there once whoever uses it.
void test_hls_shares_the_encodes() {
    State state = with_hls(recording(streaming(kPair)));
    state.renditions = true;
    const Graph graph = plan(state, {});
    g_assert_cmpuint(factories(graph, {"x264enc"}).size(), ==, 3);
    std::vector<std::string> fed;
    for (const auto &link : graph.links)
        if (branch_of(link.to.node) == "hls:h")
            fed.push_back(link.from.node + ">" + link.to.node);
    same(joined(fed), "aac/tee>hls:h/audio_queue encode:h264/encoded>hls:h/main_queue "
                      "encode:h264:180/encoded>hls:h/180p_queue encode:h264:360/encoded>hls:h/360p_queue");
    g_assert_true(*graph.find("encode:h264") == *plan(recording(kPair), {}).find("encode:h264"));
}

void test_branches_stay() {
    const Graph one = plan(kAnn, {}), two = plan(kPair, {}), all = plan(recording(streaming(kPair)), {});
    for (const char *id : {"program", "feed:ann", "host:ann", "track:ann:video_0"}) {
        g_assert_true(*one.find(id) == *two.find(id));
        g_assert_true(*one.find(id) == *all.find(id));
    }
    g_assert_true(*two.find("compose") == *all.find("compose"));
    g_assert_true(*two.find("decode:bob:video_0") == *all.find("decode:bob:video_0"));
}

void test_network() {
    const PlanConfig config{"192.0.2.7,2001:db8::7", "40000-40100", true, 3, 20};
    const Graph graph = plan(kAnn, config);
    unsigned ends = 0;
    for (const auto &branch : graph.branches)
        for (const auto &node : branch.nodes)
            if (node.factory == "streamsrc" || node.factory == "viewerfanout") {
                same(node.properties.at("public-address"), "192.0.2.7,2001:db8::7");
                same(node.properties.at("port-range"), "40000-40100");
                same(node.properties.at("ice-tcp"), "true");
                ++ends;
            }
    g_assert_cmpuint(ends, ==, 3);
    const Properties &program = graph.find("program")->nodes.back().properties;
    const Properties &feed = graph.find("feed:ann")->nodes.back().properties;
    same(program.at("shards"), "3");
    g_assert_false(feed.count("shards"));
    same(program.at("max-viewers"), "20");
    same(feed.at("max-viewers"), "20");
    const Graph bare = plan(kAnn, {});
    const Properties alone{{"public-address", "127.0.0.1"}};
    g_assert_true(bare.find("program")->nodes.back().properties == alone);
}

/// Unless the configuration allows it, nobody is pushed to in a private network.
void test_private_destinations() {
    PlanConfig config;
    const auto egress = [&config] {
        return plan(streaming(kAnn), config).find("livestream")->nodes.back().properties.at("allow-private");
    };
    same(egress(), "false");
    config.allow_private = true;
    same(egress(), "true");
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    for (const auto &row : kRows) {
        g_test_add_data_func((std::string("/plan/row/") + row.name).c_str(), &row, test_row);
        g_test_add_data_func((std::string("/plan/well-formed/") + row.name).c_str(), &row, test_well_formed);
    }
    g_test_add_func("/plan/hls-shares-the-encodes", test_hls_shares_the_encodes);
    g_test_add_func("/plan/branches-stay", test_branches_stay);
    g_test_add_func("/plan/layers-keep-their-pads", test_layers_keep_their_pads);
    g_test_add_func("/plan/network", test_network);
    g_test_add_func("/plan/private-destinations", test_private_destinations);
    return g_test_run();
}
