// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The encoders of the plan, with their real elements and without a clock: where their keyframes are.

#include "encoder_keyframes.h"
#include "keyframe_cadence.h"
#include "plan.h"
#include "running_branch.h"

#include <gst/check/gstharness.h>
#include <gst/video/video.h>

#include <algorithm>
#include <set>

using namespace rostrum::session;

namespace {

constexpr unsigned kRate = 30, kSeconds = 6;
constexpr unsigned kMergeFrames = static_cast<unsigned>(KeyframeCadence::kMergeNs * kRate / 1'000'000'000);

/// The plan's node of that kind, in a harness of its own.
class Encoder {
  public:
    Encoder(const Graph &graph, const char *factory) {
        g_autoptr(GstElement) element = make(graph, factory);
        pace_keyframes(element);
        harness_ = gst_harness_new_with_element(element, "sink", "src");
        gst_harness_set_src_caps_str(harness_, "video/x-raw,format=I420,width=320,height=180,framerate=30/1");
    }
    ~Encoder() { gst_harness_teardown(harness_); }

    /// As one of the tee's branches would.
    void request() {
        gst_harness_push_upstream_event(harness_,
                                        gst_video_event_new_upstream_force_key_unit(GST_CLOCK_TIME_NONE, FALSE, 0));
    }

    /// One more picture, at its time. Encoders that have no delay return it at once.
    GstBuffer *encode(unsigned number) {
        constexpr gsize kSize = 320 * 180 * 3 / 2;
        GstBuffer *picture = gst_harness_create_buffer(harness_, kSize);
        // Grey, with something that moves.
        gst_buffer_memset(picture, 0, 128, kSize);
        gst_buffer_memset(picture, (number * 997) % (320 * 150), 230, 3200);
        GST_BUFFER_PTS(picture) = gst_util_uint64_scale(number, GST_SECOND, kRate);
        GST_BUFFER_DURATION(picture) = GST_SECOND / kRate;
        g_assert_cmpint(gst_harness_push(harness_, picture), ==, GST_FLOW_OK);
        GstBuffer *encoded = gst_harness_try_pull(harness_);
        g_assert_nonnull(encoded); // no delay
        return encoded;
    }

  private:
    static GstElement *make(const Graph &graph, const char *factory) {
        for (const auto &branch : graph.branches)
            for (const auto &node : branch.nodes)
                if (node.factory == factory) {
                    auto *element = GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make(factory, nullptr)));
                    for (const auto &[name, value] : node.properties)
                        g_assert_true(set_property(G_OBJECT(element), name, value));
                    return element;
                }
        g_error("the plan has no %s", factory);
    }

    GstHarness *harness_;
};

Graph composed() {
    State state;
    state.wanted.recordings = {{"r", "/tmp/r.mp4"}};
    state.only_codecs = {"VP8"};
    return plan(state, {});
}

std::set<unsigned> keyframes(Encoder &encoder, const std::function<void(unsigned)> &before) {
    std::set<unsigned> numbers;
    for (unsigned number = 0; number < kRate * kSeconds; ++number) {
        before(number);
        g_autoptr(GstBuffer) encoded = encoder.encode(number);
        if (!GST_BUFFER_FLAG_IS_SET(encoded, GST_BUFFER_FLAG_DELTA_UNIT))
            numbers.insert(number);
    }
    return numbers;
}

void test_two_seconds(gconstpointer factory) {
    Encoder encoder(composed(), static_cast<const char *>(factory));
    g_assert_true(keyframes(encoder, [](unsigned) {}) == (std::set<unsigned>{0, 60, 120}));
}

void test_at_once(gconstpointer factory) {
    Encoder encoder(composed(), static_cast<const char *>(factory));
    const auto asked = keyframes(encoder, [&](unsigned number) {
        if (number == 40 || number == 101)
            encoder.request();
    });
    g_assert_true(asked == (std::set<unsigned>{0, 40, 60, 101, 120}));
}

/// Everybody asks, with every picture: two a second and those of the cadence.
void test_storm(gconstpointer factory) {
    Encoder encoder(composed(), static_cast<const char *>(factory));
    const auto made = keyframes(encoder, [&](unsigned) {
        for (unsigned viewer = 0; viewer < 100; ++viewer)
            encoder.request();
    });
    for (const unsigned cadence : {0u, 60u, 120u})
        g_assert_true(made.count(cadence));
    g_assert_cmpuint(made.size(), ==, kRate * kSeconds / kMergeFrames);
}

unsigned slices(GstBuffer *access_unit) {
    GstMapInfo map;
    g_assert_true(gst_buffer_map(access_unit, &map, GST_MAP_READ));
    unsigned count = 0;
    for (gsize at = 0; at + 3 < map.size; ++at)
        if (map.data[at] == 0 && map.data[at + 1] == 0 && map.data[at + 2] == 1) {
            const unsigned type = map.data[at + 3] & 0x1f; // ISO/IEC 14496-10 table 7-1
            count += type == 1 || type == 5;
        }
    gst_buffer_unmap(access_unit, &map);
    return count;
}

void test_one_slice() {
    Encoder encoder(composed(), "x264enc");
    for (unsigned number = 0; number < 10; ++number) {
        g_autoptr(GstBuffer) encoded = encoder.encode(number);
        g_assert_cmpuint(slices(encoded), ==, 1);
    }
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    gst_init(&argc, &argv);
    for (const char *factory : {"x264enc", "vp8enc"}) {
        const std::string path = std::string("/session/keyframes/") + factory;
        g_test_add_data_func((path + "/two-seconds").c_str(), factory, test_two_seconds);
        g_test_add_data_func((path + "/at-once").c_str(), factory, test_at_once);
        g_test_add_data_func((path + "/storm").c_str(), factory, test_storm);
    }
    g_test_add_func("/session/keyframes/one-slice", test_one_slice);
    return g_test_run();
}
