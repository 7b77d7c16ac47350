// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Programs for viewers of one codec, and smaller renditions.

#include "plans.h"

#include <cstdio>

namespace {

/// Viewers who take one codec alone.
struct CodecRow {
    const char *name;
    State state;
    std::set<std::string> only;
    const char *picture;  // of the program for everybody
    const char *vp8;      // of the one in VP8 alone
    const char *h264;     // of the one in H.264 alone
    const char *sound;    // of the one in VP8 alone
    const char *decoders; // factories, sorted
    const char *encoders; // factories, sorted
};

const CodecRow kCodecRows[] = {
    {"none", kAnn, {}, "track:ann:video_0/tee", "", "", "", "", ""},
    {"H.264 host, VP8 viewer",
     kAnn,
     {"VP8"},
     "track:ann:video_0/tee",
     "encode:vp8/packets",
     "",
     "compose/sound_packets",
     "avdec_h264 opusdec",
     "opusenc vp8enc"},
    {"H.264 host, H.264 viewer", kAnn, {"H264"}, "track:ann:video_0/tee", "", "track:ann:video_0/tee", "", "", ""},
    {"VP8 host, both",
     with_hosts({host("ann", {audio(), video("VP8")})}),
     {"H264", "VP8"},
     "track:ann:video_0/tee",
     "track:ann:video_0/tee",
     "encode:h264/packets",
     "track:ann:audio_0/tee",
     "opusdec vp8dec",
     "opusenc x264enc"},
    {"two hosts, both",
     kPair,
     {"H264", "VP8"},
     "encode:h264/packets",
     "encode:vp8/packets",
     "encode:h264/packets",
     "compose/sound_packets",
     "avdec_h264 opusdec opusdec vp8dec",
     "opusenc vp8enc x264enc"},
    {"VP9 host, VP8 viewer",
     with_hosts({host("ann", {video("VP9")})}),
     {"VP8"},
     "encode:h264/packets",
     "encode:vp8/packets",
     "",
     "compose/sound_packets",
     "vp9dec",
     "opusenc vp8enc x264enc"},
    {"a host that only speaks",
     with_hosts({host("ann", {audio()})}),
     {"VP8"},
     "",
     "",
     "",
     "track:ann:audio_0/tee",
     "",
     ""},
    {"the slate",
     with_slate({}),
     {"VP8"},
     "encode:h264/packets",
     "encode:vp8/packets",
     "",
     "compose/sound_packets",
     "",
     "opusenc vp8enc x264enc"},
    {"nobody", {}, {"VP8"}, "", "", "", "", "", ""},
    {"layers, VP8",
     with_hosts({host("ann", {video("VP8", "video_0", "q"), video("VP8", "video_1", "f")})}),
     {"H264", "VP8"},
     "track:ann:video_0/tee track:ann:video_1/tee",
     "track:ann:video_0/tee track:ann:video_1/tee",
     "encode:h264/packets encode:h264/packets",
     "",
     "", // until the size of the tile is known
     "opusenc x264enc"},
};

void test_codec_row(gconstpointer data) {
    const auto &row = *static_cast<const CodecRow *>(data);
    State state = row.state;
    state.only_codecs = row.only;
    const Graph graph = plan(state, {});
    same(shown_layers(graph), row.picture);
    same(shown_layers(graph, "program-vp8"), row.vp8);
    same(shown_layers(graph, "program-h264"), row.h264);
    same(shown(graph, "program-vp8/audio"), row.sound);
    same(joined(factories(graph, {"avdec_h264", "vp8dec", "vp9dec", "opusdec"})), row.decoders);
    same(joined(factories(graph, {"x264enc", "vp8enc", "opusenc", "avenc_aac"})), row.encoders);
    for (const char *codec : {"VP8", "H264"}) {
        const Branch *program = graph.find(program_branch(codec));
        g_assert_true(!program == !row.only.count(codec));
        if (program)
            same(program->nodes.back().properties.at("codecs"), g_str_equal(codec, "VP8") ? "vp8" : "h264");
    }
    // Nobody else notices.
    g_assert_true(*graph.find("program") == *plan(row.state, {}).find("program"));
    assert_well_formed(graph);
}

struct RenditionRow {
    const char *name;
    State state;
    std::set<std::string> only;
    const char *pads; // of the programs that renditions go to
    const char *sizes;
};

const char *const kBoth = "encode:h264:180/packets>video_7 encode:h264:360/packets>video_6";

const RenditionRow kRenditionRows[] = {
    {"passthrough", kAnn, {}, "", ""},
    {"composed", kPair, {}, kBoth, "320x180 640x360"},
    {"480 lines, portrait", light_portrait(kPair), {}, kBoth, "180x320 360x640"},
    {"VP8 host, H.264 viewer", with_hosts({host("ann", {video("VP8")})}), {"H264"}, kBoth, "320x180 640x360"},
    {"H.264 host, VP8 viewer", kAnn, {"VP8"}, "", ""},
};

void test_rendition_row(gconstpointer data) {
    const auto &row = *static_cast<const RenditionRow *>(data);
    State state = row.state;
    state.only_codecs = row.only;
    const Graph without = plan(state, {});
    state.renditions = true;
    const Graph graph = plan(state, {});
    assert_well_formed(graph);
    const char *program = row.only.empty() ? "program" : "program-h264";
    same(fanout_pads(graph, (std::string(program) + "/fanout").c_str()), row.pads);
    std::vector<std::string> sizes;
    for (const auto &branch : graph.branches)
        for (const auto &node : branch.nodes)
            if (node.name == "size") {
                unsigned width = 0, height = 0;
                g_assert_cmpint(
                    sscanf(node.properties.at("caps").c_str(), "video/x-raw,width=%u,height=%u", &width, &height), ==,
                    2);
                sizes.push_back(std::to_string(width) + "x" + std::to_string(height));
            }
    same(joined(sizes), row.sizes);
    for (const auto &branch : without.branches)
        g_assert_true(*graph.find(branch.id) == branch);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    for (const auto &row : kCodecRows)
        g_test_add_data_func((std::string("/plan/only-codec/") + row.name).c_str(), &row, test_codec_row);
    for (const auto &row : kRenditionRows)
        g_test_add_data_func((std::string("/plan/renditions/") + row.name).c_str(), &row, test_rendition_row);
    return g_test_run();
}
