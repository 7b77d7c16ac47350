// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "state.h"

#include <glib.h>

using namespace rostrum::session;

namespace {

const std::string kHead = R"({"roomId":"abcd-efgh-ijkl","sessionId":"0123456789abcdef01234567")";

struct BadRow {
    const char *name;
    std::string json;
    const char *error;
};

const BadRow kBad[] = {
    {"not json", "{", "the state is not JSON"},
    {"empty", "", "the state is empty"},
    {"an array", "[]", "the state must be an object"},
    {"no room", R"({"sessionId":"s"})", "roomId is missing"},
    {"empty room", R"({"roomId":"","sessionId":"s"})", "roomId is empty"},
    {"room is a number", R"({"roomId":7,"sessionId":"s"})", "roomId must be a string"},
    {"unknown layout", kHead + R"(,"composition":{"layout":{"type":"GIRD"}}})",
     "composition.layout.type 'GIRD' is not one of GRID, SIDEBAR, SPOTLIGHT, PIP, SCREEN, CUSTOM"},
    {"custom without description", kHead + R"(,"composition":{"layout":{"type":"CUSTOM"}}})",
     "composition.layout.description is missing"},
    {"description as text", kHead + R"(,"composition":{"layout":{"type":"CUSTOM","description":"{}"}}})",
     "composition.layout.description must be an object"},
    {"wide gap", kHead + R"(,"composition":{"layout":{"gap":121}}})", "composition.layout.gap must be 0 to 120"},
    {"negative radius", kHead + R"(,"composition":{"layout":{"radius":-1}}})",
     "composition.layout.radius must be 0 to 360"},
    {"thick border", kHead + R"(,"composition":{"speakerBorder":41}})", "composition.speakerBorder must be 0 to 40"},
    {"endless transition", kHead + R"(,"composition":{"transition":{"ms":5001}}})",
     "composition.transition.ms must be 0 to 5000"},
    {"unknown ease", kHead + R"(,"composition":{"transition":{"ease":"bounce"}}})",
     "composition.transition.ease 'bounce' is not one of linear, ease-in, ease-out, ease-in-out"},
    {"pins are not a list", kHead + R"(,"composition":{"pinned":"ann"}})", "composition.pinned must be an array"},
    {"countdown as text", kHead + R"(,"composition":{"countdown":"soon"}})",
     "composition.countdown must be a time in ms"},
    {"two lines", kHead + R"(,"composition":{"ticker":"a\nb"}})", "composition.ticker holds a control character"},
    {"be right back as text", kHead + R"(,"composition":{"beRightBack":"yes"}})",
     "composition.beRightBack must be true or false"},
    {"a pin is a number", kHead + R"(,"composition":{"pinned":[1]}})", "composition.pinned[0] must be a string"},
    {"mute as a flag", kHead + R"(,"participants":{"p":{"muted":true}}})", "participants.p.muted must be an object"},
    {"a mute is a number", kHead + R"(,"participants":{"p":{"muted":{"audio":1}}}})",
     "participants.p.muted.audio must be true or false"},
    {"marks as text", kHead + R"(,"participants":{"p":{"marks":"hand"}}})", "participants.p.marks must be an object"},
    {"a mark is a number", kHead + R"(,"participants":{"p":{"marks":{"hand":1}}}})",
     "participants.p.marks.hand must be true or false"},
    {"grid too large", kHead + R"(,"composition":{"layout":{"gridSize":26}}})",
     "composition.layout.gridSize must be 0 to 25"},
    {"grid as text", kHead + R"(,"composition":{"layout":{"gridSize":"4"}}})",
     "composition.layout.gridSize must be a whole number"},
    {"compositions as a list", kHead + R"(,"compositions":[]})", "compositions must be an object"},
    {"an unknown layout of its own", kHead + R"(,"compositions":{"x":{"layout":{"type":"GIRD"}}}})",
     "compositions.x.layout.type 'GIRD' is not one of GRID, SIDEBAR, SPOTLIGHT, PIP, SCREEN, CUSTOM"},
    {"a composition that is not there", kHead + R"(,"livestreams":[{"id":"l","compositionId":"x"}]})",
     "livestreams has a compositionId that is not in compositions"},
    {"an HLS stream's that is not there",
     kHead + R"(,"compositions":{"y":{}},"hls":[{"id":"h","directory":"/h","compositionId":"x"}]})",
     "hls has a compositionId that is not in compositions"},
    {"a participant's recording with one of its own",
     kHead +
         R"(,"recordings":[{"id":"r","path":"/r.mp4","kind":"participant","participant":"a","compositionId":"x"}]})",
     "recordings[0].compositionId makes no sense with this kind of recording"},
    {"livestreams not an array", kHead + R"(,"livestreams":{}})", "livestreams must be an array"},
    {"wrong scheme", kHead + R"(,"livestreams":[{"id":"l","outputs":[{"id":"o","url":"http://h/a"}]}]})",
     "livestreams[0].outputs[0].url must begin with rtmp://, rtmps:// or srt://"},
    {"output twice",
     kHead + R"(,"livestreams":[{"id":"l","outputs":[{"id":"o","url":"rtmp://h/a"},{"id":"o","url":"rtmp://h/b"}]}]})",
     "output id 'o' appears twice"},
    {"HLS without a directory", kHead + R"(,"hls":[{"id":"h"}]})", "hls[0].directory is missing"},
    {"HLS in a relative directory", kHead + R"(,"hls":[{"id":"h","directory":"h"}]})",
     "hls[0].directory must be absolute and its own"},
    {"HLS twice in a directory", kHead + R"(,"hls":[{"id":"h","directory":"/h"},{"id":"i","directory":"/h"}]})",
     "hls[1].directory must be absolute and its own"},
    {"HLS twice", kHead + R"(,"hls":[{"id":"h","directory":"/h"},{"id":"h","directory":"/i"}]})",
     "HLS id 'h' appears twice"},
    {"HLS of another mode", kHead + R"(,"hls":[{"id":"h","directory":"/h","mode":"video"}]})",
     "hls[0].mode 'video' is not one of video-and-audio, audio"},
    {"HLS with a window before its begin", kHead + R"(,"hls":[{"id":"h","directory":"/h","dvrMs":-1}]})",
     "hls[0].dvrMs must be 0 to 4294967295"},
    {"relative path", kHead + R"(,"recordings":[{"id":"r","path":"r.mp4"}]})",
     "recordings[0].path must be absolute and end in .mp4"},
    {"not mp4", kHead + R"(,"recordings":[{"id":"r","path":"/etc/passwd"}]})",
     "recordings[0].path must be absolute and end in .mp4"},
    {"webm named mp4", kHead + R"(,"recordings":[{"id":"r","format":"webm","path":"/r.mp4"}]})",
     "recordings[0].path must be absolute and end in .webm"},
    {"unknown kind", kHead + R"(,"recordings":[{"id":"r","kind":"film","path":"/r.mp4"}]})",
     "recordings[0].kind 'film' is not one of room, composite, participant, track"},
    {"unknown format", kHead + R"(,"recordings":[{"id":"r","format":"avi","path":"/r.avi"}]})",
     "recordings[0].format 'avi' is not one of mp4, webm"},
    {"unknown mode", kHead + R"(,"recordings":[{"id":"r","mode":"video","path":"/r.mp4"}]})",
     "recordings[0].mode 'video' is not one of video-and-audio, audio"},
    {"participant without one", kHead + R"(,"recordings":[{"id":"r","kind":"participant","path":"/r.mp4"}]})",
     "recordings[0].participant is missing"},
    {"track of nobody", kHead + R"(,"recordings":[{"id":"r","kind":"track","track":"audio","path":"/r.mp4"}]})",
     "recordings[0].participant is missing"},
    {"no track", kHead + R"(,"recordings":[{"id":"r","kind":"track","participant":"ann","path":"/r.mp4"}]})",
     "recordings[0].track is missing"},
    {"unknown track",
     kHead + R"(,"recordings":[{"id":"r","kind":"track","participant":"ann","track":"data","path":"/r.mp4"}]})",
     "recordings[0].track 'data' is not one of audio, video, screen_audio, screen_video"},
    {"room of one", kHead + R"(,"recordings":[{"id":"r","participant":"ann","path":"/r.mp4"}]})",
     "recordings[0].participant makes no sense with this kind of recording"},
    {"composite of a text",
     kHead + R"(,"recordings":[{"id":"r","kind":"composite","participants":"ann","path":"/r.mp4"}]})",
     "recordings[0].participants must be an array"},
    {"composite of nobody",
     kHead + R"(,"recordings":[{"id":"r","kind":"composite","participants":[{}],"path":"/r.mp4"}]})",
     "recordings[0].participants[0].id is missing"},
    {"composite of one twice",
     kHead + R"(,"recordings":[{"id":"r","kind":"composite","participants":[{"id":"a"},{"id":"a"}],"path":"/r.mp4"}]})",
     "participant id 'a' appears twice"},
    {"unknown media",
     kHead +
         R"(,"recordings":[{"id":"r","kind":"composite","participants":[{"id":"a","kinds":["smell"]}],"path":"/r.mp4"}]})",
     "recordings[0].participants[0].kinds[0] 'smell' is not one of audio, video, screen_audio, screen_video"},
    {"bad composition of one",
     kHead + R"(,"recordings":[{"id":"r","kind":"composite","composition":{"quality":"best"},"path":"/r.mp4"}]})",
     "recordings[0].composition.quality 'best' is not one of low, med, high, ultra"},
    {"paused as text", kHead + R"(,"recordings":[{"id":"r","paused":"no","path":"/r.mp4"}]})",
     "recordings[0].paused must be true or false"},
    {"negative split", kHead + R"(,"recordings":[{"id":"r","splitMs":-1,"path":"/r.mp4"}]})",
     "recordings[0].splitMs must be 0 to 604800000"},
    {"split as text", kHead + R"(,"recordings":[{"id":"r","splitBytes":"1","path":"/r.mp4"}]})",
     "recordings[0].splitBytes must be a whole number"},
    {"path twice", kHead + R"(,"recordings":[{"id":"r","path":"/r.mp4"},{"id":"s","path":"/r.mp4"}]})",
     "recordings[1].path is used twice"},
    {"path twice but for the extension",
     kHead + R"(,"recordings":[{"id":"r","path":"/r.mp4"},{"id":"s","format":"webm","path":"/r.webm"}]})",
     "recordings[1].path is used twice"},
    {"recording twice", kHead + R"(,"recordings":[{"id":"r","path":"/r.mp4"},{"id":"r","path":"/s.mp4"}]})",
     "recording id 'r' appears twice"},
    {"control character", kHead + R"(,"recordings":[{"id":"r","path":"/a\n.mp4"}]})",
     "recordings[0].path holds a control character"},
    {"nested too deeply", std::string(1000, '['), "the state is nested too deeply"},
    {"too long", std::string((4 << 20) + 1, ' '), "the state is longer than 4 MiB"},
};

void test_bad(gconstpointer data) {
    const auto &row = *static_cast<const BadRow *>(data);
    std::string error;
    g_assert_false(parse_wanted(row.json, error).has_value());
    g_test_message("%s", error.c_str());
    g_assert_true(g_str_has_prefix(error.c_str(), row.error));
}

void test_defaults() {
    std::string error;
    const auto wanted = parse_wanted(kHead + "}", error);
    g_assert_true(wanted.has_value());
    g_assert_cmpstr(wanted->room_id.c_str(), ==, "abcd-efgh-ijkl");
    g_assert_cmpstr(wanted->session_id.c_str(), ==, "0123456789abcdef01234567");
    g_assert_true(wanted->composition.layout == Layout::Grid);
    g_assert_true(wanted->composition.priority == Priority::Speaker);
    g_assert_cmpuint(wanted->composition.grid_size, ==, 25);
    g_assert_true(wanted->composition.theme == Theme::Dark);
    g_assert_true(wanted->composition.quality == Quality::Med);
    g_assert_true(wanted->composition.orientation == Orientation::Landscape);
    g_assert_false(wanted->composition.gap.has_value());
    g_assert_false(wanted->composition.transition_ms.has_value());
    g_assert_cmpstr(wanted->composition.accent.c_str(), ==, "");
    g_assert_true(wanted->livestreams.empty());
    g_assert_true(wanted->recordings.empty());
    g_assert_true(wanted->names.empty());
}

void test_everything() {
    std::string error;
    const auto wanted = parse_wanted(
        kHead +
            R"(,"composition":{"layout":{"type":"sidebar","priority":"PIN","gridSize":4},"theme":"LIGHT","quality":"high",
        "orientation":"portrait"},"livestreams":[{"id":"l","outputs":[{"id":"l-0","url":"rtmps://a/live","streamKey":"k?x=1"}]}],
        "recordings":[{"id":"r","path":"/tmp/r.mp4"}],"participants":{"p1":{"name":"Ann"},"p2":{"marks":{"hand":true,"mic":false,"camera":true}},"p3":{"muted":{"audio":false,"video":true}}},"somethingNew":[1,2]})",
        error);
    g_assert_cmpstr(error.c_str(), ==, "");
    g_assert_true(wanted.has_value());
    g_assert_true(wanted->composition.layout == Layout::Sidebar);
    g_assert_true(wanted->composition.priority == Priority::Pin);
    g_assert_cmpuint(wanted->composition.grid_size, ==, 4);
    g_assert_true(wanted->composition.theme == Theme::Light);
    g_assert_true(wanted->composition.quality == Quality::High);
    g_assert_true(wanted->composition.orientation == Orientation::Portrait);
    g_assert_cmpuint(wanted->livestreams.size(), ==, 1);
    g_assert_cmpstr(wanted->livestreams[0].outputs[0].url.c_str(), ==, "rtmps://a/live");
    g_assert_cmpstr(wanted->livestreams[0].outputs[0].stream_key.c_str(), ==, "k?x=1");
    g_assert_cmpstr(wanted->recordings[0].path.c_str(), ==, "/tmp/r.mp4");
    g_assert_cmpstr(wanted->names.at("p1").c_str(), ==, "Ann");
    g_assert_cmpstr(wanted->names.at("p2").c_str(), ==, "p2");
    g_assert_cmpuint(wanted->mutes.size(), ==, 1);
    g_assert_true(wanted->mutes_track("p3", true) && !wanted->mutes_track("p3", false) &&
                  !wanted->mutes_track("p2", true));
    g_assert_cmpuint(wanted->marks.size(), ==, 2);
    g_assert_true(wanted->marks.at("p3") == Marks{.camera_off = true});
    g_assert_true(wanted->marks.at("p2") == (Marks{.hand = true, .mic_off = true, .camera_off = false}));
}

