// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What is in the parts: boxes, times, samples; and the journal they are found by.

#include "stream.h"
#include "strict_playlist.h"

#include <glib.h>

using namespace rostrum::hls;
using test::kMs;

namespace {

uint64_t big_endian(std::string_view bytes, size_t at, size_t size) {
    uint64_t value = 0;
    g_assert_cmpuint(at + size, <=, bytes.size());
    for (size_t i = 0; i < size; ++i)
        value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
    return value;
}

struct FoundBox {
    std::string type;
    std::string_view content;
};

std::vector<FoundBox> boxes(std::string_view bytes) {
    std::vector<FoundBox> found;
    while (!bytes.empty()) {
        const size_t size = big_endian(bytes, 0, 4);
        g_assert_cmpuint(size, >=, 8);
        g_assert_cmpuint(size, <=, bytes.size());
        found.push_back({std::string(bytes.substr(4, 4)), bytes.substr(8, size - 8)});
        bytes.remove_prefix(size);
    }
    return found;
}

std::string_view box(std::string_view bytes, std::initializer_list<const char *> path) {
    for (const char *type : path) {
        std::string_view inner;
        for (const auto &each : boxes(bytes))
            if (each.type == type && inner.empty())
                inner = each.content;
        g_assert_false(inner.empty());
        bytes = inner;
    }
    return bytes;
}

struct Run {
    uint64_t begin = 0, end = 0; // ticks
    std::vector<std::string> samples;
    bool sync = false; // the first one
};

/// The samples of a track in a segment's file, which have to follow each other without a hole.
Run read_track(std::string_view file, uint64_t track, bool with_flags) {
    Run run;
    for (size_t at = 0; at < file.size();) {
        const size_t moof_at = at;
        std::string_view moof;
        for (const char *wanted : {"moof", "mdat"}) {
            const size_t size = big_endian(file, at, 4);
            g_assert_true(file.substr(at + 4, 4) == wanted);
            if (*wanted == 'm' && wanted[1] == 'o')
                moof = file.substr(at + 8, size - 8);
            at += size;
        }
        for (const auto &traf : boxes(moof)) {
            if (traf.type != "traf" || big_endian(box(traf.content, {"tfhd"}), 4, 4) != track)
                continue;
            const uint64_t begin = big_endian(box(traf.content, {"tfdt"}), 4, 8);
            const std::string_view trun = box(traf.content, {"trun"});
            const uint64_t count = big_endian(trun, 4, 4);
            size_t data = moof_at + big_endian(trun, 8, 4), entry = 12;
            if (run.samples.empty()) {
                run.begin = run.end = begin;
                run.sync = !with_flags || big_endian(trun, entry + 8, 4) == 0x02000000;
            }
            g_assert_cmpuint(run.end, ==, begin);
            for (uint64_t i = 0; i < count; ++i) {
                run.end += big_endian(trun, entry, 4);
                const size_t size = big_endian(trun, entry + 4, 4);
                g_assert_cmpuint(data + size, <=, at);
                run.samples.emplace_back(file.substr(data, size));
                data += size;
                entry += with_flags ? 12 : 8;
            }
        }
    }
    return run;
}

struct Made {
    explicit Made(int64_t first_ns, int64_t end_ns) : packager({0}, true, true, 0, stream) {
        stream.line(rendition_line("v", 4'000'000, 2'700'000));
        packager.set_video(0, test::video_track(1280, 720));
        packager.set_audio(test::audio_track());
        test::Feeder feeder(packager, 1, first_ns);
        feeder.run_to(end_ns);
        packager.finish();
    }
    test::Stream stream;
    Packager packager;
};

void test_times(gconstpointer data) {
    const int64_t first_ns = *static_cast<const int64_t *>(data);
    Made made(first_ns, first_ns + 11'000 * kMs);
    uint64_t video = 0, audio = 0;
    for (unsigned sequence = 0; sequence < 4; ++sequence) {
        const std::string &file = made.stream.files.at("0/s" + std::to_string(sequence) + ".m4s");
        const Run pictures = read_track(file, 1, true), sounds = read_track(file, 2, false);
        g_assert_true(pictures.sync);
        g_assert_cmpstr(pictures.samples[0].c_str(), ==, "key");
        g_assert_cmpuint(pictures.samples.size(), >=, 60);
        g_assert_cmpuint(pictures.samples.size(), <=, 61);
        g_assert_cmpuint(sounds.samples.size(), >=, 92);
        if (sequence > 0) {
            g_assert_cmpuint(pictures.begin, ==, video);
            g_assert_cmpuint(sounds.begin, ==, audio);
        }
        video = pictures.end;
        audio = sounds.end;
        // Within a picture of the slot, in ticks of a 90 kHz and a 48 kHz clock.
        const int64_t slot_ms = 2000 * (first_ns / 2'000'000'000 + 1 + sequence);
        g_assert_cmpint(static_cast<int64_t>(pictures.begin) - slot_ms * 90, >=, 0);
        g_assert_cmpint(static_cast<int64_t>(pictures.begin) - slot_ms * 90, <, 3003);
        g_assert_cmpint(static_cast<int64_t>(sounds.begin) - slot_ms * 48, >=, 0);
        g_assert_cmpint(static_cast<int64_t>(sounds.begin) - slot_ms * 48, <, 1025);
    }
}

void test_init() {
    const std::string init = init_segment({test::video_track(1280, 720), test::audio_track()});
    g_assert_cmpuint(boxes(init).size(), ==, 2);
    unsigned tracks = 0;
    for (const auto &each : boxes(box(init, {"moov"}))) {
        if (each.type != "trak")
            continue;
        ++tracks;
        const std::string_view entry = box(each.content, {"mdia", "minf", "stbl", "stsd"}).substr(8);
        const bool video = entry.substr(4, 4) == "avc1";
        g_assert_true(video || entry.substr(4, 4) == "mp4a");
        const std::string_view more = entry.substr(8 + (video ? 78 : 28));
        g_assert_true(boxes(more.substr(0, big_endian(more, 0, 4)))[0].type == (video ? "avcC" : "esds"));
        if (video) {
            g_assert_cmpuint(big_endian(entry, 32, 2), ==, 1280);
            g_assert_true(box(more, {"avcC"}) == test::video_track(1280, 720).configuration);
        } else {
            g_assert_cmpuint(big_endian(entry, 24, 2), ==, 2);
            g_assert_true(box(more, {"esds"}).find(test::audio_track().configuration) != std::string_view::npos);
        }
    }
    g_assert_cmpuint(tracks, ==, 2);
}

/// A picture that the encoder never got stands still; one in the place of the keyframe moves it, and nothing else.
void test_lost_pictures() {
    test::Stream stream;
    stream.line(rendition_line("v", 4'000'000, 2'700'000));
    Packager packager({0}, true, true, 0, stream);
    packager.set_video(0, test::video_track(1280, 720));
    packager.set_audio(test::audio_track());
    test::Feeder feeder(packager, 1);
    feeder.lost = [](size_t, int64_t at) {
        return (at > 2'900 * kMs && at < 3'400 * kMs) || (at > 3'990 * kMs && at < 4'040 * kMs);
    };
    feeder.run_to(8'500 * kMs);
    const Run first = read_track(stream.files.at("0/s0.m4s"), 1, true);
    const Run second = read_track(stream.files.at("0/s1.m4s"), 1, true);
    g_assert_cmpuint(first.end, ==, second.begin);
    g_assert_true(second.sync);
    g_assert_cmpuint(first.samples.size(), ==, 44);
    const auto &segments = stream.timeline.renditions[0].segments;
    g_assert_cmpuint(segments[0].duration_us / 10, ==, 199999);
    g_assert_cmpuint(segments[1].duration_us / 10, ==, 199999);
}

/// The end comes when one of the two has passed the begin of a segment: that segment is ended before the next begins.
void test_end_at_boundary() {
    Segmenter segmenter(true, true, 1);
    for (int64_t at = 2'000 * kMs; at < 4'070 * kMs; at += test::kFrameNs)
        segmenter.push_video({at, test::kFrameNs, at == 2'000 * kMs || at >= 4'000 * kMs, "x"});
    for (int64_t at = 2'000 * kMs; at < 3'970 * kMs; at += 20 * kMs)
        segmenter.push_audio({at, 20 * kMs, false, "s"});
    int64_t slot = 1;
    bool ended = false;
    while (const auto part = segmenter.take_rest()) {
        if (ended)
            g_assert_cmpint(part->slot, ==, ++slot);
        g_assert_cmpint(part->slot, ==, slot);
        ended = part->last;
    }
    g_assert_cmpint(slot, ==, 2);
    g_assert_true(ended);
}

/// Sound that is late holds up no part for longer than kSoundLateNs, and none of it is lost.
void test_late_sound() {
    Segmenter segmenter(true, true, 1);
    unsigned parts = 0;
    for (int64_t at = 2'000 * kMs; at < 2'600 * kMs; at += test::kFrameNs) {
        segmenter.push_video({at, test::kFrameNs, at == 2'000 * kMs, "x"});
        while (const auto part = segmenter.take()) {
            ++parts;
            g_assert_cmpint(at + test::kFrameNs, >=, 2'333 * kMs + Segmenter::kSoundLateNs);
        }
    }
    g_assert_cmpuint(parts, ==, 0);
    segmenter.push_video({2'633 * kMs, test::kFrameNs, false, "x"});
    g_assert_true(segmenter.take().has_value());
    segmenter.push_audio({2'010 * kMs, 20 * kMs, false, "late"});
    segmenter.push_audio({2'990 * kMs, 20 * kMs, false, "now"});
    segmenter.push_video({2'667 * kMs, test::kFrameNs, false, "x"});
    const auto next = segmenter.take();
    g_assert_true(next.has_value());
    g_assert_cmpuint(next->fragment.audio.size(), ==, 1);
}

/// Whatever of a journal has reached the disk reads as a stream that was shorter.
void test_torn_journal() {
    Made made(0, 9'000 * kMs);
    const std::string &journal = made.stream.journal;
    uint64_t complete = 0;
    for (size_t size = 0; size <= journal.size(); ++size) {
        Timeline timeline;
        LineReader reader;
        g_assert_true(reader.feed(std::string_view(journal).substr(0, size), timeline));
        g_assert_cmpuint(timeline.complete(), >=, complete);
        complete = timeline.complete();
    }
    g_assert_cmpuint(complete, ==, 4);
}

void test_bad_lines() {
    Timeline timeline;
    g_assert_true(timeline.apply("rendition v 1 1"));
    g_assert_true(timeline.apply("map 0 2 2 avc1.42c01f"));
    for (const char *line :
         {"", "x", "rendition v 1 1", "rendition ../x 1 1", "rendition w 1", "rendition w 1 -1", "map 1 2 2 avc1",
          "map 0 2 2 avc1\"", "segment 0 1 0 0 0", "segment 0 0 0 1 0", "segment 0 0 0 0 2", "segment 0 0 0 0 0 ",
          "part 0 0 1 1 1", "complete 0 0", "removed 1", "end x", "segment 0 0 99999999999999999999 0 0"})
        g_assert_false(timeline.apply(line));
    g_assert_true(timeline.apply("segment 0 0 0 0 0"));
    g_assert_false(timeline.apply("segment 0 1 0 0 0"));
    g_assert_false(timeline.apply("part 0 1 1 1 1"));
    g_assert_true(timeline.apply("part 0 0 1 1 1"));
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    static const int64_t kFirst[] = {0, 1, 700 * kMs, 1'999'999'999, 123'456'789'012'345};
    for (const int64_t &first : kFirst)
        g_test_add_data_func(("/hls/segments/times/" + std::to_string(first)).c_str(), &first, test_times);
    g_test_add_func("/hls/segments/init", test_init);
    g_test_add_func("/hls/segments/lost-pictures", test_lost_pictures);
    g_test_add_func("/hls/segments/end-at-boundary", test_end_at_boundary);
    g_test_add_func("/hls/segments/late-sound", test_late_sound);
    g_test_add_func("/hls/segments/torn-journal", test_torn_journal);
    g_test_add_func("/hls/segments/bad-lines", test_bad_lines);
    return g_test_run();
}
