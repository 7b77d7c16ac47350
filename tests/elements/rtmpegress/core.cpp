// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "rtmpegress/destination.h"
#include "rtmpegress/frame_queue.h"
#include "rtmpegress/rtmp_url.h"

#include <gst/gst.h>

using namespace rostrum;

namespace {

void assert_text(const std::string &text, const char *expected) {
    g_assert_cmpstr(text.c_str(), ==, expected);
}

void test_url_parts() {
    const struct {
        const char *name, *url, *key;
        bool tls;
        const char *host;
        int port;
        const char *application, *stream, *username, *password, *display;
    } rows[] = {
        {"key apart", "rtmp://a.example/live", "k", false, "a.example", 1935, "live", "k", "", "",
         "rtmp://a.example/live/***"},
        {"key in the path", "rtmp://a/live/k", "", false, "a", 1935, "live", "k", "", "", "rtmp://a/live/***"},
        {"nested application", "rtmp://a/live/inst/k", "", false, "a", 1935, "live/inst", "k", "", "",
         "rtmp://a/live/inst/***"},
        {"rtmps and port", "rtmps://a:4430/x/", "k", true, "a", 4430, "x", "k", "", "", "rtmps://a:4430/x/***"},
        {"rtmps default port", "rtmps://a/x", "k", true, "a", 443, "x", "k", "", "", "rtmps://a/x/***"},
        {"IPv6", "rtmp://[::1]:1936/x", "k", false, "::1", 1936, "x", "k", "", "", "rtmp://[::1]:1936/x/***"},
        {"user", "rtmp://u:p%40w@a/x", "k", false, "a", 1935, "x", "k", "u", "p@w", "rtmp://a/x/***"},
        {"key with a query", "rtmp://a/x/k?auth=a/b", "", false, "a", 1935, "x", "k?auth=a/b", "", "",
         "rtmp://a/x/***"},
        {"odd key stays as it is", "rtmp://a/x", "k/%2F&=+?", false, "a", 1935, "x", "k/%2F&=+?", "", "",
         "rtmp://a/x/***"},
        {"query in the application", "rtmp://a/x?t=1", "k", false, "a", 1935, "x?t=1", "k", "", "", "rtmp://a/x/***"},
    };
    for (const auto &row : rows) {
        g_test_message("%s", row.name);
        const auto url = parse_rtmp_url(row.url, row.key);
        g_assert_true(url.ok());
        g_assert_cmpint(url.value().tls, ==, row.tls);
        assert_text(url.value().host, row.host);
        g_assert_cmpint(url.value().port, ==, row.port);
        assert_text(url.value().application, row.application);
        assert_text(url.value().stream, row.stream);
        assert_text(url.value().username, row.username);
        assert_text(url.value().password, row.password);
        assert_text(url.value().display(), row.display);
    }
}

void test_url_refused() {
    const struct {
        const char *url, *key, *text;
    } rows[] = {
        {"http://a/live", "k", "starts with rtmp"},
        {"", "k", "starts with rtmp"},
        {"RTMP:/a", "k", "starts with rtmp"},
        {"rtmp://", "k", "no valid host"},
        {"rtmp:///live", "k", "no valid host"},
        {"rtmp://a:0/live", "k", "no valid host"},
        {"rtmp://a:99999/live", "k", "no valid host"},
        {"rtmp://a:x/live", "k", "no valid host"},
        {"rtmp://[::1/live", "k", "no valid host"},
        {"rtmp://:p@a/live", "k", "no valid host"},
        {"rtmp://a", "k", "no application"},
        {"rtmp://a/k", "", "no application"},
        {"rtmp://a/live/", "", "no stream key"},
        {"rtmp://a/li ve", "k", "space or control"},
        {"rtmp://a/live", "k\r\n", "space or control"},
    };
    for (const auto &row : rows) {
        const auto url = parse_rtmp_url(row.url, row.key);
        g_assert_false(url.ok());
        g_assert_cmpint(url.error().code, ==, 400);
        g_assert_nonnull(strstr(url.error().text.c_str(), row.text));
    }
    g_assert_false(parse_rtmp_url("rtmp://a/" + std::string(5000, 'x'), "k").ok());
}

void test_secrets_masked() {
    const auto url = parse_rtmp_url("rtmp://u:pass%20word@a/live?token=tik", "key/with?sig=1").value();
    for (const char *text : {"publish key/with?sig=1 failed", "publish key%2Fwith%3Fsig%3D1 failed",
                             "only key/with here", "u:pass word", "u:pass%20word", "token=tik", "\"key/with?sig=1\""}) {
        const std::string clean = url.sanitize(text);
        for (const char *secret : {"key/with", "key%2Fwith", "pass", "tik", "sig"})
            g_assert_null(strstr(clean.c_str(), secret));
        g_assert_nonnull(strstr(clean.c_str(), "***"));
    }
    assert_text(url.sanitize("Connection refused"), "Connection refused");
    const auto signed_key = parse_rtmp_url("rtmp://a/live", "name?id=7&token=S3CRET").value();
    assert_text(signed_key.sanitize("bad token: S3CRET"), "bad token: ***");
    assert_text(signed_key.sanitize("bad id=7&token=S3CRET in 7"), "bad *** in 7");
}

FramePtr make_frame(MediaKind kind, int64_t ms, bool keyframe = false) {
    auto frame = std::make_shared<Frame>();
    frame->kind = kind;
    frame->keyframe = keyframe || kind == MediaKind::Audio;
    frame->pts = frame->dts = ms * 1'000'000;
    frame->buffer = adopt(gst_buffer_new_allocate(nullptr, 100, nullptr));
    frame->caps = adopt(gst_caps_new_empty_simple("x/y"));
    return frame;
}

std::string times(const History &history) {
    std::string text;
    for (const FramePtr &frame : history.frames())
        text += (frame->kind == MediaKind::Video ? (frame->keyframe ? " K" : " v") : " a") +
                std::to_string(frame->pts / 1'000'000);
    return text;
}

void test_history() {
    History history;
    history.add(make_frame(MediaKind::Audio, 100), true);
    history.add(make_frame(MediaKind::Video, 50), true); // cannot be decoded alone
    g_assert_null(history.start().get());
    history.add(make_frame(MediaKind::Video, 90, true), true);
    assert_text(times(history), " a100 K90");
    history.add(make_frame(MediaKind::Video, 120), true);
    history.add(make_frame(MediaKind::Audio, 300), true);
    history.add(make_frame(MediaKind::Video, 150, true), true);
    assert_text(times(history), " a300 K150"); // sound of before the keyframe is gone
    history.add(make_frame(MediaKind::Video, 150 + kHistoryNs / 1'000'000 + 1), true);
    g_assert_null(history.start().get()); // a GOP that is too long is no start any more

    History sound;
    sound.add(make_frame(MediaKind::Audio, 10), false);
    sound.add(make_frame(MediaKind::Audio, 30), false);
    assert_text(times(sound), " a30");
}

/// Records what a feed does with it.
class FakeSink final : public FrameSink {
  public:
    bool can_begin(const FramePtr &start) override { return start->dts > begun_at; }
    bool has_room() override { return !full; }
    void begin(const FramePtr &start) override {
        begun_at = start->dts;
        log += " |";
    }
    bool take(const FramePtr &frame) override {
        if (full)
            return false;
        log += (frame->keyframe ? " K" : " v") + std::to_string(frame->pts / 1'000'000);
        return true;
    }
    void end(MediaKind kind) override { log += kind == MediaKind::Video ? " endv" : " enda"; }

