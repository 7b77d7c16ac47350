// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What is decoded of whom.

#include "layer_choice.h"
#include "plans.h"

#include <cstring>

namespace {

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

void test_codec_replaces_decoder() {
    const State h264 = recording(kAnn), vp8 = recording(with_hosts({host("ann", {audio(), video("VP8")})}));
    const Graph before = plan(h264, {}), after = plan(vp8, {});
    g_assert_false(before.find("decode:ann:video_0")->same_structure(*after.find("decode:ann:video_0")));
    g_assert_true(*before.find("decode:ann:audio_0") == *after.find("decode:ann:audio_0"));
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    for (const auto &row : kChoices)
        g_test_add_data_func((std::string("/plan/choice/") + row.name).c_str(), &row, test_choice);
    g_test_add_func("/plan/decoders-follow-the-tiles", test_decoders_follow_the_tiles);
    g_test_add_func("/plan/codec-replaces-decoder", test_codec_replaces_decoder);
    return g_test_run();
}
