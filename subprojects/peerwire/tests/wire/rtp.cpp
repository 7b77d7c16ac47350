// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "wire/rtp.h"
#include "support/hex.h"

#include <glib.h>

#include <array>

using namespace peerwire;
using test::assert_text;
using test::hex;
using test::unhex;

namespace {

struct ParseRow {
    const char *name;
    const char *bytes;
    bool ok;
    bool marker;
    uint8_t payload_type;
    uint16_t sequence;
    uint32_t timestamp, ssrc;
    uint16_t profile;
    const char *extension;
    const char *payload;
    uint8_t padding;
    size_t header_size;
};

const ParseRow kParseRows[] = {
    {"plain", "80e0 0102 01020304 05060708 aabb", true, true, 96, 0x0102, 0x01020304, 0x05060708, 0, "", "aabb", 0, 12},
    {"no payload", "8060 ffff ffffffff 00000001", true, false, 96, 65535, 0xffffffff, 1, 0, "", "", 0, 12},
    {"two csrcs", "8260 0001 00000002 00000003 11111111 22222222 cc", true, false, 96, 1, 2, 3, 0, "", "cc", 0, 20},
    {"extension", "9060 0001 00000002 00000003 bede 0001 10ff0000 cc", true, false, 96, 1, 2, 3, 0xbede, "10ff0000",
     "cc", 0, 20},
    {"empty extension", "9060 0001 00000002 00000003 bede 0000 cc", true, false, 96, 1, 2, 3, 0xbede, "", "cc", 0, 16},
    {"padding", "a060 0001 00000002 00000003 cc 000003", true, false, 96, 1, 2, 3, 0, "", "cc", 3, 12},
    {"only padding", "a060 0001 00000002 00000003 00000003", true, false, 96, 1, 2, 3, 0, "", "00", 3, 12},
    {"empty", "", false},
    {"one byte short", "8060 0001 00000002 000000", false},
    {"version 1", "4060 0001 00000002 00000003 cc", false},
    {"csrcs missing", "8f60 0001 00000002 00000003 11111111", false},
    {"extension header missing", "9060 0001 00000002 00000003 bede", false},
    {"extension lies", "9060 0001 00000002 00000003 bede ffff 10ff0000", false},
    {"padding of zero", "a060 0001 00000002 00000003 cc00", false},
    {"padding longer than payload", "a060 0001 00000002 00000003 cc03", false},
    {"padding flag without a byte", "a060 0001 00000002 00000003", false},
};

void test_parse(gconstpointer data) {
    const auto &row = *static_cast<const ParseRow *>(data);
    const auto bytes = unhex(row.bytes);
    const auto view = parse_rtp(bytes);
    g_assert_cmpint(view.has_value(), ==, row.ok);
    if (!view)
        return;
    g_assert_cmpint(view->marker, ==, row.marker);
    g_assert_cmpuint(view->payload_type, ==, row.payload_type);
    g_assert_cmpuint(view->sequence, ==, row.sequence);
    g_assert_cmpuint(view->timestamp, ==, row.timestamp);
    g_assert_cmpuint(view->ssrc, ==, row.ssrc);
    g_assert_cmpuint(view->extension_profile, ==, row.profile);
    assert_text(hex(view->extension), row.extension);
    assert_text(hex(view->payload), row.payload);
    g_assert_cmpuint(view->padding, ==, row.padding);
    g_assert_cmpuint(view->header_size, ==, row.header_size);
}

struct FindRow {
    const char *name;
    const char *extension; ///< profile, length and data
    uint8_t id;
    const char *value;
};

const FindRow kFindRows[] = {
    {"one-byte first", "bede 0002 10aa 21bbcc 000000", 1, "aa"},
    {"one-byte behind padding", "bede 0002 10aa 0000 21bbcc 00", 2, "bbcc"},
    {"one-byte absent", "bede 0001 10aa0000", 3, ""},
    {"one-byte id 15 stops", "bede 0001 f0aa 20bb", 2, ""},
    {"one-byte lies", "bede 0001 1faa0000", 1, ""},
    {"two-byte", "1000 0002 ff02 bbcc 0700 0000", 255, "bbcc"},
    {"two-byte appbits", "100f 0001 0302 bbcc", 3, "bbcc"},
    {"two-byte zero length", "1000 0001 0300 0000", 3, ""},
    {"two-byte lies", "1000 0001 03ff 0000", 3, ""},
    {"two-byte cut", "1000 0001 000000 03", 3, ""},
    {"other profile", "abcd 0001 10aa0000", 1, ""},
    {"id 0", "bede 0001 10aa0000", 0, ""},
};

void test_find(gconstpointer data) {
    const auto &row = *static_cast<const FindRow *>(data);
    auto bytes = unhex(std::string("9060 0001 00000002 00000003") + row.extension + "dd");
    const auto view = parse_rtp(bytes);
    g_assert_true(view.has_value());
    assert_text(hex(find_extension(*view, row.id)), row.value);
    assert_text(hex(find_extension(std::span<uint8_t>(bytes), row.id)), row.value);
}

void test_write() {
    const RtpHeader header{true, 111, 0xfffe, 0x01020304, 0x0a0b0c0d};
    const std::array<uint8_t, 3> three{1, 2, 3};
    const std::array<uint8_t, 17> seventeen{};
    std::array<uint8_t, 64> out{};

    g_assert_cmpuint(write_rtp_header(out, header), ==, 12);
    assert_text(hex(std::span(out).first(12)), "80effffe010203040a0b0c0d");

    const HeaderExtension one_byte[] = {{1, three}, {14, std::span(three).first(1)}};
    g_assert_cmpuint(write_rtp_header(out, header, one_byte), ==, 24);
    assert_text(hex(std::span(out).subspan(12, 12)), "bede000212010203e0010000");

    const HeaderExtension two_byte[] = {{15, three}, {3, {}}};
    const size_t size = write_rtp_header(out, header, two_byte);
    g_assert_cmpuint(size, ==, 24);
    assert_text(hex(std::span(out).subspan(12, 12)), "100000020f03010203030000");

    const HeaderExtension large[] = {{1, seventeen}};
    const size_t large_size = write_rtp_header(out, header, large);
    const auto view = parse_rtp(std::span(out).first(large_size));
    g_assert_true(view.has_value());
    g_assert_cmpuint(find_extension(*view, 1).size(), ==, 17);

    const HeaderExtension nameless[] = {{0, three}};
    g_assert_cmpuint(write_rtp_header(out, header, nameless), ==, 0);
    g_assert_cmpuint(write_rtp_header(std::span(out).first(11), header), ==, 0);
    g_assert_cmpuint(write_rtp_header(std::span(out).first(23), header, one_byte), ==, 0);
}

void test_numbers() {
    g_assert_true(sequence_newer(0, 65535));
    g_assert_false(sequence_newer(65535, 0));
    g_assert_false(sequence_newer(7, 7));

    SequenceUnwrapper sequences;
    g_assert_cmpint(sequences.unwrap(65534), ==, 131070);
    g_assert_cmpint(sequences.unwrap(1), ==, 131073);
    g_assert_cmpint(sequences.unwrap(65535), ==, 131071);
    g_assert_cmpint(sequences.highest(), ==, 131073);

    TimestampUnwrapper timestamps;
    const int64_t first = timestamps.unwrap(0xfffffff0);
    g_assert_cmpint(timestamps.unwrap(0x10) - first, ==, 0x20);
    g_assert_cmpint(timestamps.unwrap(0xfffffff0) - first, ==, 0);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    for (const auto &row : kParseRows)
        g_test_add_data_func((std::string("/rtp/parse/") + row.name).c_str(), &row, test_parse);
    for (const auto &row : kFindRows)
        g_test_add_data_func((std::string("/rtp/find-extension/") + row.name).c_str(), &row, test_find);
    g_test_add_func("/rtp/write", test_write);
    g_test_add_func("/rtp/numbers", test_numbers);
    return g_test_run();
}
