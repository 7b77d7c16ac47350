// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Layouts, their style and their changes as the element shows them, on a test clock.

#include "stage.h"

#include <array>
#include <cstring>
#include <memory>

namespace {

const char *const kSmall = "video/x-raw,format=I420,width=320,height=180,framerate=30/1,colorimetry=bt709";
constexpr Rgb kBackground{0x0f, 0x12, 0x17}; // of the dark theme
constexpr std::array<Rgb, 4> kColors{kRed, kGreen, kBlue, kGray};

/// Inputs of one colour each, all sending.
class Ensemble {
  public:
    Ensemble(Stage &stage, size_t n) : stage_(stage) {
        while (feeds_.size() < n) {
            feeds_.push_back(std::make_unique<Feed>(stage.compositor(), "video_%u"));
            feeds_.back()->caps(kSmall);
        }
    }
    Feed &operator[](size_t i) { return *feeds_.at(i); }
    void leave(size_t i) { feeds_.at(i).reset(); }
    void play_until(GstClockTime until) {
        for (GstClockTime t = stage_.time(); t < until; t = stage_.time()) {
            for (size_t i = 0; i < feeds_.size(); ++i)
                if (feeds_[i])
                    feeds_[i]->picture(t, kColors[i]);
            stage_.run_until(t + GST_SECOND / 30);
        }
    }

