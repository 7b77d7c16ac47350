// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What the compositor is told, and that it is told live.

#include "plans.h"

#include <cstring>

namespace {

void test_layout_changes_live() {
    State wide = recording(kPair), light = wide;
    light.wanted.composition.layout = Layout::Spotlight;
    light.wanted.composition.theme = Theme::Light;
    const Graph before = plan(wide, {}), after = plan(light, {});
    g_assert_true(before.find("compose")->same_structure(*after.find("compose")));
    g_assert_true(*before.find("recording:r") == *after.find("recording:r"));
    g_assert_false(before == after);
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
/// A picture that stood still would say nothing; sound that is missing says enough.
void test_mutes() {
    State state = with_hosts({host("ann", {video("H264"), audio()})});
    g_assert_true(program_mode(state) == ProgramMode::Passthrough);
    state.wanted.mutes["ann"] = {.audio = true};
    g_assert_true(program_mode(state) == ProgramMode::Passthrough);
    state.wanted.mutes["ann"] = {.video = true};
    g_assert_true(program_mode(state) == ProgramMode::Composed);
    state.hosts[0].tracks = {audio()};
    g_assert_true(program_mode(state) == ProgramMode::Passthrough);
}

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
    g_test_add_func("/plan/layout-changes-live", test_layout_changes_live);
    g_test_add_func("/plan/compositor-pads", test_compositor_pads);
    g_test_add_func("/plan/slate-text", test_slate_text);
    g_test_add_func("/plan/composition", test_composition);
    g_test_add_func("/plan/composition-changes-live", test_composition_changes_live);
    g_test_add_func("/plan/quality", test_quality);
    g_test_add_func("/plan/who-is-placed-how", test_who_is_placed_how);
    g_test_add_func("/plan/marks", test_marks);
    g_test_add_func("/plan/mutes", test_mutes);
    return g_test_run();
}
