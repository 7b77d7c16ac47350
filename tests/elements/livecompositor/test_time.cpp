// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The element on a test clock: participants who are gone for a while stay in sync when they are back.

#include "stage.h"

#include <cmath>
#include <cstdlib>
#include <functional>
#include <memory>

namespace {

const char *const kPicture = "video/x-raw,format=I420,width=320,height=180,framerate=30/1,colorimetry=bt709";
const char *const kSound = "audio/x-raw,format=S16LE,rate=48000,channels=2,layout=interleaved,channel-mask=(bitmask)3";

/// One person in front of a camera and a microphone, who claps once a second: a flash and a beep of 200 ms.
class Person {
  public:
    explicit Person(Stage &stage) : stage_(stage) { join(); }

    void join() {
        picture_ = std::make_unique<Feed>(stage_.compositor(), "video_0");
        sound_ = std::make_unique<Feed>(stage_.compositor(), "audio_0");
        caps(kPicture, kSound, 30);
    }
    void leave() {
        picture_.reset();
        sound_.reset();
    }
    void caps(const char *picture, const char *sound, int fps) {
        picture_->caps(picture);
        sound_->caps(sound);
        fps_ = fps;
    }
    /// From recording to arrival.
    void late(GstClockTime picture, GstClockTime sound) {
        picture_late_ = picture;
        sound_late_ = sound;
    }
    /// Stamps count from here on.
    void zero(GstClockTime at) { zero_ = at; }
    Feed &picture() { return *picture_; }
    Feed &sound() { return *sound_; }

    void perform(GstClockTime from, GstClockTime until) {
        GstClockTime next_picture = from, next_sound = from;
        while (next_picture < until || next_sound < until) {
            const GstClockTime p = next_picture + picture_late_, s = next_sound + sound_late_;
            stage_.run_until(std::min(p, s));
            if (p <= s) {
                picture_->picture(next_picture - zero_, claps(next_picture) ? kGreen : kRed);
                next_picture += GST_SECOND / static_cast<guint64>(fps_);
            } else {
                sound_->samples(next_sound - zero_, 960, claps(next_sound) ? 8000 : 0);
                next_sound += ms(20);
            }
        }
    }

  private:
    /// At times that have a picture and a packet of sound of their own.
    static bool claps(GstClockTime t) { return (t + 100) % GST_SECOND >= ms(500) && (t + 100) % GST_SECOND < ms(700); }