  private:
    Stage &stage_;
    std::vector<std::unique_ptr<Feed>> feeds_;
};

Rgb last(Stage &stage, int x, int y) {
    return stage.pixel(stage.pictures() - 1, x, y);
}

gboolean set_layout(Stage &stage, const char *layout, int transition_ms, const char *ease) {
    auto *eases = static_cast<GEnumClass *>(g_type_class_ref(g_type_from_name("GstLiveCompositorEase")));
    const int value = g_enum_get_value_by_nick(eases, ease)->value;
    g_type_class_unref(eases);
    gboolean taken = FALSE;
    g_signal_emit_by_name(stage.compositor(), "set-layout", layout, transition_ms, value, &taken);
    return taken;
}

std::string warning(Stage &stage) {
    GstMessage *message = stage.pop(GST_MESSAGE_WARNING);
    if (!message)
        return "";
    GError *error = nullptr;
    gst_message_parse_warning(message, &error, nullptr);
    std::string text = error->message;
    g_error_free(error);
    gst_message_unref(message);
    return text;
}

void test_gap_and_radius() {
    Stage stage("gap=0 radius=0");
    Ensemble people(stage, 4);
    stage.play();
    people.play_until(ms(300));
    assert_color(last(stage, 0, 0), kRed); // four tiles fill the canvas to its corners
    assert_color(last(stage, 638, 358), kRed);
    assert_color(last(stage, 640, 0), kGreen);
    assert_color(last(stage, 1279, 719), kGray);
    g_object_set(stage.compositor(), "gap", 40, "radius", 60, nullptr);
    people.play_until(ms(600));
    assert_color(last(stage, 640, 200), kBackground);
    assert_color(last(stage, 660, 380), kBackground); // the corner of the fourth
    g_object_set(stage.compositor(), "gap", -1, "radius", -1, nullptr);
    people.play_until(ms(900));
    assert_color(last(stage, 24, 180), kRed); // 22..634
    int gap = 0, radius = 0, border = 0;
    g_object_get(stage.compositor(), "gap", &gap, "radius", &radius, "speaker-border", &border, nullptr);
    g_assert_cmpint(gap, ==, -1);
    g_assert_cmpint(radius, ==, -1);
    g_assert_cmpint(border, ==, -1);
}

void test_speaker_border() {
    Stage stage("speaker-border=20 accent=#ff00ff radius=0");
    Ensemble people(stage, 2);
    Feed sound(stage.compositor(), "audio_1");
    stage.play();
    sound.caps("audio/x-raw,format=S16LE,rate=48000,channels=2,layout=interleaved,channel-mask=(bitmask)3");
    const auto speak_until = [&](GstClockTime until) {
        for (GstClockTime t = stage.time(); t < until; t = stage.time()) {
            sound.samples(t, 1600, 3000);
            people.play_until(t + 1);
        }
    };
    speak_until(ms(1500));
    constexpr Rgb kMagenta{255, 0, 255};
    assert_color(last(stage, 645, 360), kMagenta); // 644..1268 x 126..594, all around within the tile
    assert_color(last(stage, 662, 360), kMagenta);
    assert_color(last(stage, 666, 360), kGreen);
    assert_color(last(stage, 950, 128), kMagenta);
    assert_color(last(stage, 950, 592), kMagenta);
    assert_color(last(stage, 1266, 360), kMagenta);
    assert_color(last(stage, 642, 360), kBackground);
    assert_color(last(stage, 12, 360), kRed);
    g_object_set(stage.compositor(), "accent", "", "speaker-border", 0, nullptr);
    speak_until(ms(1800));
    assert_color(last(stage, 645, 360), kGreen);
    g_object_set(stage.compositor(), "accent", "no colour", nullptr);
    g_assert_nonnull(strstr(warning(stage).c_str(), "is not a colour"));
}

void test_set_layout() {
    Stage stage;
    Ensemble people(stage, 4);
    stage.play();
    people.play_until(ms(500));
    assert_color(last(stage, 900, 200), kGreen);
    g_assert_true(set_layout(stage, "sidebar", 1000, "linear"));
    const size_t begin = stage.pictures();
    people.play_until(ms(1000));
    assert_color(last(stage, 700, 450), kBlue); // the third is still on its way to the right
    people.play_until(ms(1800));
    assert_color(last(stage, 400, 600), kRed); // main area, 10..990
    assert_color(last(stage, 1100, 360), kBlue);
    for (size_t i = begin; i < stage.pictures(); ++i)
        g_assert_cmpuint(stage.picture_pts(i) - stage.picture_pts(i - 1), <=, GST_SECOND / 30 + 1);
    g_assert_true(set_layout(stage, "spotlight", 0, "ease-in"));
    people.play_until(ms(1900));
    assert_color(last(stage, 1270, 10), kRed); // at once
    gchar *layout = nullptr;
    g_object_get(stage.compositor(), "layout", &layout, nullptr);
    g_assert_cmpstr(layout, ==, "spotlight");
    g_free(layout);

    g_assert_false(set_layout(stage, "gird", 0, "linear"));
    g_assert_nonnull(strstr(warning(stage).c_str(), "did you mean 'grid'?"));
    g_assert_false(set_layout(stage, "{\"regions\":[{\"x\":2}]}", 0, "linear"));
    g_assert_nonnull(strstr(warning(stage).c_str(), "line 1, column 18"));
    g_assert_false(set_layout(stage, "grid", 5001, "linear"));
    g_assert_nonnull(strstr(warning(stage).c_str(), "choose 0 to 5000"));
    people.play_until(ms(2000));
    assert_color(last(stage, 1270, 10), kRed);
}

/// Who goes shrinks where it was, and is gone in the end.
void test_leaving() {
    Stage stage;
    g_object_set(stage.compositor(), "transition", 600, "transition-ease", 0, nullptr);
    Ensemble people(stage, 2);
    stage.play();
    people.play_until(ms(1000));
    people.leave(1);
    people.play_until(ms(1350));
    assert_color(last(stage, 956, 360), kGreen);
    g_assert_false(looks_like(last(stage, 660, 140), kGreen)); // was its corner
    people.play_until(ms(2000));
    assert_color(last(stage, 956, 360), kRed);
    stage.assert_steps();
}

/// The share takes the main area by itself, and gives it back.
void test_screen_layout() {
    Stage stage("layout=screen");
    Ensemble people(stage, 3);
    stage.play();
    people.play_until(ms(300));
    assert_color(last(stage, 640, 600), kBlue); // as in the grid
    g_object_set(people[1].sink(), "screen", TRUE, nullptr);
    people.play_until(ms(600));
    assert_color(last(stage, 100, 360), kGreen);
    assert_color(last(stage, 1000, 360), kGreen);
    g_object_set(people[2].sink(), "screen", TRUE, nullptr); // newer
    people.play_until(ms(900));
    assert_color(last(stage, 100, 360), kBlue);
    g_object_set(people[1].sink(), "screen", FALSE, nullptr);
    g_object_set(people[2].sink(), "screen", FALSE, nullptr);
    people.play_until(ms(1200));
    assert_color(last(stage, 640, 600), kBlue);
}

/// Sound alone takes a tile only where that is wanted, and gives it to the picture of the same number.
void test_placeholder() {
    constexpr Rgb kTile{0x20, 0x26, 0x2f};
    Stage stage;
    Ensemble people(stage, 1);
    Feed bo(stage.compositor(), "audio_1"), viewer(stage.compositor(), "audio_2");
    stage.play();
    people.play_until(ms(300));
    assert_color(last(stage, 1270, 10), kRed); // alone on the canvas
    g_object_set(bo.sink(), "placeholder", TRUE, "label", "Bo", nullptr);
    people.play_until(ms(600));
    assert_color(last(stage, 100, 300), kRed); // two tiles, 10..634 and 644..1268 x 126..594
    assert_color(last(stage, 700, 200), kTile);
    g_assert_false(looks_like(last(stage, 956, 290), kTile)); // initials on a circle
    g_object_set(bo.sink(), "pinned", TRUE, nullptr);
    people.play_until(ms(900));
    assert_color(last(stage, 100, 200), kTile);
    {
        Feed picture(stage.compositor(), "video_1");
        picture.caps(kSmall);
        picture.picture(stage.time(), kGreen);
        people.play_until(ms(1200));
        assert_color(last(stage, 700, 300), kGreen); // its own pad is not pinned
        assert_color(last(stage, 100, 300), kRed);
    }
    people.play_until(ms(1500));
    assert_color(last(stage, 100, 200), kTile);
    bo.leave();
    people.play_until(ms(1800));
    assert_color(last(stage, 1270, 10), kRed);
    gboolean placeholder = TRUE;
    g_object_get(viewer.sink(), "placeholder", &placeholder, nullptr);
    g_assert_false(placeholder);
}

/// Who had no tile and sends nothing gets up to 500 ms for a first picture before the layout changes without it.
void test_waits_for_a_first_picture() {
    constexpr Rgb kTile{0x20, 0x26, 0x2f};
    Stage stage("layout=spotlight");
    Ensemble people(stage, 1);
    Feed hidden(stage.compositor(), "video_1");
    hidden.caps(kSmall);
    stage.play();
    people.play_until(ms(500));
    g_object_set(stage.compositor(), "layout", "grid", nullptr);
    people.play_until(ms(800));
    assert_color(last(stage, 640, 20), kRed); // still alone
    hidden.picture(stage.time(), kGreen);
    people.play_until(ms(1000));
    assert_color(last(stage, 956, 360), kGreen);
    assert_color(last(stage, 640, 20), kBackground);
    for (size_t i = 0; i < stage.pictures(); ++i)
        g_assert_false(looks_like(stage.pixel(i, 700, 200), kTile));

    // A picture of long ago is none, and nobody is waited for longer than that.
    g_object_set(stage.compositor(), "layout", "spotlight", nullptr);
    people.play_until(ms(3000));
    assert_color(last(stage, 640, 20), kRed);
    g_object_set(stage.compositor(), "layout", "grid", nullptr);
    people.play_until(ms(3400));
    assert_color(last(stage, 640, 20), kRed);
    people.play_until(ms(3800));
    assert_color(last(stage, 640, 20), kBackground);
    assert_color(last(stage, 16, 360), kRed);

    // Nor is somebody who has switched the camera off.
    g_object_set(stage.compositor(), "layout", "spotlight", nullptr);
    people.play_until(ms(4400));
    g_object_set(hidden.sink(), "muted", TRUE, nullptr);
    g_object_set(stage.compositor(), "layout", "grid", nullptr);
    people.play_until(ms(4600));
    assert_color(last(stage, 700, 200), kTile);
    stage.assert_steps();
}

void test_absurd_descriptions() {
    Stage stage;
    Ensemble people(stage, 2);
    stage.play();
    people.play_until(ms(200));
    const std::string deep = "{\"regions\":" + std::string(100, '[') + std::string(100, ']') + "}";
    const std::array<std::pair<std::string, const char *>, 6> cases{
        {{deep, "line 1, column 28: nested too deeply"},
         {"{\"regions\":[{\"x\":NaN}]}", "line 1, column 18: expected a value"},
         {"{\"regions\":[{\"width\":1e308}]}", "line 1, column 22: 'width' is a number from 0.01 to 1"},
         {"{\"regions\":[{\"radius\":16384}]}", "line 1, column 23: 'radius' is a whole number from 0 to 360"},
         {"{\"regions\":[{\"show\":\"any\",\"show\":\"any\"}]}", "line 1, column 33: 'show' is there twice"},
         {"{\"regions\":[]}", "line 1, column 12: 'regions' is a list of at least one region"}}};
    for (const auto &[layout, error] : cases) {
        g_object_set(stage.compositor(), "layout", layout.c_str(), nullptr);
        const std::string said = warning(stage);
        g_assert_cmpstr(said.c_str(), ==, error);
    }
    people.play_until(ms(400));
    assert_color(last(stage, 16, 360), kRed);
    assert_color(last(stage, 1260, 360), kGreen);
}

} // namespace

int main(int argc, char **argv) {
    gst_init(&argc, &argv);
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/staging/gap-and-radius", test_gap_and_radius);
    g_test_add_func("/staging/speaker-border", test_speaker_border);
    g_test_add_func("/staging/set-layout", test_set_layout);
    g_test_add_func("/staging/leaving", test_leaving);
    g_test_add_func("/staging/screen-layout", test_screen_layout);
    g_test_add_func("/staging/placeholder", test_placeholder);
    g_test_add_func("/staging/first-picture", test_waits_for_a_first_picture);
    g_test_add_func("/staging/absurd-descriptions", test_absurd_descriptions);
    return g_test_run();
}
