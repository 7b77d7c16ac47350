// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Picture ids and TL0PICIDX go on over sources, layers and jumps.

#include "bench.h"

#include "fanout/picture_numbers.h"

using namespace peerwire;
using namespace peerwire::test;

namespace {

struct FieldsRow {
    const char *name;
    Codec codec;
    Bytes payload;
    PictureMark mark; ///< as the first of its track
    Bytes rewritten;  ///< with 3 and 5 added
};

const FieldsRow kFieldsRows[] = {
    {"VP8 without extensions", Codec::Vp8, {0x10, 0x00, 1}, {}, {0x10, 0x00, 1}},
    {"VP8, 7 bits", Codec::Vp8, {0x90, 0x80, 0x7e, 1}, {.id = 126, .id_at = 2}, {0x90, 0x80, 0x01, 1}},
    {"VP8, 15 bits",
     Codec::Vp8,
     {0x90, 0x80, 0xff, 0xfe, 1},
     {.id = 0x7ffe, .id_at = 2, .wide_id = true},
     {0x90, 0x80, 0x80, 0x01, 1}},
    {"VP8, all fields; T, Y and KEYIDX stay",
     Codec::Vp8,
     {0x90, 0xf0, 0x81, 0x02, 0xff, 0xbf, 1},
     {.id = 0x102, .tl0 = 0xff, .id_at = 2, .tl0_at = 4, .wide_id = true},
     {0x90, 0xf0, 0x81, 0x05, 0x04, 0xbf, 1}},
    {"VP8, TL0PICIDX without picture id",
     Codec::Vp8,
     {0x90, 0x60, 0x07, 0x20, 1},
     {.tl0 = 7, .tl0_at = 2},
     {0x90, 0x60, 0x0c, 0x20, 1}},
    {"VP8, cut off in the picture id", Codec::Vp8, {0x90, 0x80, 0x80}, {}, {0x90, 0x80, 0x80}},
    {"VP8, cut off before TL0PICIDX", Codec::Vp8, {0x90, 0xc0, 0x01}, {}, {0x90, 0xc0, 0x01}},
    {"VP8, nothing behind X", Codec::Vp8, {0x90}, {}, {0x90}},
    {"VP9, no fields", Codec::Vp9, {0x0c, 1, 2}, {}, {0x0c, 1, 2}},
    {"VP9, 7 bits", Codec::Vp9, {0x8c, 0x10, 1}, {.id = 16, .id_at = 1}, {0x8c, 0x13, 1}},
    {"VP9, non-flexible: TL0PICIDX behind the layers",
     Codec::Vp9,
     {0xac, 0x80, 0x07, 0x18, 0x09, 1},
     {.id = 7, .tl0 = 9, .id_at = 1, .tl0_at = 4, .wide_id = true},
     {0xac, 0x80, 0x0a, 0x18, 0x0e, 1}},
    {"VP9, flexible: what follows the layers is P_DIFF",
     Codec::Vp9,
     {0xfc, 0x80, 0x07, 0x18, 0x02, 1},
     {.id = 7, .id_at = 1, .wide_id = true},
     {0xfc, 0x80, 0x0a, 0x18, 0x02, 1}},
    {"VP9, cut off", Codec::Vp9, {0xac, 0x80, 0x07, 0x18}, {}, {0xac, 0x80, 0x07, 0x18}},
    {"H.264 has none", Codec::H264, {0x9c, 0x80, 0x07, 0x18}, {}, {0x9c, 0x80, 0x07, 0x18}},
    {"AV1 has none", Codec::Av1, {0x90, 0x80, 0x07, 0x18}, {}, {0x90, 0x80, 0x07, 0x18}},
};

void test_fields() {
    for (const FieldsRow &row : kFieldsRows) {
        g_test_message("%s", row.name);
        const PictureMark mark = PictureNumbering().number(row.codec, row.payload);
        g_assert_cmpuint(mark.id, ==, row.mark.id);
        g_assert_cmpuint(mark.tl0, ==, row.mark.tl0);
        g_assert_cmpuint(mark.id_at, ==, row.mark.id_at);
        g_assert_cmpuint(mark.tl0_at, ==, row.mark.tl0_at);
        g_assert_true(mark.wide_id == row.mark.wide_id);
        Bytes payload = row.payload;
        write_picture_numbers(payload, mark, {3, 5});
        g_assert_true(payload == row.rewritten);
        payload = row.payload;
        write_picture_numbers(payload, mark, {});
        g_assert_true(payload == row.payload);
    }
}

/// A VP8 packet; `id` and `tl0` < 0 are left out.
struct Numbers {
    int id = -1, tl0 = -1;
    bool wide = true;

