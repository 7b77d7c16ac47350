// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "layer_choice.h"
#include "plan.h"

#include <glib.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <utility>

using namespace rostrum::session;

namespace {

Track video(const char *encoding, const char *pad = "video_0", const char *rid = "") {
    return {pad, true, encoding, rid};
}
Track audio() {
    return {"audio_0", false, "OPUS", ""};
}

Host host(const char *id, std::vector<Track> tracks, bool connected = true) {
    return {id, "", std::move(tracks), connected, 0};
}

State with_hosts(std::vector<Host> hosts) {
    State state;
    for (auto &each : hosts) {
        each.slot = state.add_host(each.participant).slot;
        state.hosts.back() = std::move(each);
    }
    return state;
}

State streaming(State state) {
    state.wanted.livestreams = {{"l", {{"l-0", "rtmp://127.0.0.1/live", "secret-key"}}}};
    return state;
}

State recording(State state) {
    state.wanted.recordings = {{"r", "/tmp/r.mp4"}};
    return state;
}

State with_slate(State state) {
    state.slate = true;
    return state;
}

State light_portrait(State state) {
    state.wanted.composition.quality = Quality::Low;
    state.wanted.composition.orientation = Orientation::Portrait;
    state.wanted.composition.theme = Theme::Light;
    state.wanted.composition.layout = Layout::Sidebar;
    return state;
}

const State kAnn = with_hosts({host("ann", {audio(), video("H264")})});
const State kPair = with_hosts({host("ann", {audio(), video("H264")}), host("bob", {audio(), video("VP8")})});

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
    {"low, portrait, sidebar, light", light_portrait(recording({})), "composed",
     "aac compose encode:h264 program recording:r", "encode:h264/packets", "compose/sound_packets", "",
     "avenc_aac opusenc x264enc", "480x854 sidebar light"},
};

void same(const std::string &got, const char *wanted) {
    g_assert_cmpstr(got.c_str(), ==, wanted);
}

std::string joined(std::vector<std::string> words) {
    std::sort(words.begin(), words.end());
    std::string text;
    for (const auto &word : words)
        text += (text.empty() ? "" : " ") + word;
    return text;
}

std::vector<std::string> factories(const Graph &graph, std::initializer_list<const char *> known) {
    std::vector<std::string> found;
    for (const auto &branch : graph.branches)
        for (const auto &node : branch.nodes)
            if (std::find(known.begin(), known.end(), node.factory) != known.end())
                found.push_back(node.factory);
    return found;
}

std::string shown(const Graph &graph, const char *selector) {
    for (const auto &selection : graph.selections)
        if (selection.selector == selector)
            return selection.from.node;
    return "";
}

