// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "guests.h"

#include <cmath>

namespace {

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

} // namespace

std::vector<GParamSpec *> writable(GObject *object, std::initializer_list<const char *> but) {
    guint count = 0;
    GParamSpec **all = g_object_class_list_properties(G_OBJECT_GET_CLASS(object), &count);
    std::vector<GParamSpec *> chosen;
    for (guint i = 0; i < count; ++i) {
        const bool ours = all[i]->owner_type == G_OBJECT_TYPE(object);
        const bool excluded =
            std::any_of(but.begin(), but.end(), [&](const char *n) { return !g_strcmp0(n, all[i]->name); });
        if (ours && !excluded && all[i]->flags & G_PARAM_WRITABLE)
            chosen.push_back(all[i]);
    }
    g_free(all);
    return chosen;
}

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

void Guest::run() {
    for (guint64 tick = 0; ticks_.wait_after(tick); tick = ticks_.now()) {
        const std::shared_lock lock(ticks_.pushing);
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

void Guest::join() {
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

void Guest::leave() {
    if (!picture_)
        return;
    picture_.reset();
    sound_.reset();
    --ticks_.present;
}

void Guest::begin_again() {
    stops_ = ticks_.stops;
    picture_->restart();
    sound_->restart();
    new_caps();
}

void Guest::new_caps() {
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

void Guest::act() {
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
            turn(G_OBJECT(feed->sink()), all[static_cast<size_t>(dice_.below(static_cast<int>(all.size())))], dice_);
        }
    }
}

void Guest::perform() {
    push_picture(now());
    std::vector<int16_t> noise(static_cast<size_t>(960 + dice_.below(3)) * 2);
    for (auto &s : noise)
        s = static_cast<int16_t>(dice_.below(400) - 200);
    sound_->push(gst_buffer_new_memdup(noise.data(), noise.size() * 2), stamp(now()));
}

void Guest::push_picture(GstClockTime at) {
    GstBuffer *buffer = gst_buffer_new_allocate(nullptr, picture_bytes_, nullptr);
    gst_buffer_memset(buffer, 0, 0x80, picture_bytes_); // gray in every format but RGBA, where it is gray, too
    picture_->push(buffer, stamp(at));
}

GstClockTime Guest::stamp(GstClockTime at) {
    if (dice_.one_in(100))
        return GST_CLOCK_TIME_NONE;
    return at > zero_ ? at - zero_ : 0;
}