    bool operator==(const Numbers &) const = default;
};

Bytes vp8_packet(bool key, Numbers numbers, uint8_t tag) {
    Bytes payload{0x10};
    if (numbers.id >= 0 || numbers.tl0 >= 0) {
        payload[0] |= 0x80;
        payload.push_back(static_cast<uint8_t>((numbers.id >= 0 ? 0x80 : 0) | (numbers.tl0 >= 0 ? 0x60 : 0)));
    }
    if (numbers.id >= 0 && numbers.wide)
        payload.push_back(static_cast<uint8_t>(0x80 | numbers.id >> 8));
    if (numbers.id >= 0)
        payload.push_back(static_cast<uint8_t>(numbers.id & (numbers.wide ? 0xff : 0x7f)));
    if (numbers.tl0 >= 0) {
        payload.push_back(static_cast<uint8_t>(numbers.tl0));
        payload.push_back(0x20); // T 0, Y
    }
    payload.insert(payload.end(), {static_cast<uint8_t>(key ? 0x00 : 0x01), tag});
    return payload;
}

Numbers numbers_of(std::span<const uint8_t> payload) {
    const PictureMark mark = PictureNumbering().number(Codec::Vp8, payload);
    return {mark.id_at ? mark.id : -1, mark.tl0_at ? mark.tl0 : -1, mark.wide_id || !mark.id_at};
}

/// Frames of one source.
struct Part {
    std::vector<Numbers> sent, seen;
};

struct ContinuityRow {
    const char *name;
    std::vector<Part> parts;
};

const ContinuityRow kContinuityRows[] = {
    {"15 bits to 15 bits",
     {{{{100, 7}, {101, 8}, {102, 8}}, {{100, 7}, {101, 8}, {102, 8}}},
      {{{9000, 200}, {9001, 200}, {9002, 201}}, {{103, 9}, {104, 9}, {105, 10}}}}},
    {"over the wraps",
     {{{{0x7ffe, 254}, {0x7fff, 255}, {0, 0}}, {{0x7ffe, 254}, {0x7fff, 255}, {0, 0}}},
      {{{0x7fff, 255}, {0, 0}, {1, 1}}, {{1, 1}, {2, 2}, {3, 3}}}}},
    {"a hole stays one", {{{{10}, {12}}, {{10}, {12}}}, {{{500}, {505}}, {{13}, {18}}}}},
    {"to a source without",
     {{{{100, 7}, {101, 8}}, {{100, 7}, {101, 8}}}, {{{}, {}}, {{}, {}}}, {{{5, 5}, {6, 6}}, {{102, 9}, {103, 10}}}}},
    {"from a source without", {{{{}, {}}, {{}, {}}}, {{{0, 0}, {1, 1}}, {{0, 0}, {1, 1}}}}},
    {"picture id only, then both", {{{{100}}, {{100}}}, {{{5, 0}, {6, 1}}, {{101, 0}, {102, 1}}}}},
    {"7 bits to 7 bits",
     {{{{126, -1, false}, {127, -1, false}, {0, -1, false}}, {{126, -1, false}, {127, -1, false}, {0, -1, false}}},
      {{{50, -1, false}, {51, -1, false}}, {{1, -1, false}, {2, -1, false}}}}},
    {"7 bits that wrapped to 15 bits",
     {{{{126, -1, false}, {127, -1, false}, {1, -1, false}}, {{126, -1, false}, {127, -1, false}, {1, -1, false}}},
      {{{9000}}, {{130}}}}},
    {"15 bits to 7 bits", {{{{300}}, {{300}}}, {{{5, -1, false}, {6, -1, false}}, {{45, -1, false}, {46, -1, false}}}}},
};

/// How one part follows another.
enum class Step { Source, Layer };

struct Track {
    Stage stage;
    TrackSetup setup;
    ViewerCounters counters;
    SendLog log{false};
    RecordingTransport transport;
    std::optional<TrackSender> sender;