    std::string log;
    bool full = false;
    int64_t begun_at = INT64_MIN;
};

void test_feed() {
    Feed feed;
    feed.expect(MediaKind::Video, true);
    g_assert_false(feed.format().has_value());
    const auto caps = adopt(gst_caps_new_empty_simple("x/y"));
    feed.set_caps(MediaKind::Video, caps.get());
    g_assert_true(feed.format().has_value());

    FakeSink early, late;
    feed.attach(early);
    g_assert_true(feed.needs_keyframe(early));
    feed.publish(make_frame(MediaKind::Video, 0));
    feed.publish(make_frame(MediaKind::Video, 30, true));
    feed.publish(make_frame(MediaKind::Video, 60));
    feed.attach(late); // starts in the past, at the keyframe
    feed.publish(make_frame(MediaKind::Video, 90));
    assert_text(early.log, " | K30 v60 v90");
    assert_text(late.log, " | K30 v60 v90");

    late.full = true;
    feed.publish(make_frame(MediaKind::Video, 120));
    g_assert_false(feed.needs_keyframe(late)); // it could not take it
    late.full = false;
    feed.publish(make_frame(MediaKind::Video, 150)); // lost one: not decodable before the next keyframe
    g_assert_true(feed.needs_keyframe(late));
    feed.publish(make_frame(MediaKind::Video, 180, true));
    assert_text(late.log, " | K30 v60 v90 | K180");
    g_assert_cmpuint(feed.dropped(late), ==, 2);
    g_assert_cmpuint(feed.dropped(early), ==, 0);
    assert_text(early.log, " | K30 v60 v90 v120 v150 K180");

    early.begun_at = late.begun_at = INT64_MIN;
    early.log.clear();
    feed.publish(make_frame(MediaKind::Video, 2000));
    feed.publish(make_frame(MediaKind::Video, 100)); // time goes back by more than reordering does
    feed.publish(make_frame(MediaKind::Video, 130, true));
    assert_text(early.log, " v2000 | K130");
    feed.publish_end(MediaKind::Video);
    g_assert_true(g_str_has_suffix(early.log.c_str(), " endv"));
    feed.detach(early);
    feed.detach(late);
}

std::string pop_all(FrameQueue &queue, int64_t now_us, bool last = false) {
    std::string text;
    while (const auto timed = queue.pop(now_us, last)) {
        text += (timed->frame->kind == MediaKind::Audio ? " a"
                 : timed->frame->keyframe               ? " K"
                                                        : " v") +
                std::to_string(timed->dts_ms);
        if (timed->composition_ms != 0)
            text += "+" + std::to_string(timed->composition_ms);
    }
    return text;
}

void test_queue_order() {
    FrameQueue queue(true, true);
    const FramePtr first = make_frame(MediaKind::Video, 5000, true);
    g_assert_true(queue.can_begin(first));
    queue.begin(first, 0);
    g_assert_false(queue.take(first, 0).ready); // the sound of before it may still come
    assert_text(pop_all(queue, 0), "");
    g_assert_true(queue.take(make_frame(MediaKind::Audio, 5010), 1000).ready);
    assert_text(pop_all(queue, 1000), " K0");
    queue.take(make_frame(MediaKind::Audio, 5033), 2000);
    queue.take(make_frame(MediaKind::Video, 5030), 3000);
    queue.take(make_frame(MediaKind::Audio, 4990), 3000); // of before the start: nowhere to go
    assert_text(pop_all(queue, 3000), " a10 v30");
    assert_text(pop_all(queue, 4000), "");
    assert_text(pop_all(queue, 2'502'000), "");
    assert_text(pop_all(queue, 2'503'001), " a33"); // the picture is silent
    queue.take(make_frame(MediaKind::Audio, 5060), 5'000'000);
    assert_text(pop_all(queue, 5'000'000), " a60"); // and still is

    queue.take(make_frame(MediaKind::Video, 5100), 6'000'000);
    assert_text(pop_all(queue, 6'000'000), "");
    queue.end(MediaKind::Audio);
    assert_text(pop_all(queue, 6'000'000), " v100");
    g_assert_true(queue.is_empty());
}

/// Frames left out leave a gap; a source that begins anew does not.
void test_queue_timeline() {
    FrameQueue queue(true, false);
    const auto begin = [&](int64_t ms) {
        const FramePtr start = make_frame(MediaKind::Video, ms, true);
        g_assert_true(queue.can_begin(start));
        queue.begin(start, 0);
        g_assert_true(queue.take(start, 0).room);
        g_assert_false(queue.can_begin(start)); // not twice
    };
    begin(1000);
    queue.take(make_frame(MediaKind::Video, 1033), 0);
    assert_text(pop_all(queue, 0), " K0 v33");
    begin(3000);
    assert_text(pop_all(queue, 0), " K2000");
    begin(500);
    assert_text(pop_all(queue, 0), " K2001");
    begin(500 + 5 * 3600 * 1000); // beyond 24 bits of milliseconds
    assert_text(pop_all(queue, 0), " K18002001");

    FrameQueue reordered(true, false);
    auto frame = std::make_shared<Frame>();
    frame->keyframe = true;
    frame->dts = -20'000'000;
    frame->pts = 60'000'000;
    frame->buffer = adopt(gst_buffer_new());
    reordered.begin(frame, 0);
    reordered.take(frame, 0);
    assert_text(pop_all(reordered, 0), " K0+80");
}

/// The picture had no room, its sound was ahead: what was taken of that is not taken again.
void test_queue_resumes() {
    FrameQueue queue(true, true);
    const auto give = [&](MediaKind kind, int64_t ms, bool keyframe = false) {
        g_assert_true(queue.take(make_frame(kind, ms, keyframe), 0).room);
    };
    const FramePtr start = make_frame(MediaKind::Video, 1000, true);
    queue.begin(start, 0);
    give(MediaKind::Video, 1000, true);
    for (const int64_t ms : {1000, 1200, 1400, 1600})
        give(MediaKind::Audio, ms);
    assert_text(pop_all(queue, 0, true), " K0 a0 a200 a400 a600");
    const FramePtr again = make_frame(MediaKind::Video, 1300, true);
    g_assert_true(queue.can_begin(again));
    queue.begin(again, 0);
    give(MediaKind::Video, 1300, true);
    for (const int64_t ms : {1400, 1600, 1800})
        give(MediaKind::Audio, ms);
    assert_text(pop_all(queue, 0, true), " K300 a800");

    queue.begin(make_frame(MediaKind::Video, 0, true), 0); // anew
    give(MediaKind::Video, 0, true);
    give(MediaKind::Audio, 20);
    assert_text(pop_all(queue, 0, true), " K801 a821");
}

void test_queue_bounds() {
    FrameQueue queue(true, false);
    const FramePtr start = make_frame(MediaKind::Video, 0, true);
    queue.begin(start, 0);
    int64_t ms = 0;
    while (queue.take(make_frame(MediaKind::Video, ms, ms == 0), 0).room)
        ms += 40;
    g_assert_cmpint(ms, ==, 5080);
    const FramePtr later = make_frame(MediaKind::Video, 6000, true);
    g_assert_false(queue.can_begin(later)); // far too much still waits
    pop_all(queue, 0);
    g_assert_true(queue.can_begin(later));

    auto large = std::make_shared<Frame>();
    large->buffer = adopt(gst_buffer_new_allocate(nullptr, 13 << 20, nullptr));
    g_assert_true(queue.take(large, 0).room);
    g_assert_true(queue.take(large, 0).room);
    g_assert_false(queue.take(large, 0).room);
}

void test_stall_watch() {
    constexpr int64_t s = 1'000'000;
    StallWatch no_bytes;
    g_assert_false(no_bytes.update(1 * s, 100, 0, true));
    g_assert_false(no_bytes.update(6 * s, 100, 0, true));
    g_assert_true(no_bytes.update(7 * s, 100, 0, true));

    StallWatch young; // what waits at its first look has not waited long
    g_assert_false(young.update(100 * s, 0, 0, true));
    g_assert_true(young.update(106 * s, 0, 0, true));

    StallWatch idle; // nothing to send is no stall
    g_assert_false(idle.update(1 * s, 100, 0, false));
    g_assert_false(idle.update(60 * s, 100, 0, false));

    StallWatch no_ack; // the kernel takes bytes, the server no longer does
    g_assert_false(no_ack.update(1 * s, 1000, 0, false));
    g_assert_false(no_ack.update(2 * s, 2000, 1000, false));
    g_assert_false(no_ack.update(8 * s, 9000, 1000, false));
    g_assert_true(no_ack.update(9 * s, 9500, 1000, false));

    StallWatch never_acks; // some servers do not
    g_assert_false(never_acks.update(1 * s, 1000, 0, false));
    g_assert_false(never_acks.update(100 * s, 900000, 0, false));
}

void test_backoff() {
    const BackoffPolicy policy{500, 30'000};
    g_assert_cmpint(backoff_ms(policy, 1, 1.0), ==, 500);
    g_assert_cmpint(backoff_ms(policy, 1, 0.0), ==, 250);
    g_assert_cmpint(backoff_ms(policy, 3, 1.0), ==, 2000);
    g_assert_cmpint(backoff_ms(policy, 7, 1.0), ==, 30'000);
    g_assert_cmpint(backoff_ms(policy, 4'000'000'000u, 0.5), ==, 22'500);
    g_assert_cmpint(backoff_ms({0, 0}, 9, 1.0), ==, 1);
}

void test_rate_meter() {
    RateMeter meter;
    for (int64_t i = 1; i <= 10; i++)
        meter.update(i * 1'000'000, static_cast<uint64_t>(i) * 125'000);
    g_assert_cmpuint(meter.bps(), ==, 1'000'000);
    meter.reset();
    g_assert_cmpuint(meter.bps(), ==, 0);
}

} // namespace

int main(int argc, char **argv) {
    gst_init(&argc, &argv);
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/rtmpegress/url/parts", test_url_parts);
    g_test_add_func("/rtmpegress/url/refused", test_url_refused);
    g_test_add_func("/rtmpegress/url/secrets-masked", test_secrets_masked);
    g_test_add_func("/rtmpegress/history", test_history);
    g_test_add_func("/rtmpegress/feed", test_feed);
    g_test_add_func("/rtmpegress/queue/order", test_queue_order);
    g_test_add_func("/rtmpegress/queue/timeline", test_queue_timeline);
    g_test_add_func("/rtmpegress/queue/resumes", test_queue_resumes);
    g_test_add_func("/rtmpegress/queue/bounds", test_queue_bounds);
    g_test_add_func("/rtmpegress/stall-watch", test_stall_watch);
    g_test_add_func("/rtmpegress/backoff", test_backoff);
    g_test_add_func("/rtmpegress/rate-meter", test_rate_meter);
    return g_test_run();
}
