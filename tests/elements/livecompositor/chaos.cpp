// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A long show on a test clock. Guests come, go, freeze, flush, lie about time and change size, rate and format at
// random, each in a thread of its own; the director changes every property there is and now and then stops everything.
// Meanwhile one reference guest claps once a second. Asserted: constant rate and exact times, no error, no growth, lips
// in sync.
//
// ROSTRUM_CHAOS_SECONDS: how long, in seconds of the show (120). ROSTRUM_CHAOS_SEED: which show; it is printed.

#include "stage.h"

#include <malloc.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <condition_variable>
#include <cstdlib>
#include <memory>
#include <optional>
#include <random>
#include <thread>

namespace {

constexpr GstClockTime kTick = ms(20);
constexpr int kGuests = 6;
constexpr guint64 kCalmSeconds = 30; // so often all guests leave, to see what is left of them
constexpr guint64 kCalmLength = 6;   // the longest that a source which is not live can be held back: 2 s + 2 s
constexpr size_t kMostBytes = size_t{128} << 20;     // in a calm: what waits and what pools keep
constexpr size_t kGrowthBytes = 4 << 20;             // from one half of a long run to the other
constexpr int kSyncMs = 40;                          // between flash and beep
constexpr Rgb kFlash{255, 0, 255}, kRest{0, 255, 0}; // colours that nobody else has
constexpr int kBeep = 12000, kBeepMin = 6500;        // the others together stay below
const char *const kTexts[] = {"",
                              "Ann Lee",
                              "مرحبا بالعالم",
                              "日本語のテキスト",
                              "👩‍🚀🎉",
                              "#336699",
                              "black",
                              "red",
                              "a\nb\tc",
                              "{}",
                              "/nonexistent/picture.png",
                              "00:10",
                              "10",
                              "-1",
                              "\"quotes\" & <b>"};
const char *const kHalfPinned = R"({"regions": [{"x": 0, "y": 0, "width": 0.5, "height": 1, "show": "pinned"},
                                          {"x": 0.5, "y": 0, "width": 0.5, "height": 1, "max": 9}]})";
const char *const kLayouts[] = {"grid",   "sidebar", "spotlight", "pip",
                                "screen", "gird",    kHalfPinned, R"({"regions":[{"x":-1}]})"};

class Dice {
  public:
    explicit Dice(unsigned seed) : engine_(seed) {}
    int below(int n) { return std::uniform_int_distribution<int>(0, n - 1)(engine_); }
    bool one_in(int n) { return below(n) == 0; }
    template <class T, size_t n> const T &of(const T (&all)[n]) {
        return all[static_cast<size_t>(below(static_cast<int>(n)))];
    }

  private:
    std::mt19937 engine_;
};

/// Sets a property to something, usually a value that it can have.
void turn(GObject *object, GParamSpec *spec, Dice &dice) {
    const char *const name = spec->name;
    if (G_IS_PARAM_SPEC_STRING(spec)) {
        g_object_set(object, name, dice.of(kTexts), nullptr);
    } else if (G_IS_PARAM_SPEC_BOOLEAN(spec)) {
        g_object_set(object, name, dice.below(2), nullptr);
    } else if (G_IS_PARAM_SPEC_ENUM(spec)) {
        const GEnumClass *values = G_PARAM_SPEC_ENUM(spec)->enum_class;
        g_object_set(object, name, values->values[dice.below(static_cast<int>(values->n_values))].value, nullptr);
    } else if (G_IS_PARAM_SPEC_DOUBLE(spec)) {
        const auto *range = G_PARAM_SPEC_DOUBLE(spec);
        g_object_set(object, name,
                     range->minimum + (std::min(range->maximum, 2.0) - range->minimum) * dice.below(101) / 100,
                     nullptr);
    } else if (G_IS_PARAM_SPEC_UINT(spec)) {
        const auto *range = G_PARAM_SPEC_UINT(spec);
        const guint most = std::min(range->maximum, range->minimum + 2000);
        g_object_set(object, name,
                     range->minimum + static_cast<guint>(dice.below(static_cast<int>(most - range->minimum) + 1)),
                     nullptr);
    } else if (G_IS_PARAM_SPEC_INT64(spec)) { // a time: past, soon, far
        const gint64 now = g_get_real_time() / 1000, times[] = {0, 1, now, now + 5000, G_MAXINT64};
        g_object_set(object, name, dice.of(times), nullptr);
    } else if (G_IS_PARAM_SPEC_INT(spec)) {
        const auto *range = G_PARAM_SPEC_INT(spec);
        g_object_set(object, name, std::clamp(dice.below(30) - 1, range->minimum, range->maximum), nullptr);
    }
}