    Track() {
        setup.ssrc = kVideoSsrc;
        setup[Codec::Vp8] = {kVp8Type};
        sender.emplace(setup, *stage.feed, log, counters);
    }
    void pump(TimeNs pts) { sender->pump(transport, Stage::at(pts), {.max_packets = 100}); }
};

void run_continuity(const ContinuityRow &row, Step step) {
    Track track;
    std::vector<std::unique_ptr<TrackWriter>> layers;
    TimeNs pts = 0;
    unsigned layer = 0;
    std::vector<Numbers> seen;
    for (const Part &part : row.parts) {
        TrackWriter *writer = track.stage.video.get();
        if (step == Step::Layer && layer > 0) {
            layers.push_back(std::make_unique<TrackWriter>(track.stage.feed->open_video(layer)));
            writer = layers.back().get();
            writer->begin_source({Codec::Vp8, 90000, {}});
        }
        track.sender->follow(track.stage.feed->video(step == Step::Layer ? layer : 0));
        ++layer;
        Sender source(*writer, layer, static_cast<uint16_t>(1000 * layer), 0);
        for (size_t i = 0; i < part.sent.size(); ++i, pts += ms(33)) {
            source.frame({vp8_packet(i == 0, part.sent[i], 1)}, pts);
            track.pump(pts);
        }
        seen.insert(seen.end(), part.seen.begin(), part.seen.end());
    }
    g_assert_cmpuint(track.transport.rtp.size(), ==, seen.size());
    for (size_t i = 0; i < seen.size(); ++i) {
        const Numbers numbers = numbers_of(track.transport.rtp[i].rtp.payload);
        g_assert_cmpint(numbers.id, ==, seen[i].id);
        g_assert_cmpint(numbers.tl0, ==, seen[i].tl0);
        g_assert_true(numbers.wide == seen[i].wide);
    }

    // What is repaired under its own number is the same, also from the segments before.
    for (size_t i = 0; i < seen.size(); ++i) {
        const Packet packet = track.transport.rtp[i];
        track.sender->resend(track.transport, packet.rtp.sequence, Stage::at(pts + ms(100)));
        g_assert_true(track.transport.rtp.back().bytes == packet.bytes);
    }
    g_assert_cmpuint(track.transport.rtp.size(), ==, 2 * seen.size());
}

void test_continuity() {
    for (const ContinuityRow &row : kContinuityRows) {
        for (const Step step : {Step::Source, Step::Layer}) {
            g_test_message("%s, another %s", row.name, step == Step::Source ? "source" : "layer");
            run_continuity(row, step);
        }
    }
}

/// A viewer that fell behind misses pictures; its decoder must not know.
void test_jump() {
    Track track;
    track.stage.feed->set_history(ms(500));
    track.sender->follow(track.stage.feed->video(0));
    Sender source(*track.stage.video, 1, 1000, 0);
    source.frame({vp8_packet(true, {10, 20}, 1)}, 0);
    track.pump(0);
    for (int i = 1; i <= 100; ++i)
        source.frame({vp8_packet(i % 10 == 0, {10 + i, (20 + i) & 0xff}, 1)}, ms(33 * i));
    track.pump(ms(3300));
    g_assert_cmpuint(track.counters.jumps.get(), ==, 1);
    g_assert_cmpuint(track.transport.rtp.size(), ==, 2);
    g_assert_true(numbers_of(track.transport.rtp[1].rtp.payload) == (Numbers{11, 21}));
}

/// A late packet of the source's first picture, and one of the picture before.
void test_late() {
    PictureNumbering pictures;
    const auto id = [&](uint16_t source) {
        const auto high = static_cast<uint8_t>(0x80 | source >> 8), low = static_cast<uint8_t>(source);
        return pictures.number(Codec::Vp8, Bytes{0x90, 0x80, high, low, 0}).id;
    };
    g_assert_cmpuint(id(100), ==, 100);
    pictures.begin_source();
    g_assert_cmpuint(id(2), ==, 101);
    g_assert_cmpuint(id(4), ==, 103);
    g_assert_cmpuint(id(2), ==, 101);
    g_assert_cmpuint(id(0x7fff), ==, 98);
    g_assert_cmpuint(id(5), ==, 104);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/pictures/fields", test_fields);
    g_test_add_func("/pictures/continuity", test_continuity);
    g_test_add_func("/pictures/jump", test_jump);
    g_test_add_func("/pictures/late", test_late);
    return g_test_run();
}
