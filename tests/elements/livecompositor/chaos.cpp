// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A long show on a test clock. Guests come, go, freeze, flush, lie about time and change size, rate and format at
// random, each in a thread of its own; the director changes every property there is and now and then stops everything.
// Meanwhile one reference guest claps once a second. Asserted: constant rate and exact times, no error, no growth, lips
// in sync.
//
// ROSTRUM_CHAOS_SECONDS: how long, in seconds of the show (120). ROSTRUM_CHAOS_SEED: which show; it is printed.

#include "guests.h"

#include <malloc.h>

#include <cmath>
#include <cstdlib>

namespace {

constexpr GstClockTime kTick = ms(20);
constexpr int kGuests = 6;
constexpr guint64 kCalmSeconds = 30; // so often all guests leave, to see what is left of them
constexpr guint64 kCalmLength = 6;   // the longest that a source which is not live can be held back: 2 s + 2 s
constexpr size_t kMostBytes = size_t{128} << 20;     // in a calm: what waits and what pools keep
constexpr size_t kGrowthBytes = 8 << 20;             // of a long run, once caches are full
constexpr int kSyncMs = 40;                          // between flash and beep
constexpr Rgb kFlash{255, 0, 255}, kRest{0, 255, 0}; // colours that nobody else has
constexpr int kBeep = 12000, kBeepMin = 6500;        // the others together stay below
const char *const kHalfPinned = R"({"regions": [{"x": 0, "y": 0, "width": 0.5, "height": 1, "show": "pinned"},
                                          {"x": 0.5, "y": 0, "width": 0.5, "height": 1, "max": 9}]})";
const char *const kLayouts[] = {"grid",   "sidebar", "spotlight", "pip",
                                "screen", "gird",    kHalfPinned, R"({"regions":[{"x":-1}]})"};

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
        assert_no_growth();
    }

  private:
    enum class Seen { Nothing, Rest, Flash };

    /// Of a long run: caches are full after its first third.
    void assert_no_growth() const {
        const auto third = static_cast<std::ptrdiff_t>(calms_.size() / 3);
        if (third < 20)
            return;
        const size_t before = *std::min_element(calms_.begin() + third, calms_.begin() + 2 * third),
                     after = *std::min_element(calms_.begin() + 2 * third, calms_.end());
        g_test_message("least in use: %zu KiB in the second third, %zu KiB in the last", before >> 10, after >> 10);
        g_assert_cmpuint(after, <, before + kGrowthBytes);
    }

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
        std::unique_lock<std::shared_mutex> lock;
        if (state != GST_STATE_PAUSED) {
            lock = std::unique_lock(ticks_.pushing);
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
    mallopt(M_ARENA_MAX, 1); // mallinfo2 knows no other
    gst_init(&argc, &argv);
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/livecompositor/chaos", test_chaos);
    return g_test_run();
}