std::vector<GParamSpec *> writable(GObject *object, std::initializer_list<const char *> but) {
    guint count = 0;
    GParamSpec **all = g_object_class_list_properties(G_OBJECT_GET_CLASS(object), &count);
    std::vector<GParamSpec *> chosen;
    for (guint i = 0; i < count; ++i) {
        const bool ours = g_type_is_a(all[i]->owner_type, GST_TYPE_ELEMENT)
                              ? all[i]->owner_type == G_OBJECT_TYPE(object)
                              : all[i]->owner_type == G_OBJECT_TYPE(object);
        const bool excluded =
            std::any_of(but.begin(), but.end(), [&](const char *n) { return !g_strcmp0(n, all[i]->name); });
        if (ours && !excluded && all[i]->flags & G_PARAM_WRITABLE)
            chosen.push_back(all[i]);
    }
    g_free(all);
    return chosen;
}

/// The clock of the guests: they wait for the next tick, and the show does not run away from them.
class Ticks {
  public:
    void advance() {
        const std::lock_guard lock(mutex_);
        ++now_;
        changed_.notify_all();
    }
    /// False: the show is over.
    bool wait_after(guint64 seen) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return over_ || now_ > seen; });
        return !over_;
    }
    guint64 now() {
        const std::lock_guard lock(mutex_);
        return now_;
    }
    void end() {
        const std::lock_guard lock(mutex_);
        over_ = true;
        changed_.notify_all();
    }

    std::atomic<guint64> stops{0}; ///< how often everything was stopped
    std::atomic<bool> calm{false}; ///< everybody leaves
    std::atomic<int> present{0};

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    guint64 now_ = 0;
    bool over_ = false;
};

std::string any_picture(Dice &dice) {
    const char *const formats[] = {"I420", "NV12", "YUY2", "RGBA", "GRAY8", "Y42B", "I420"};
    const char *const aspects[] = {"1/1", "1/1", "1/2", "2/1", "16/11"};
    const std::pair<int, int> sizes[] = {{320, 180}, {640, 360}, {1280, 720}, {180, 320},
                                         {1, 1},     {333, 77},  {640, 480}};
    const auto &[w, h] = dice.of(sizes);
    gchar *caps = g_strdup_printf("video/x-raw,format=%s,width=%d,height=%d,framerate=%d/1,pixel-aspect-ratio=%s",
                                  dice.of(formats), w, h, dice.below(60), dice.of(aspects));
    std::string text = caps;
    g_free(caps);
    return text;
}

std::string any_sound(Dice &dice) {
    const int rates[] = {8000, 16000, 44100, 48000, 48000, 96000};
    const int channels = 1 + dice.below(2);
    gchar *caps = g_strdup_printf("audio/x-raw,format=S16LE,rate=%d,channels=%d,layout=interleaved%s", dice.of(rates),
                                  channels, channels == 2 ? ",channel-mask=(bitmask)3" : "");
    std::string text = caps;
    g_free(caps);
    return text;
}

class Guest {
  public:
    Guest(Stage &stage, Ticks &ticks, unsigned seed, bool live)
        : stage_(stage), ticks_(ticks), dice_(seed), live_(live), thread_([this] { run(); }) {}
    ~Guest() { thread_.join(); }