    Stage &stage_;
    std::unique_ptr<Feed> picture_, sound_;
    int fps_ = 30;
    GstClockTime zero_ = 0, picture_late_ = ms(70), sound_late_ = ms(40);
};

/// Every flash that left from `from` on has its beep within `most` ms; returns how many there are.
int assert_in_sync(Stage &stage, const char *name, GstClockTime from, int most) {
    const auto sound = stage.sound();
    int flashes = 0;
    for (size_t i = 1; i < stage.pictures(); ++i) {
        if (stage.picture_pts(i) < from || !looks_like(stage.pixel(i, 324, 360), kGreen) ||
            looks_like(stage.pixel(i - 1, 324, 360), kGreen))
            continue;
        ++flashes;
        const auto flash = static_cast<int>(stage.picture_pts(i) / GST_MSECOND);
        size_t beep = static_cast<size_t>(flash - 300) * 48;
        while (beep < sound.size() / 2 && std::abs(sound[2 * beep]) < 4000)
            ++beep;
        const int offset = static_cast<int>(beep / 48) - flash;
        g_test_message("%s: flash at %d ms, beep %+d ms", name, flash, offset);
        if (std::abs(offset) > most)
            g_error("%s: flash at %d ms, beep %+d ms", name, flash, offset);
    }
    return flashes;
}

struct Return {
    const char *name;
    std::function<void(Person &, GstClockTime now)> gone; ///< when the gap begins
    std::function<void(Person &, GstClockTime now)> back; ///< when it ends
};

const Return kReturns[] = {
    {"nothing happened", [](Person &, GstClockTime) {}, [](Person &, GstClockTime) {}},
    {"new segment", [](Person &, GstClockTime) {},
     [](Person &p, GstClockTime now) {
         p.zero(now);
         p.picture().segment(now);
         p.sound().segment(now);
     }},
    {"stamps from zero", [](Person &, GstClockTime) {}, [](Person &p, GstClockTime now) { p.zero(now); }},
    {"stamps of another world", [](Person &, GstClockTime) {},
     [](Person &p, GstClockTime now) { p.zero(now - 1000 * GST_SECOND); }},
    {"another size and rate", [](Person &, GstClockTime) {},
     [](Person &p, GstClockTime) {
         p.caps("video/x-raw,format=I420,width=640,height=360,framerate=50/1,colorimetry=bt709",
                "audio/x-raw,format=S16LE,rate=48000,channels=2,layout=interleaved,channel-mask=(bitmask)3", 50);
     }},
    {"flush",
     [](Person &p, GstClockTime) {
         p.picture().flush();
         p.sound().flush();
     },
     [](Person &p, GstClockTime) {
         p.picture().flush();
         p.sound().flush();
     }},
    {"end and new stream",
     [](Person &p, GstClockTime) {
         p.picture().eos();
         p.sound().eos();
     },
     [](Person &p, GstClockTime now) {
         p.picture().restart();
         p.sound().restart();
         p.caps(kPicture, kSound, 30);
         p.zero(now);
     }},
    {"left and joined", [](Person &p, GstClockTime) { p.leave(); }, [](Person &p, GstClockTime) { p.join(); }},
};

void test_returns() {
    for (const Return &row : kReturns) {
        Stage stage;
        Person person(stage);
        stage.play();
        person.perform(0, 3 * GST_SECOND);
        row.gone(person, stage.time());
        stage.run_until(13 * GST_SECOND);
        row.back(person, 13 * GST_SECOND);
        person.perform(13 * GST_SECOND, 18 * GST_SECOND);
        stage.run_until(stage.time() + ms(200));
        stage.assert_steps();
        g_assert_cmpint(assert_in_sync(stage, row.name, 0, 20), ==, 8);
    }
}

/// Sound that is late delays the picture beside it, and only that.
void test_late_sound() {
    Stage stage;
    Person person(stage);
    person.late(ms(70), ms(250)); // the sound: 150 ms more than the element waits
    Feed other(stage.compositor(), "video_1");
    stage.play();
    other.caps(kPicture);
    person.perform(0, 10 * GST_SECOND);
    g_assert_cmpint(assert_in_sync(stage, "late sound", 2 * GST_SECOND, 20), >=, 7);
    GstClockTime now = stage.time();
    other.picture(now, kBlue);
    stage.run_until(now + ms(140));
    assert_color(stage.pixel(stage.pictures() - 1, 956, 360), kBlue);
    person.sound().leave(); // nothing to wait for any more
    now = stage.time();
    person.picture().picture(now, kBlue);
    stage.run_until(now + ms(140));
    assert_color(stage.pixel(stage.pictures() - 1, 324, 360), kBlue);
}

/// More pictures than may wait: they are shown early then, not left out until nothing moves.
void test_more_than_may_wait() {
    Stage stage("latency=500");
    Feed feed(stage.compositor(), "video_0");
    stage.play();
    feed.caps(kPicture);
    for (GstClockTime t = 0; t < 6 * GST_SECOND; t += GST_SECOND / 120) {
        feed.picture(t + ms(1500), t / GST_SECOND % 2 ? kGreen : kRed);
        stage.run_until(t);
    }
    int changes = 0;
    for (size_t i = 1; i < stage.pictures(); ++i)
        changes += looks_like(stage.pixel(i, 640, 360), kGreen) != looks_like(stage.pixel(i - 1, 640, 360), kGreen);
    g_assert_cmpint(changes, >=, 4);
    stage.assert_steps();
}

} // namespace

int main(int argc, char **argv) {
    gst_init(&argc, &argv);
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/livecompositor/time/returns", test_returns);
    g_test_add_func("/livecompositor/time/late-sound", test_late_sound);
    g_test_add_func("/livecompositor/time/more-than-may-wait", test_more_than_may_wait);
    return g_test_run();
}