std::string shown_layers(const Graph &graph, const char *program = kProgramBranch) {
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

/// Every link ends at nodes that exist, and consumers are listed before what feeds them.
void assert_well_formed(const Graph &graph) {
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

void test_well_formed(gconstpointer data) {
    assert_well_formed(plan(static_cast<const Row *>(data)->state, {}));
}

std::string fanout_pads(const Graph &graph, const char *fanout) {
    std::vector<std::string> pads;
    for (const auto &link : graph.links)
        if (link.to.node == fanout)
            pads.push_back(link.from.node + ">" + link.to.pad);
    return joined(pads);
}

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

void test_branches_stay() {
    const Graph one = plan(kAnn, {}), two = plan(kPair, {}), all = plan(recording(streaming(kPair)), {});
    for (const char *id : {"program", "feed:ann", "host:ann", "track:ann:video_0"}) {
        g_assert_true(*one.find(id) == *two.find(id));
        g_assert_true(*one.find(id) == *all.find(id));
    }
    g_assert_true(*two.find("compose") == *all.find("compose"));
    g_assert_true(*two.find("decode:bob:video_0") == *all.find("decode:bob:video_0"));
}

void test_layout_changes_live() {
    State wide = recording(kPair), light = wide;
    light.wanted.composition.layout = Layout::Spotlight;
    light.wanted.composition.theme = Theme::Light;
    const Graph before = plan(wide, {}), after = plan(light, {});
    g_assert_true(before.find("compose")->same_structure(*after.find("compose")));
    g_assert_true(*before.find("recording:r") == *after.find("recording:r"));
    g_assert_false(before == after);
}

/// Three layers, as a browser sends them.
Host layered(const char *id) {
    Host made =
        host(id, {audio(), video("VP8", "video_0", "q"), video("VP8", "video_1", "h"), video("VP8", "video_2", "f")});
    made.pictures = {{"video_0", {320, 180, true}}, {"video_1", {640, 360, true}}, {"video_2", {1280, 720, true}}};
    return made;
}

std::string from(const Graph &graph, const char *node, const char *pad_prefix) {
    for (const auto &link : graph.links)
        if (link.to.node == node && link.to.pad.rfind(pad_prefix, 0) == 0)
            return link.from.node;
    return "";
}

/// A host keeps its place and its sound whatever is decoded of its picture.
void test_decoders_follow_the_tiles() {
    State state = with_hosts({layered("ann"), layered("bob")});
    const auto decoders = [&] {
        std::vector<std::string> found;
        const Graph graph = plan(state, {});
        for (const char *id : {"ann", "bob"}) {
            const std::string place = tile_branch(id) + "/picture";
            g_assert_true(std::any_of(graph.links.begin(), graph.links.end(), [&](const Link &link) {
                return link.from.node == place && link.to.node == "compose/compositor";
            }));
            g_assert_nonnull(graph.find(std::string("decode:") + id + ":audio_0"));
            const std::string decoder = from(graph, place.c_str(), "sink_");
            same(shown(graph, place.c_str()), decoder.c_str());
            if (!decoder.empty())
                found.push_back(branch_of(decoder));
        }
        return joined(found);
    };
    same(decoders(), "");
    state.hosts[0].tile = state.hosts[1].tile = Tile{624, 351};
    same(decoders(), "decode:ann:video_1 decode:bob:video_1");
    state.hosts[0].tile = Tile{1280, 720};
    state.hosts[1].tile = Tile{};
    same(decoders(), "decode:ann:video_2");
    state.hosts[0].pictures["video_2"].flowing = false;
    same(decoders(), "decode:ann:video_1");
}

struct ChoiceRow {
    const char *name;
    const char *layers; // in the order of their pads: "320x180 640x360! 1280x720", ! = silent, ? = of unknown size
    std::optional<Tile> tile;
    const char *before;
    const char *chosen;
};

const ChoiceRow kChoices[] = {
    {"no tile yet, one layer", "1280x720", {}, "", "video_0"},
    {"no tile yet, layers", "320x180 640x360 1280x720", {}, "", ""},
    {"hidden", "320x180 640x360 1280x720", Tile{}, "video_1", ""},
    {"hidden, one layer", "1280x720", Tile{}, "video_0", ""},
    {"camera off", "320x180 640x360", Tile{640, 360, Fit::Auto, true}, "video_1", ""},
    {"exactly as large", "320x180 640x360 1280x720", Tile{640, 360}, "", "video_1"},
    {"a little too small is enough", "320x180 640x360 1280x720", Tile{730, 410}, "", "video_1"},
    {"too small", "320x180 640x360 1280x720", Tile{740, 416}, "", "video_2"},
    {"smaller than all", "320x180 640x360 1280x720", Tile{160, 90}, "", "video_0"},
    {"larger than all", "320x180 640x360", Tile{1920, 1080}, "", "video_1"},
    {"the present one stays a little longer", "320x180 640x360 1280x720", Tile{760, 428}, "video_1", "video_1"},
    {"and goes then", "320x180 640x360 1280x720", Tile{780, 439}, "video_1", "video_2"},
    {"a smaller one has to be good", "320x180 640x360 1280x720", Tile{720, 405}, "video_2", "video_2"},
    {"and is", "320x180 640x360 1280x720", Tile{700, 394}, "video_2", "video_1"},
    {"a narrow tile is filled by the height", "320x180 640x360 1280x720", Tile{400, 360}, "", "video_1"},
    {"a tall tile would hide too much", "320x180 640x360 1280x720", Tile{300, 700}, "", "video_0"},
    {"but must cover", "320x180 640x360 1280x720", Tile{300, 700, Fit::Cover}, "", "video_2"},
    {"the whole picture in a wide tile", "320x180 640x360 1280x720", Tile{1200, 360, Fit::Contain}, "", "video_1"},
    {"the layer that fills is silent", "320x180 640x360! 1280x720", Tile{640, 360}, "", "video_2"},
    {"the top is silent", "320x180 640x360 1280x720!", Tile{1280, 720}, "video_2", "video_1"},
    {"it flows again", "320x180 640x360 1280x720", Tile{1280, 720}, "video_1", "video_2"},
    {"all are silent: as it was", "320x180! 640x360! 1280x720!", Tile{320, 180}, "video_1", "video_1"},
    {"all are silent from the start", "320x180! 640x360! 1280x720!", Tile{320, 180}, "", "video_0"},
    {"largest first", "1280x720 640x360 320x180", Tile{640, 360}, "", "video_1"},
    {"largest first, larger than all", "1280x720 640x360 320x180", Tile{1920, 1080}, "", "video_0"},
    {"sizes not known", "? ? ?", Tile{320, 180}, "", "video_2"},
    {"portrait", "180x320 360x640 720x1280", Tile{360, 640}, "", "video_1"},
    {"no picture", "", Tile{640, 360}, "", ""},
};

Host host_of(const ChoiceRow &row) {
    Host made = host("ann", {});
    unsigned layer = 0;
    for (const char *at = row.layers; *at; ++layer) {
        const std::string word(at, strcspn(at, " "));
        const std::string pad = "video_" + std::to_string(layer);
        Picture picture{0, 0, word.back() != '!'};
        sscanf(word.c_str(), "%ux%u", &picture.width, &picture.height);
        made.tracks.push_back(video("VP8", pad.c_str()));
        made.pictures[pad] = picture;
        at += word.size() + (at[word.size()] == ' ');
    }
    made.tile = row.tile;
    made.decoded = row.before;
    return made;
}

/// What was chosen is chosen again.
void test_choice(gconstpointer data) {
    const auto &row = *static_cast<const ChoiceRow *>(data);
    Host ann = host_of(row);
    for (int again = 0; again < 2; ++again) {
        const Track *track = decoded_video(ann);
        same(track ? track->pad : "", row.chosen);
        ann.decoded = row.chosen;
    }
}

void test_size_begins_a_part() {
    State portrait = recording(kPair);
    portrait.wanted.composition.orientation = Orientation::Portrait;
    g_assert_false(
        plan(recording(kPair), {}).find("recording:r")->same_structure(*plan(portrait, {}).find("recording:r")));
}

void test_codec_replaces_decoder() {
    const State h264 = recording(kAnn), vp8 = recording(with_hosts({host("ann", {audio(), video("VP8")})}));
    const Graph before = plan(h264, {}), after = plan(vp8, {});
    g_assert_false(before.find("decode:ann:video_0")->same_structure(*after.find("decode:ann:video_0")));
    g_assert_true(*before.find("decode:ann:audio_0") == *after.find("decode:ann:audio_0"));
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

void test_compositor_pads() {
    State state =
        with_hosts({host("ann", {video("H264")}), host("bob", {audio(), video("H264")}), host("cid", {audio()})});
    state.hosts[1].name = "Bob B.";
    state.wanted.names["cid"] = "Cid C.";
    state.remove_host("ann");
    state.add_host("dee").tracks = {audio()};
    state.hosts.back().connected = true;
    std::vector<std::string> pads;
    for (const auto &link : plan(state, {}).links)
        if (link.to.node == "compose/compositor")
            pads.push_back(link.to.pad + "=" + link.pad_properties.at("label") + ";");
    same(joined(pads), "audio_0=dee; audio_1=Bob B.; audio_2=Cid C.; video_1=Bob B.;");
}

void test_slate_text() {
    PlanConfig config;
    config.slate_text = "Back at five";
    const Graph graph = plan(with_slate({}), config);
    same(graph.find(kComposeBranch)->nodes.front().properties.at("slate"), "Back at five");
    g_assert_nonnull(strstr(to_text(graph).c_str(), "slate=\"Back at five\""));
}

void test_composition() {
    State state = kPair;
    state.wanted.composition.grid_size = 4;
    state.wanted.composition.priority = Priority::Pin;
    const Graph graph = plan(state, {});
    const Properties &compositor = graph.find(kComposeBranch)->nodes.front().properties;
    same(compositor.at("grid-size"), "4");
    same(compositor.at("priority"), "pin");
    same(compositor.at("framerate"), "30/1");
}

struct LayoutRow {
    const char *name;
    Layout layout;
    const char *text;
};
const LayoutRow kLayouts[] = {{"grid", Layout::Grid, "grid"},
                              {"sidebar", Layout::Sidebar, "sidebar"},
                              {"spotlight", Layout::Spotlight, "spotlight"},
                              {"pip", Layout::Pip, "pip"},
                              {"screen", Layout::Screen, "screen"},
                              {"custom", Layout::Custom, R"({"regions":[{}]})"}};

/// Whatever changes but the size changes on the running elements: no branch is replaced.
void test_composition_changes_live() {
    const Graph before = plan(recording(streaming(kPair)), {});
    for (const LayoutRow &row : kLayouts) {
        State state = recording(streaming(kPair));
        state.wanted.composition = {.layout = row.layout,
                                    .description = R"({"regions":[{}]})",
                                    .gap = 0,
                                    .radius = 30,
                                    .speaker_border = 8,
                                    .accent = "#ff00aa",
                                    .transition_ms = 400,
                                    .transition_ease = "ease-in",
                                    .pinned = {"bob"},
                                    .screens = {"ann"},
                                    .branding = {{"ticker", "Doors open at eight"}}};
        const Graph after = plan(state, {});
        g_test_message("%s", row.name);
        const Properties &compositor = after.find(kComposeBranch)->nodes.front().properties;
        same(compositor.at("layout"), row.text);
        same(compositor.at("gap"), "0");
        same(compositor.at("radius"), "30");
        same(compositor.at("speaker-border"), "8");
        same(compositor.at("accent"), "#ff00aa");
        same(compositor.at("ticker"), "Doors open at eight");
        same(compositor.at("transition"), "400");
        same(compositor.at("transition-ease"), "ease-in");
        g_assert_cmpuint(before.branches.size(), ==, after.branches.size());
        for (const auto &branch : before.branches)
            g_assert_true(branch.same_structure(*after.find(branch.id)));
        g_assert_cmpuint(before.links.size(), ==, after.links.size());
        for (size_t i = 0; i < before.links.size(); ++i)
            g_assert_true(before.links[i].same_ends(after.links[i]));
    }
    const Properties &plain = before.find(kComposeBranch)->nodes.front().properties;
    for (const char *name : {"gap", "radius", "speaker-border", "accent", "transition", "transition-ease", "ticker"})
        g_assert_false(plain.count(name));
}

void test_quality() {
    const std::pair<Quality, FrameSize> sizes[] = {{Quality::Low, {854, 480}},
                                                   {Quality::Med, {1280, 720}},
                                                   {Quality::High, {1920, 1080}},
                                                   {Quality::Ultra, {2560, 1440}}};
    for (const auto &[quality, size] : sizes) {
        const FrameSize wide = frame_size({.quality = quality});
        const FrameSize tall = frame_size({.quality = quality, .orientation = Orientation::Portrait});
        g_assert_cmpuint(wide.width, ==, size.width);
        g_assert_cmpuint(wide.height, ==, size.height);
        g_assert_cmpuint(tall.width, ==, size.height);
        g_assert_cmpuint(tall.height, ==, size.width);
    }
}

void test_who_is_placed_how() {
    State state = kPair;
    state.wanted.composition.pinned = {"bob"};
    state.wanted.composition.screens = {"ann"};
    std::vector<std::string> pads;
    for (const auto &link : plan(state, {}).links)
        if (link.to.node == "compose/compositor") {
            std::string text = link.to.pad;
            for (const auto &[name, value] : link.pad_properties)
                text += name == "label" ? "" : " " + name;
            pads.push_back(text + ";");
        }
    // Sound alone has a placeholder.
    same(joined(pads), "audio_0 placeholder; audio_1 pinned placeholder; video_0 screen; video_1 pinned;");
}

/// What a host says about itself stands on its tile and nowhere else.
void test_marks() {
    State state = kPair;
    state.wanted.marks["ann"] = {.hand = true};
    state.wanted.marks["bob"] = {.mic_off = true, .camera_off = true};
    std::vector<std::string> marked;
    for (const auto &link : plan(state, {}).links)
        for (const char *mark : {"hand-raised", "muted"})
            if (link.pad_properties.count(mark))
                marked.push_back(link.to.pad + " " + mark + "=" + link.pad_properties.at(mark) + ";");
    std::sort(marked.begin(), marked.end());
    same(joined(marked), "audio_0 hand-raised=true; audio_1 muted=true; video_0 hand-raised=true; video_1 muted=true;");
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    for (const auto &row : kRows) {
        g_test_add_data_func((std::string("/plan/row/") + row.name).c_str(), &row, test_row);
        g_test_add_data_func((std::string("/plan/well-formed/") + row.name).c_str(), &row, test_well_formed);
    }
    for (const auto &row : kChoices)
        g_test_add_data_func((std::string("/plan/choice/") + row.name).c_str(), &row, test_choice);
    g_test_add_func("/plan/decoders-follow-the-tiles", test_decoders_follow_the_tiles);
    for (const auto &row : kCodecRows)
        g_test_add_data_func((std::string("/plan/only-codec/") + row.name).c_str(), &row, test_codec_row);
    for (const auto &row : kRenditionRows)
        g_test_add_data_func((std::string("/plan/renditions/") + row.name).c_str(), &row, test_rendition_row);
    g_test_add_func("/plan/branches-stay", test_branches_stay);
    g_test_add_func("/plan/layers-keep-their-pads", test_layers_keep_their_pads);
    g_test_add_func("/plan/layout-changes-live", test_layout_changes_live);
    g_test_add_func("/plan/size-begins-a-part", test_size_begins_a_part);
    g_test_add_func("/plan/codec-replaces-decoder", test_codec_replaces_decoder);
    g_test_add_func("/plan/network", test_network);
    g_test_add_func("/plan/compositor-pads", test_compositor_pads);
    g_test_add_func("/plan/slate-text", test_slate_text);
    g_test_add_func("/plan/composition", test_composition);
    g_test_add_func("/plan/composition-changes-live", test_composition_changes_live);
    g_test_add_func("/plan/quality", test_quality);
    g_test_add_func("/plan/who-is-placed-how", test_who_is_placed_how);
    g_test_add_func("/plan/marks", test_marks);
    return g_test_run();
}
