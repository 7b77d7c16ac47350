// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/message_meter.h"

#include <glib.h>

#include <algorithm>
#include <string>
#include <vector>

using rostrum::MessageMeter;

namespace {

constexpr uint64_t kLimit = 1000;
constexpr uint8_t kFinal = 0x80, kContinues = 0, kText = 1, kPing = 9, kPong = 10, kMasked = 0x80;

using Bytes = std::vector<uint8_t>;

/// As a client sends it: masked, its length in the shortest form.
Bytes frame(uint8_t first, size_t length) {
    Bytes bytes{first};
    if (length < 126) {
        bytes.push_back(static_cast<uint8_t>(kMasked | length));
    } else if (length < 65536) {
        bytes.insert(bytes.end(), {kMasked | 126, static_cast<uint8_t>(length >> 8), static_cast<uint8_t>(length)});
    } else {
        bytes.push_back(kMasked | 127);
        for (int shift = 56; shift >= 0; shift -= 8)
            bytes.push_back(static_cast<uint8_t>(length >> shift));
    }
    bytes.resize(bytes.size() + 4 + length, 0x81); // a mask and a payload that look like frames
    return bytes;
}

struct Frame {
    uint8_t first;
    size_t length;
};

struct Row {
    const char *name;
    std::vector<Frame> frames;
    bool passes;
};

const Row kRows[] = {
    {"messages of one frame", {{kFinal | kText, 900}, {kFinal | kText, 900}, {kFinal | kText, 0}}, true},
    {"one of one frame has another limit", {{kFinal | kText, 70000}, {kFinal | kText, 10}}, true},
    {"pieces up to the limit", {{kText, 400}, {kContinues, 400}, {kFinal, 200}, {kText, 500}, {kFinal, 500}}, true},
    {"pieces beyond it", {{kText, 400}, {kContinues, 400}, {kFinal, 201}}, false},
    {"without an end", {{kText, 125}, {0, 125}, {0, 125}, {0, 125}, {0, 125}, {0, 125}, {0, 125}, {0, 126}}, false},
    {"pings between pieces", {{kText, 600}, {kFinal | kPing, 125}, {kFinal | kPong, 125}, {kFinal, 400}}, true},
    {"pongs alone", std::vector<Frame>(100, {kFinal | kPong, 125}), true},
    {"an end that is far away", {{kText, 1}, {kContinues, 70000}}, false},
};

void test_row(gconstpointer data) {
    const Row &row = *static_cast<const Row *>(data);
    for (const size_t step : {size_t{1}, size_t{7}, size_t{100000}}) {
        MessageMeter meter(kLimit);
        Bytes all;
        for (const Frame &each : row.frames) {
            const Bytes bytes = frame(each.first, each.length);
            all.insert(all.end(), bytes.begin(), bytes.end());
        }
        bool passes = true;
        for (size_t at = 0; passes && at < all.size(); at += step)
            passes = meter.feed(std::span(all).subspan(at, std::min(step, all.size() - at)));
        g_assert_true(passes == row.passes);
    }
}

/// The sum of two lengths must not come round.
void test_huge() {
    MessageMeter meter(kLimit);
    g_assert_true(meter.feed(Bytes{kText, kMasked | 1, 0, 0, 0, 0, 'x'}));
    Bytes header{kContinues, kMasked | 127};
    header.resize(14, 0xff);
    g_assert_false(meter.feed(header));
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    for (const Row &row : kRows)
        g_test_add_data_func((std::string("/message meter/") + row.name).c_str(), &row, test_row);
    g_test_add_func("/message meter/huge", test_huge);
    return g_test_run();
}