  private:
    void run() {
        for (guint64 tick = 0; ticks_.wait_after(tick); tick = ticks_.now()) {
            if (ticks_.calm) {
                leave();
                continue;
            }
            if (!picture_ && dice_.one_in(20))
                join();
            if (!picture_)
                continue;
            if (stops_ != ticks_.stops)
                begin_again();
            if (dice_.one_in(50))
                act();
            if (picture_ && now() >= frozen_until_)
                perform();
        }
        leave();
    }

    GstClockTime now() const { return stage_.time(); }

    void join() {
        const std::string n = std::to_string(dice_.below(40));
        GstElement *c = stage_.compositor();
        GstPad *taken = gst_element_get_static_pad(c, ("video_" + n).c_str());
        if (taken) {
            gst_object_unref(taken);
            return;
        }
        picture_ = std::make_unique<Feed>(c, "video_%u", live_);
        sound_ = std::make_unique<Feed>(c, "audio_%u", live_);
        ++ticks_.present;
        stops_ = ticks_.stops;
        new_caps();
    }
    void leave() {
        if (!picture_)
            return;
        picture_.reset();
        sound_.reset();
        --ticks_.present;
    }
    void begin_again() {
        stops_ = ticks_.stops;
        picture_->restart();
        sound_->restart();
        new_caps();
    }
    void new_caps() {
        picture_caps_ = any_picture(dice_);
        sound_caps_ = any_sound(dice_);
        picture_->caps(picture_caps_);
        sound_->caps(sound_caps_);
        GstCaps *caps = gst_caps_from_string(picture_caps_.c_str());
        GstVideoInfo info;
        g_assert_true(gst_video_info_from_caps(&info, caps));
        gst_caps_unref(caps);
        picture_bytes_ = info.size;
        zero_ = 0;
    }
    void act() {
        switch (dice_.below(8)) {
        case 0:
            return leave();
        case 1:
            frozen_until_ = now() + ms(100) * static_cast<guint64>(dice_.below(30));
            return;
        case 2:
            return new_caps();
        case 3:
            picture_->flush();
            sound_->flush();
            return;
        case 4:
            picture_->eos();
            sound_->eos();
            return begin_again();
        case 5:
            zero_ = now(); // stamps begin anew
            return;
        case 6:
            for (int i = 0; i < 30; ++i) // what a stall kept
                push_picture(now() > ms(33) * static_cast<guint64>(i) ? now() - ms(33) * static_cast<guint64>(i) : 0);
            return;
        default:
            for (Feed *feed : {picture_.get(), sound_.get()}) {
                const auto all = writable(G_OBJECT(feed->sink()), {"pinned"});
                turn(G_OBJECT(feed->sink()), all[static_cast<size_t>(dice_.below(static_cast<int>(all.size())))],
                     dice_);
            }
        }
    }
    void perform() {
        push_picture(now());
        std::vector<int16_t> noise(static_cast<size_t>(960 + dice_.below(3)) * 2);
        for (auto &s : noise)
            s = static_cast<int16_t>(dice_.below(400) - 200);
        sound_->push(gst_buffer_new_memdup(noise.data(), noise.size() * 2), stamp(now()));
    }
    void push_picture(GstClockTime at) {
        GstBuffer *buffer = gst_buffer_new_allocate(nullptr, picture_bytes_, nullptr);
        gst_buffer_memset(buffer, 0, 0x80, picture_bytes_); // gray in every format but RGBA, where it is gray, too
        picture_->push(buffer, stamp(at));
    }
    GstClockTime stamp(GstClockTime at) {
        if (dice_.one_in(100))
            return GST_CLOCK_TIME_NONE;
        return at > zero_ ? at - zero_ : 0;
    }

