// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "media_units.h"

#include <glib.h>

#include <string>

using rostrum::session::Bytes;
using rostrum::session::FileFormat;
using rostrum::session::MediaUnits;

namespace {

void same(const std::string &got, const std::string &wanted) {
    g_assert_cmpstr(got.c_str(), ==, wanted.c_str());
}

std::string box(const char *type, size_t payload) {
    const size_t size = payload + 8;
    return std::string{static_cast<char>(size >> 24), static_cast<char>(size >> 16), static_cast<char>(size >> 8),
                       static_cast<char>(size)} +
           type + std::string(payload, 'x');
}

std::string large_mdat() {
    return std::string("\0\0\0\1mdat\0\0\0\0\0\0\0\x14xxxx", 20);
}

const std::string kEbml("\x1A\x45\xDF\xA3\x82xx", 7);
const std::string kSegment("\x18\x53\x80\x67\x01\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 12);
const std::string kCluster("\x1F\x43\xB6\x75\x01\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xE7\x81t", 15);
const std::string kBlock("\xA3\x84xxxx", 6), kGroup("\xA0\x40\x02yy", 5);

struct Row {
    const char *name;
    FileFormat format;
    std::string bytes;
    const char *units; // their lengths
    size_t left;
};

const Row kRows[] = {
    {"nothing", FileFormat::Mp4, "", "", 0},
    {"headers alone are no file", FileFormat::Mp4, box("ftyp", 8) + box("moov", 92), "", 116},
    {"the first fragment goes with the headers", FileFormat::Mp4,
     box("ftyp", 8) + box("moov", 92) + box("moof", 12) + box("mdat", 22), "166", 0},
    {"two fragments", FileFormat::Mp4, box("moof", 2) + box("mdat", 2) + box("moof", 12) + box("mdat", 0), "20 28", 0},
    {"a fragment that is not complete", FileFormat::Mp4, box("moof", 2) + box("mdat", 2) + box("moof", 2) + "\0\0\0",
     "20", 10},
    {"a large size", FileFormat::Mp4, box("moof", 2) + large_mdat() + box("moof", 0), "30", 8},
    {"webm headers alone", FileFormat::Webm, kEbml + kSegment + kCluster, "", 34},
    {"webm, the first block goes with the headers", FileFormat::Webm, kEbml + kSegment + kCluster + kBlock, "40", 0},
    {"webm blocks", FileFormat::Webm, kBlock + kGroup + kCluster + kBlock + "\xA3", "6 5 21", 1},
};

std::string cut(const Row &row, size_t step, size_t &left) {
    MediaUnits units(row.format);
    std::string lengths, all;
    for (size_t at = 0; at < row.bytes.size(); at += step) {
        const std::string piece = row.bytes.substr(at, step);
        units.push(reinterpret_cast<const uint8_t *>(piece.data()), piece.size(), [&](const Bytes &unit) {
            lengths += (lengths.empty() ? "" : " ") + std::to_string(unit.size());
            all.append(unit.begin(), unit.end());
        });
    }
    g_assert_true(all == row.bytes.substr(0, all.size()));
    left = units.pending();
    return lengths;
}

/// However the bytes come.
void test_row(gconstpointer data) {
    const auto &row = *static_cast<const Row *>(data);
    for (const size_t step : {size_t{1}, size_t{7}, row.bytes.size() + 1}) {
        size_t left = 0;
        same(cut(row, step, left), row.units);
        g_assert_cmpuint(left, ==, row.left);
    }
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    for (const auto &row : kRows)
        g_test_add_data_func((std::string("/media-units/") + row.name).c_str(), &row, test_row);
    return g_test_run();
}
