// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "wire/stream_framing.h"
#include "support/hex.h"

#include <glib.h>

#include <string>
#include <vector>

using namespace peerwire;
using test::assert_text;
using test::hex;
using test::unhex;

namespace {

struct Row {
    const char *name;
    std::string stream;                 // hex
    std::vector<std::string> datagrams; // hex
    bool follows = true;                // the stream is still understood
    size_t pending = 0;
};

std::string repeated(const char *byte, size_t count) {
    std::string text;
    for (size_t i = 0; i < count; ++i)
        text += byte;
    return text;
}

const std::vector<Row> kRows{
    {"nothing", "", {}},
    {"one", "0003 010203", {"010203"}},
    {"three at once", "0001aa 0002bbcc 0001dd", {"aa", "bbcc", "dd"}},
    {"an empty one is left out", "0000 0001aa 0000", {"aa"}},
    {"only empty ones", "0000 0000 0000", {}},
    {"half a length", "0001aa 00", {"aa"}, true, 1},
    {"a length without its datagram", "0004", {}, true, 2},
    {"a datagram that lacks a byte", "0001aa 0003 0102", {"aa"}, true, 4},
    {"the largest", "0800" + repeated("5a", 2048), {repeated("5a", 2048)}},
    {"one byte larger", "0801", {}, false, 0},
    {"65535", "ffff 010203", {}, false, 0},
    {"garbage behind a good one", "0001aa 474554202f", {"aa"}, false, 0},
};

/// The stream in pieces of `piece` bytes must give the same as the stream in one.
void check(const Row &row, size_t piece) {
    auto bytes = unhex(row.stream);
    Deframer deframer;
    std::vector<std::string> seen;
    bool follows = true;
    for (size_t at = 0; at < bytes.size(); at += piece)
        follows = deframer.feed(std::span(bytes).subspan(at, std::min(piece, bytes.size() - at)),
                                [&seen](std::span<uint8_t> datagram) { seen.push_back(hex(datagram)); });
    g_assert_cmpuint(seen.size(), ==, row.datagrams.size());
    for (size_t i = 0; i < seen.size(); ++i)
        assert_text(seen[i], row.datagrams[i]);
    g_assert_cmpint(follows, ==, row.follows);
    if (follows)
        g_assert_cmpuint(deframer.pending(), ==, row.pending);
}

void test_table() {
    for (const Row &row : kRows) {
        g_test_message("%s", row.name);
        const size_t size = std::max<size_t>(row.stream.size(), 1);
        for (const size_t piece : {size, size_t{1}, size_t{2}, size_t{3}, size_t{7}, size_t{1000}})
            check(row, piece);
    }
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/wire/stream-framing/table", test_table);
    return g_test_run();
}