    Stage &stage_;
    Ticks &ticks_;
    Dice dice_;
    const bool live_;
    std::unique_ptr<Feed> picture_, sound_;
    std::string picture_caps_, sound_caps_;
    size_t picture_bytes_ = 0;
    guint64 stops_ = 0;
    GstClockTime frozen_until_ = 0, zero_ = 0;
    std::thread thread_;
};

/// Claps once a second; pushes in the show's own thread, so that its time is exact.
class Reference {
  public:
    explicit Reference(Stage &stage)
        : picture_(stage.compositor(), "video_50"), sound_(stage.compositor(), "audio_50") {
        g_object_set(picture_.sink(), "pinned", TRUE, "label", "Reference", nullptr);
        caps();
    }
    void begin_again() {
        picture_.restart();
        sound_.restart();
        caps();
    }
    void perform(GstClockTime now) {
        const bool clap = now % GST_SECOND >= ms(500) && now % GST_SECOND < ms(700);
        picture_.picture(now, clap ? kFlash : kRest);
        sound_.samples(now, 960, clap ? kBeep : 0);
    }

  private:
    void caps() {
        picture_.caps("video/x-raw,format=I420,width=320,height=180,framerate=50/1,colorimetry=bt709");
        sound_.caps("audio/x-raw,format=S16LE,rate=48000,channels=2,layout=interleaved,channel-mask=(bitmask)3");
    }
    Feed picture_, sound_;
};

class Show {
  public:
    Show(unsigned seed, guint64 seconds)
        : seconds_(seconds), dice_(seed), stage_("width=640 height=360"), reference_(stage_) {
        for (unsigned i = 0; i < kGuests; ++i)
            guests_.push_back(std::make_unique<Guest>(stage_, ticks_, seed * 100 + i, i > 0));
    }
    ~Show() {
        ticks_.end();
        stage_.stop(); // lets go of the guest who is not live
    }

    void run() {
        stage_.play();
        for (guint64 second = 0; second < seconds_; ++second) {
            ticks_.calm = second % kCalmSeconds >= kCalmSeconds - kCalmLength;
            if (second % kCalmSeconds == kCalmSeconds - 1)
                settle();
            for (GstClockTime passed = 0; passed < GST_SECOND; passed += kTick) {
                tick();
                if (!ticks_.calm && dice_.one_in(25))
                    direct();
            }
            check();
            if (second % kCalmSeconds == kCalmSeconds - 1)
                weigh(second);
            if (!ticks_.calm && dice_.one_in(8))
                stop_and_go();
        }
        g_test_message("%" G_GUINT64_FORMAT
                       " s, %zu pictures, %d claps in sync (%d not seen), most %d ms apart; %" G_GUINT64_FORMAT
                       " stops",
                       seconds_, pictures_, claps_, unseen_, apart_, ticks_.stops.load());
        g_assert_cmpint(claps_, >, 2 * unseen_);
        if (calms_.size() < 20)
            return;
        const auto half = calms_.begin() + static_cast<std::ptrdiff_t>(calms_.size() / 2);
        const size_t before = *std::min_element(calms_.begin(), half), after = *std::min_element(half, calms_.end());
        g_test_message("least in use: %zu KiB in the first half, %zu KiB in the second", before >> 10, after >> 10);
        g_assert_cmpuint(after, <, before + kGrowthBytes);
    }

  private:
    enum class Seen { Nothing, Rest, Flash };

    void tick() {
        reference_.perform(now_);
        ticks_.advance();
        stage_.run_until(now_ += kTick);
    }