void test_recordings() {
    std::string error;
    const auto wanted = parse_wanted(kHead + R"(,"recordings":[
        {"id":"r","path":"/r.mp4","splitMs":60000,"splitBytes":1099511627776,"paused":true},
        {"id":"a","kind":"room","mode":"audio","format":"webm","path":"/a.webm"},
        {"id":"c","kind":"composite","path":"/c.mp4","participants":[{"id":"ann"},{"id":"bob","kinds":["audio","screen_video"]}],
         "composition":{"layout":{"type":"SIDEBAR"}}},
        {"id":"p","kind":"participant","participant":"ann","format":"mp4","path":"/p.mp4"},
        {"id":"t","kind":"track","participant":"ann","track":"screen_audio","format":"webm","path":"/t.webm"}]})",
                                     error);
    g_assert_cmpstr(error.c_str(), ==, "");
    const auto &room = wanted->recordings[0], &sound = wanted->recordings[1], &composite = wanted->recordings[2],
               &participant = wanted->recordings[3], &track = wanted->recordings[4];
    g_assert_true(room.kind == RecordingKind::Room && room.format == FileFormat::Mp4 && !room.audio_only);
    g_assert_true(room.paused && !sound.paused);
    g_assert_cmpuint(room.split_ms, ==, 60000);
    g_assert_cmpuint(room.split_bytes, ==, 1099511627776u);
    g_assert_cmpuint(sound.split_ms, ==, 0);
    g_assert_true(sound.audio_only && sound.format == FileFormat::Webm);
    g_assert_true(composite.kind == RecordingKind::Composite);
    g_assert_true(composite.participants ==
                  (std::vector<ChosenParticipant>{{"ann", {}}, {"bob", {MediaKind::Audio, MediaKind::ScreenVideo}}}));
    g_assert_true(composite.composition && composite.composition->layout == Layout::Sidebar);
    g_assert_true(participant.kind == RecordingKind::Participant);
    g_assert_cmpstr(participant.participant.c_str(), ==, "ann");
    g_assert_true(track.kind == RecordingKind::Track && track.track == MediaKind::ScreenAudio);
}

