// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "wire/keyframe.h"

#include <glib.h>

#include <string>
#include <vector>

using namespace peerwire;

namespace {

struct Row {
    const char *name;
    PayloadFormat format;
    std::vector<uint8_t> payload;
    bool keyframe;
};

const Row kRows[] = {
    {"vp8 keyframe", PayloadFormat::Vp8, {0x10, 0x50, 0, 0}, true},
    {"vp8 interframe", PayloadFormat::Vp8, {0x10, 0x51, 0, 0}, false},
    {"vp8 keyframe with 15-bit picture id", PayloadFormat::Vp8, {0x90, 0x80, 0x81, 0x02, 0x50}, true},
    {"vp8 keyframe with all extensions", PayloadFormat::Vp8, {0x90, 0xf0, 0x01, 0x02, 0x03, 0x50}, true},
    {"vp8 not the first partition", PayloadFormat::Vp8, {0x11, 0x50}, false},
    {"vp8 not the start", PayloadFormat::Vp8, {0x00, 0x50}, false},
    {"vp8 cut off", PayloadFormat::Vp8, {0x90, 0x80}, false},
    {"vp9 keyframe", PayloadFormat::Vp9, {0x8a, 0x81, 0x02}, true},
    {"vp9 predicted", PayloadFormat::Vp9, {0xca, 0x81, 0x02}, false},
    {"vp9 upper spatial layer", PayloadFormat::Vp9, {0xaa, 0x81, 0x02, 0x02}, false},
    {"h264 sps", PayloadFormat::H264, {0x67, 0x42}, true},
    {"h264 idr", PayloadFormat::H264, {0x65, 0x88}, true},
    {"h264 slice", PayloadFormat::H264, {0x41, 0x9a}, false},
    {"h264 stap-a with sps", PayloadFormat::H264, {0x78, 0x00, 0x02, 0x67, 0x42, 0x00, 0x01, 0x68}, true},
    {"h264 stap-a with pps only", PayloadFormat::H264, {0x78, 0x00, 0x02, 0x68, 0x42}, false},
    {"h264 stap-a with a wrong length", PayloadFormat::H264, {0x78, 0xff, 0xff, 0x67}, false},
    {"h264 fu-a start of an idr", PayloadFormat::H264, {0x7c, 0x85, 0x88}, true},
    {"h264 fu-a middle of an idr", PayloadFormat::H264, {0x7c, 0x05, 0x88}, false},
    {"av1 new sequence", PayloadFormat::Av1, {0x18, 0x0a}, true},
    {"av1 no new sequence", PayloadFormat::Av1, {0x10, 0x30}, false},
    {"av1 rest of an OBU", PayloadFormat::Av1, {0x98, 0x0a}, false},
    {"opus", PayloadFormat::Other, {0x65}, false},
    {"nothing", PayloadFormat::H264, {}, false},
};

void test_row(gconstpointer data) {
    const Row &row = *static_cast<const Row *>(data);
    g_assert_cmpint(starts_keyframe(row.format, row.payload), ==, row.keyframe);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    for (const Row &row : kRows)
        g_test_add_data_func((std::string("/keyframe/") + row.name).c_str(), &row, test_row);
    return g_test_run();
}