    void direct() {
        GObject *c = G_OBJECT(stage_.compositor());
        gst_util_set_object_arg(c, "slate-mode", "auto"); // the slate, which hides all, not for long
        switch (dice_.below(4)) {
        case 0:
            g_object_set(c, "layout", dice_.of(kLayouts), nullptr);
            return;
        case 1: {
            const std::pair<int, int> sizes[] = {{640, 360}, {360, 640}, {854, 480}, {64, 64}, {0, 16384}};
            const auto &[w, h] = dice_.of(sizes);
            g_object_set(c, "width", w, "height", h, nullptr);
            return;
        }
        case 2: {
            const char *const rates[] = {"25/1", "30/1", "30000/1001", "50/1", "60/1", "0/1"};
            gst_util_set_object_arg(c, "framerate", dice_.of(rates));
            return;
        }
        default:
            const auto all = writable(c, {"layout", "width", "height", "framerate"});
            turn(c, all[static_cast<size_t>(dice_.below(static_cast<int>(all.size())))], dice_);
        }
    }

    void stop_and_go() {
        const GstState states[] = {GST_STATE_PAUSED, GST_STATE_READY, GST_STATE_NULL};
        const GstState state = dice_.of(states);
        stage_.set_state(state);
        if (state != GST_STATE_PAUSED) {
            next_picture_ = next_block_ = GST_CLOCK_TIME_NONE; // begins with what is due then
            ++ticks_.stops;
        }
        stage_.set_state(GST_STATE_PLAYING);
        if (state != GST_STATE_PAUSED)
            reference_.begin_again();
        stage_.run_until(stage_.time());
    }

    /// Everything that came in the last second.
    void check() {
        const std::lock_guard video(stage_.video_.mutex), audio(stage_.audio_.mutex);
        for (size_t i = 0; i < stage_.video_.buffers.size(); ++i) {
            GstBuffer *buffer = stage_.video_.buffers[i];
            GstVideoInfo info;
            g_assert_true(gst_video_info_from_caps(&info, stage_.video_.caps[i]));
            follows(buffer, next_picture_);
            const auto period = static_cast<gint64>(gst_util_uint64_scale(GST_SECOND, info.fps_d, info.fps_n));
            g_assert_cmpint(std::abs(static_cast<gint64>(GST_BUFFER_DURATION(buffer)) - period), <=, 1);
            g_assert_cmpuint(gst_buffer_get_size(buffer), ==, info.size);
            see(buffer, info);
        }
        pictures_ += stage_.video_.buffers.size();
        for (GstBuffer *buffer : stage_.audio_.buffers) {
            follows(buffer, next_block_);
            g_assert_cmpuint(GST_BUFFER_DURATION(buffer), ==, ms(10));
            hear(buffer);
        }
        // No later than a frame and the delay: nothing was left out.
        if (next_picture_ != GST_CLOCK_TIME_NONE)
            g_assert_cmpuint(next_picture_ + kMaxDelay, >, stage_.time());
        stage_.forget_locked();
        while (GstMessage *message = stage_.pop(GST_MESSAGE_ERROR)) {
            GError *error = nullptr;
            gst_message_parse_error(message, &error, nullptr);
            g_error("error on the bus: %s", error->message);
        }
    }

    static void follows(GstBuffer *buffer, GstClockTime &next) {
        if (next != GST_CLOCK_TIME_NONE)
            g_assert_cmpuint(GST_BUFFER_PTS(buffer), ==, next);
        next = GST_BUFFER_PTS(buffer) + GST_BUFFER_DURATION(buffer);
    }

    void see(GstBuffer *buffer, GstVideoInfo &info) {
        GstVideoFrame frame;
        g_assert_true(gst_video_frame_map(&frame, &info, buffer, GST_MAP_READ));
        Seen seen = Seen::Nothing;
        for (int y = 0; y < info.height / 2 && seen != Seen::Flash; y += 3)
            for (int x = 0; x < info.width / 2 && seen != Seen::Flash; x += 3) {
                const auto at = [&](guint plane) {
                    return static_cast<const guint8 *>(
                        GST_VIDEO_FRAME_PLANE_DATA(&frame, plane))[y * GST_VIDEO_FRAME_PLANE_STRIDE(&frame, plane) + x];
                };
                if (at(1) > 200 && at(2) > 200)
                    seen = Seen::Flash;
                else if (at(1) < 50 && at(2) < 50)
                    seen = Seen::Rest;
            }
        gst_video_frame_unmap(&frame);
        if (seen == Seen::Flash && seen_ == Seen::Rest) // and not because something went out of its way
            flash_ = GST_BUFFER_PTS(buffer);
        seen_ = seen;
    }