void test_style() {
    std::string error;
    const auto wanted = parse_wanted(
        kHead + R"(,"composition":{"layout":{"type":"CUSTOM","gap":0,"radius":20,"description":{"regions":[{"x":0.5}]}},
        "quality":"ultra","theme":"DEFAULT","speakerBorder":6,"accent":"#ff00aa","lowerThird":"Ann | Host","ticker":null,"countdown":5,"beRightBack":true,"transition":{"ms":400,"ease":"linear"},
        "pinned":["ann","bob"],"screens":["bob"]}})",
        error);
    g_assert_cmpstr(error.c_str(), ==, "");
    const Composition &composition = wanted->composition;
    g_assert_true(composition.layout == Layout::Custom);
    g_assert_cmpstr(composition.description.c_str(), ==, R"({"regions":[{"x":0.5}]})");
    g_assert_true(composition.quality == Quality::Ultra);
    g_assert_true(composition.theme == Theme::Dark);
    g_assert_cmpuint(*composition.gap, ==, 0);
    g_assert_cmpuint(*composition.radius, ==, 20);
    g_assert_cmpuint(*composition.speaker_border, ==, 6);
    g_assert_cmpstr(composition.accent.c_str(), ==, "#ff00aa");
    g_assert_true(composition.branding == (std::map<std::string, std::string>{{"lower-third", "Ann | Host"},
                                                                              {"countdown", "5"},
                                                                              {"slate-mode", "always"}}));
    g_assert_cmpuint(*composition.transition_ms, ==, 400);
    g_assert_cmpstr(composition.transition_ease.c_str(), ==, "linear");
    g_assert_cmpuint(composition.pinned.size(), ==, 2);
    g_assert_cmpuint(composition.screens.count("bob"), ==, 1);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/state/defaults", test_defaults);
    g_test_add_func("/state/everything", test_everything);
    g_test_add_func("/state/recordings", test_recordings);
    g_test_add_func("/state/style", test_style);
    for (const auto &row : kBad)
        g_test_add_data_func((std::string("/state/bad/") + row.name).c_str(), &row, test_bad);
    return g_test_run();
}
