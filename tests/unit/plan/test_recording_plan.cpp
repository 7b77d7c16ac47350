// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What recordings of each kind make of the plan.

#include "plans.h"

#include "plan_recordings.h"

namespace {

Recording room(const char *id, FileFormat format = FileFormat::Mp4, bool audio_only = false) {
    Recording recording{id, std::string("/tmp/") + id + (format == FileFormat::Mp4 ? ".mp4" : ".webm")};
    recording.format = format;
    recording.audio_only = audio_only;
    return recording;
}

Recording participant(const char *id, const char *who, FileFormat format = FileFormat::Mp4) {
    Recording recording = room(id, format);
    recording.kind = RecordingKind::Participant;
    recording.participant = who;
    return recording;
}

Recording track(const char *id, const char *who, MediaKind kind, FileFormat format = FileFormat::Webm) {
    Recording recording = participant(id, who, format);
    recording.kind = RecordingKind::Track;
    recording.track = kind;
    return recording;
}

Recording composite(const char *id, std::vector<ChosenParticipant> chosen, bool own_layout = false) {
    Recording recording = room(id);
    recording.kind = RecordingKind::Composite;
    recording.participants = std::move(chosen);
    if (own_layout)
        recording.composition.emplace().layout = Layout::Spotlight;
    return recording;
}

Recording sound_of(Recording recording) {
    recording.audio_only = true;
    return recording;
}

Recording suspended(Recording recording) {
    recording.suspended = true;
    return recording;
}

State with(State state, std::vector<Recording> recordings) {
    state.wanted.recordings = std::move(recordings);
    return state;
}

State with_marks(State state, const char *who, Marks marks) {
    state.wanted.marks[who] = marks;
    return state;
}

State sharing(State state, const char *who) {
    state.wanted.composition.screens = {who};
    return state;
}

const State kLayers = [] {
    State state = with_hosts({host("ann", {video("VP8", "video_0", "q"), video("VP8", "video_1", "h")})});
    state.hosts[0].pictures = {{"video_0", {320, 180, true}}, {"video_1", {1280, 720, true}}};
    return state;
}();

const State kThin = [] {
    State state = kLayers;
    state.hosts[0].pictures["video_1"].flowing = false;
    return state;
}();

struct Row {
    const char *name;
    State state;
    const char *mode;     // of the program
    const char *files;    // recording branch, muxer
    const char *inputs;   // of the recording branches
    const char *encoders; // factories
    const char *stages;   // prefix of each composition and what is put there
};

const Row kRows[] = {
    {"room, mp4", with(kAnn, {room("r")}), "composed", "recording:r=mp4mux", "aac/tee encode:h264/encoded",
     "avenc_aac opusenc x264enc", ":ann.audio :ann.video"},
    {"room, webm", with(kAnn, {room("r", FileFormat::Webm)}), "composed", "recording:r=webmmux",
     "compose/sound_encoded encode:vp8/encoded", "opusenc vp8enc x264enc", ":ann.audio :ann.video"},
    {"room, sound only", with(kAnn, {room("r", FileFormat::Mp4, true)}), "composed", "recording:r=mp4mux", "aac/tee",
     "avenc_aac opusenc x264enc", ":ann.audio :ann.video"},
    {"room, sound only, webm", with(kAnn, {room("r", FileFormat::Webm, true)}), "composed", "recording:r=webmmux",
     "compose/sound_encoded", "opusenc x264enc", ":ann.audio :ann.video"},
    {"room, no disk", with(kAnn, {suspended(room("r"))}), "composed", "", "", "avenc_aac opusenc x264enc",
     ":ann.audio :ann.video"},
    {"two of the room share everything", with(kAnn, {room("r"), room("s")}), "composed",
     "recording:r=mp4mux recording:s=mp4mux", "aac/tee aac/tee encode:h264/encoded encode:h264/encoded",
     "avenc_aac opusenc x264enc", ":ann.audio :ann.video"},
    {"composite of everybody as the room is", with(kAnn, {composite("c", {})}), "composed", "recording:c=mp4mux",
     "aac/tee encode:h264/encoded", "avenc_aac opusenc x264enc", ":ann.audio :ann.video"},
    {"composite of everybody, own layout", with(kAnn, {composite("c", {}, true)}), "passthrough", "recording:c=mp4mux",
     "composite-c:aac/tee composite-c:encode:h264/tee", "avenc_aac x264enc",
     "composite-c:ann.audio composite-c:ann.video"},
    {"composite of one of two", with(kPair, {composite("c", {{"bob", {}}})}), "composed", "recording:c=mp4mux",
     "composite-c:aac/tee composite-c:encode:h264/tee", "avenc_aac opusenc x264enc x264enc",
     ":ann.audio :ann.video :bob.audio :bob.video composite-c:bob.audio composite-c:bob.video"},
    {"composite of a picture here and sound there",
     with(kPair, {composite("c", {{"ann", {MediaKind::Video}}, {"bob", {MediaKind::Audio}}})}), "composed",
     "recording:c=mp4mux", "composite-c:aac/tee composite-c:encode:h264/tee", "avenc_aac opusenc x264enc x264enc",
     ":ann.audio :ann.video :bob.audio :bob.video composite-c:ann.video composite-c:bob.audio"},
    {"composite of a screen, nobody shares", with(kAnn, {composite("c", {{"ann", {MediaKind::ScreenVideo}}})}),
     "passthrough", "recording:c=mp4mux", "composite-c:aac/tee composite-c:encode:h264/tee", "avenc_aac x264enc", ""},
    {"composite of a screen", sharing(with(kAnn, {composite("c", {{"ann", {MediaKind::ScreenVideo}}})}), "ann"),
     "passthrough", "recording:c=mp4mux", "composite-c:aac/tee composite-c:encode:h264/tee", "avenc_aac x264enc",
     "composite-c:ann.video"},
    {"composite of sound", with(kAnn, {sound_of(composite("c", {{"ann", {}}}))}), "passthrough", "recording:c=mp4mux",
     "composite-c:aac/tee", "avenc_aac", "composite-c:ann.audio"},
    {"participant", with(kAnn, {participant("p", "ann")}), "passthrough", "recording:p=mp4mux",
     "participant-ann:aac/tee participant-ann:encode:h264/tee", "avenc_aac x264enc",
     "participant-ann:ann.audio participant-ann:ann.video"},
    {"participant, webm", with(kAnn, {participant("p", "ann", FileFormat::Webm)}), "passthrough", "recording:p=webmmux",
     "participant-ann:encode:vp8/tee participant-ann:opus/tee", "opusenc vp8enc",
     "participant-ann:ann.audio participant-ann:ann.video"},
    {"participant twice", with(kAnn, {participant("p", "ann"), participant("q", "ann")}), "passthrough",
     "recording:p=mp4mux recording:q=mp4mux",
     "participant-ann:aac/tee participant-ann:aac/tee participant-ann:encode:h264/tee participant-ann:encode:h264/tee",
     "avenc_aac x264enc", "participant-ann:ann.audio participant-ann:ann.video"},
    {"participant who is away", with({}, {participant("p", "ann")}), "empty", "recording:p=mp4mux",
     "participant-ann:aac/tee participant-ann:encode:h264/tee", "avenc_aac x264enc", ""},
    {"participant with a strange id", with({}, {participant("p", "a:b_c")}), "empty", "recording:p=mp4mux",
     "participant-a_3ab_5fc:aac/tee participant-a_3ab_5fc:encode:h264/tee", "avenc_aac x264enc", ""},
    {"participant, no disk", with(kAnn, {suspended(participant("p", "ann"))}), "passthrough", "", "",
     "avenc_aac x264enc", "participant-ann:ann.audio participant-ann:ann.video"},
    {"track, H.264", with(kAnn, {track("t", "ann", MediaKind::Video)}), "passthrough", "recording:t=mp4mux",
     "layer:t:video_0/jitter", "", ""},
    {"track, VP8", with(kPair, {track("t", "bob", MediaKind::Video, FileFormat::Mp4)}), "composed",
     "recording:t=webmmux", "layer:t:video_0/jitter", "opusenc x264enc", ":ann.audio :ann.video :bob.audio :bob.video"},
    {"track, sound", with(kAnn, {track("t", "ann", MediaKind::Audio)}), "passthrough", "recording:t=webmmux",
     "layer:t:audio_0/jitter", "", ""},
    {"track, sound, mp4", with(kAnn, {track("t", "ann", MediaKind::Audio, FileFormat::Mp4)}), "passthrough",
     "recording:t=mp4mux", "layer:t:audio_0/jitter", "", ""},
    {"track, the best layer", with(kLayers, {track("t", "ann", MediaKind::Video)}), "passthrough",
     "recording:t=webmmux", "layer:t:video_1/jitter", "", ""},
    {"track, the best layer that flows", with(kThin, {track("t", "ann", MediaKind::Video)}), "passthrough",
     "recording:t=webmmux", "layer:t:video_0/jitter", "", ""},
    {"track, AV1", with(with_hosts({host("ann", {video("AV1")})}), {track("t", "ann", MediaKind::Video)}), "composed",
     "", "", "opusenc x264enc", ":ann.video"},
    {"track, nobody is there", with({}, {track("t", "ann", MediaKind::Video)}), "empty", "", "", "", ""},
    {"track, camera off", with_marks(with(kAnn, {track("t", "ann", MediaKind::Video)}), "ann", {.camera_off = true}),
     "passthrough", "", "", "", ""},
    {"track, camera off, but it is the sound",
     with_marks(with(kAnn, {track("t", "ann", MediaKind::Audio)}), "ann", {.camera_off = true}), "passthrough",
     "recording:t=webmmux", "layer:t:audio_0/jitter", "", ""},
    {"track of a screen, nobody shares", with(kAnn, {track("t", "ann", MediaKind::ScreenVideo)}), "passthrough", "", "",
     "", ""},
    {"track of a screen", sharing(with(kAnn, {track("t", "ann", MediaKind::ScreenVideo)}), "ann"), "passthrough",
     "recording:t=mp4mux", "layer:t:video_0/jitter", "", ""},
    {"track, no disk", with(kAnn, {suspended(track("t", "ann", MediaKind::Video))}), "passthrough", "", "", "", ""},
};

std::string files(const Graph &graph) {
    std::vector<std::string> found;
    for (const auto &branch : graph.branches)
        for (const auto &node : branch.nodes)
            if (branch.kind == Branch::Kind::Recording && node.name == "mux")
                found.push_back(branch.id + "=" + node.factory);
    return joined(found);
}

std::string inputs(const Graph &graph) {
    std::vector<std::string> found;
    for (const auto &link : graph.links)
        if (graph.find(branch_of(link.to.node))->kind == Branch::Kind::Recording)
            found.push_back(link.from.node);
    return joined(found);
}

/// "compose:ann.video" for each place on a compositor.
std::string stages(const Graph &graph) {
    std::vector<std::string> found;
    for (const auto &link : graph.links) {
        const std::string end = "compose/compositor";
        if (!g_str_has_suffix(link.to.node.c_str(), end.c_str()))
            continue;
        const std::string prefix = link.to.node.substr(0, link.to.node.size() - end.size());
        const std::string from = link.from.node.substr(prefix.size());
        const bool picture = g_str_has_prefix(from.c_str(), "tile:");
        const size_t begin = from.find(':') + 1;
        const std::string who = from.substr(begin, from.find_first_of(":/", begin) - begin);
        found.push_back((prefix.empty() ? ":" : prefix) + who + (picture ? ".video" : ".audio"));
    }
    return joined(found);
}

void test_row(gconstpointer data) {
    const auto &row = *static_cast<const Row *>(data);
    const Graph graph = plan(row.state, {});
    assert_well_formed(graph);
    same(to_string(program_mode(row.state)), row.mode);
    same(files(graph), row.files);
    same(inputs(graph), row.inputs);
    same(joined(factories(graph, {"x264enc", "vp8enc", "opusenc", "avenc_aac"})), row.encoders);
    same(stages(graph), row.stages);
}

/// Another layer of the same codec goes on in the branch, which chooses it at a keyframe.
void test_layers() {
    const Recording wanted = track("t", "ann", MediaKind::Video);
    const Graph best = plan(with(kLayers, {wanted}), {}), thin = plan(with(kThin, {wanted}), {});
    g_assert_true(*best.find("recording:t") == *thin.find("recording:t"));
    same(shown(best, "recording:t/layer"), "layer:t:video_1/jitter");
    same(shown(thin, "recording:t/layer"), "layer:t:video_0/jitter");
}

void test_why_not() {
    const Recording wanted = track("t", "ann", MediaKind::Video);
    same(why_not_recorded(kAnn, wanted), "");
    same(why_not_recorded({}, wanted), "");
    same(why_not_recorded(with_hosts({host("ann", {video("")})}), wanted), "");
    same(why_not_recorded(with_hosts({host("ann", {video("AV1")})}), wanted),
         "AV1 is recorded neither in MP4 nor in WebM here");
}

/// Starting and stopping one recording leaves every branch of the others as it is.
void test_others_stay() {
    const std::vector<Recording> all{room("r"), participant("p", "ann"), composite("c", {{"bob", {}}}),
                                     track("t", "ann", MediaKind::Video)};
    for (const auto &gone : all) {
        std::vector<Recording> fewer = all;
        std::erase_if(fewer, [&](const Recording &each) { return each.id == gone.id; });
        const Graph before = plan(with(kPair, all), {}), after = plan(with(kPair, fewer), {});
        for (const auto &branch : after.branches)
            g_assert_true(*before.find(branch.id) == branch);
    }
}

/// A participant's file shows nothing but their picture, on black.
void test_participant_canvas() {
    State state = with(kAnn, {participant("p", "ann")});
    state.wanted.composition.quality = Quality::High;
    state.wanted.composition.branding = {{"ticker", "news"}};
    const Graph graph = plan(state, {});
    const Properties &canvas = graph.find("participant-ann:compose")->nodes.front().properties;
    same(canvas.at("width") + "x" + canvas.at("height"), "1920x1080");
    same(canvas.at("background"), "#000000");
    same(canvas.at("slate-mode"), "never");
    g_assert_cmpuint(canvas.count("ticker"), ==, 0);
    for (const auto &link : graph.links)
        if (link.to.node == "participant-ann:compose/compositor")
            same(link.pad_properties.at("label"), "");
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    for (const auto &row : kRows)
        g_test_add_data_func((std::string("/recording-plan/") + row.name).c_str(), &row, test_row);
    g_test_add_func("/recording-plan/layers", test_layers);
    g_test_add_func("/recording-plan/why-not", test_why_not);
    g_test_add_func("/recording-plan/others-stay", test_others_stay);
    g_test_add_func("/recording-plan/participant-canvas", test_participant_canvas);
    return g_test_run();
}