    void hear(GstBuffer *buffer) {
        GstMapInfo map;
        g_assert_true(gst_buffer_map(buffer, &map, GST_MAP_READ));
        const auto *samples = reinterpret_cast<const int16_t *>(map.data);
        bool beep = false;
        GstClockTime onset = GST_BUFFER_PTS(buffer);
        for (size_t i = 0; i < map.size / 2 && !beep; i += 2) {
            beep = samples[i] > kBeepMin;
            if (beep)
                onset += i / 2 * GST_SECOND / 48000;
        }
        gst_buffer_unmap(buffer, &map);
        if (beep && !beeping_)
            compare(onset);
        beeping_ = beep;
    }

    /// Pictures were seen before the sound of the same second is heard.
    void compare(GstClockTime beep) {
        const auto distance = static_cast<int>((static_cast<gint64>(beep) - static_cast<gint64>(flash_)) / 1'000'000);
        if (std::abs(distance) > 300) {
            ++unseen_; // hidden by what the director did
            return;
        }
        if (std::abs(distance) > kSyncMs)
            g_error("at %" GST_TIME_FORMAT " the beep is %+d ms from its flash", GST_TIME_ARGS(beep), distance);
        apart_ = std::max(apart_, std::abs(distance));
        ++claps_;
    }

    /// What differs from calm to calm only because the pictures are larger or wait longer.
    void settle() {
        GObject *c = G_OBJECT(stage_.compositor());
        g_object_set(c, "width", 64, "height", 64, nullptr);
        gst_util_set_object_arg(c, "framerate", "25/1");
    }

    /// All guests have left: what is still in use?
    void weigh(guint64 second) {
        const gint64 deadline = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;
        while (ticks_.present > 0 && g_get_monotonic_time() < deadline) { // somebody is held back, or has not run yet
            tick();
            check();
        }
        g_assert_cmpint(ticks_.present, ==, 0);
        const struct mallinfo2 info = mallinfo2();
        const size_t bytes = info.uordblks + info.hblkhd;
        g_assert_cmpuint(bytes, <, kMostBytes);
        calms_.push_back(bytes);
        g_test_message("%" G_GUINT64_FORMAT " s: %zu KiB in use", second + 1, bytes >> 10);
    }

    static constexpr GstClockTime kMaxDelay = ms(2200);
    const guint64 seconds_;
    GstClockTime now_ = 0;
    Dice dice_;
    Ticks ticks_;
    Stage stage_;
    Reference reference_;
    std::vector<std::unique_ptr<Guest>> guests_;
    GstClockTime next_picture_ = GST_CLOCK_TIME_NONE, next_block_ = GST_CLOCK_TIME_NONE;
    GstClockTime flash_ = 0;
    Seen seen_ = Seen::Nothing; ///< of the reference
    bool beeping_ = false;
    int claps_ = 0, unseen_ = 0, apart_ = 0;
    size_t pictures_ = 0;
    std::vector<size_t> calms_; ///< bytes in use
};

guint64 number(const char *name, guint64 otherwise) {
    const char *text = std::getenv(name);
    return text ? g_ascii_strtoull(text, nullptr, 10) : otherwise;
}

void test_chaos() {
    const auto seed = static_cast<unsigned>(number("ROSTRUM_CHAOS_SEED", std::random_device()() % 1'000'000));
    g_test_message("ROSTRUM_CHAOS_SEED=%u", seed);
    Show(seed, number("ROSTRUM_CHAOS_SECONDS", 120)).run();
}

} // namespace

int main(int argc, char **argv) {
    gst_init(&argc, &argv);
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/livecompositor/chaos", test_chaos);
    return g_test_run();
}
