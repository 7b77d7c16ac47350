// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "wire/rtcp.h"
#include "support/hex.h"

#include <glib.h>

#include <array>
#include <string>

using namespace peerwire;
using test::assert_text;
using test::hex;
using test::unhex;

namespace {

/// Writes down what it sees, so that a table can say it in one line.
class Recorder final : public RtcpVisitor {
  public:
    std::string log;

    void on_sender_report(const SenderReport &r) override {
        add("sr", {r.ssrc, r.ntp, r.rtp_timestamp, r.packet_count, r.octet_count});
    }
    void on_receiver_report(uint32_t ssrc) override { add("rr", {ssrc}); }
    void on_report_block(uint32_t reporter, const ReportBlock &b) override {
        add("block", {reporter, b.ssrc, b.fraction_lost});
        log += " " + std::to_string(b.cumulative_lost);
        add("", {b.highest_sequence, b.jitter, b.last_sr, b.delay_since_last_sr});
    }
    void on_cname(uint32_t ssrc, std::string_view cname) override {
        add("cname", {ssrc});
        log += " " + std::string(cname);
    }
    void on_bye(uint32_t ssrc) override { add("bye", {ssrc}); }
    void on_reference_time(uint32_t ssrc, uint64_t ntp) override { add("reference", {ssrc, ntp}); }
    void on_dlrr(const Dlrr &dlrr) override { add("dlrr", {dlrr.ssrc, dlrr.last_rr, dlrr.delay_since_last_rr}); }
    void on_nack(const Nack &nack) override {
        add("nack", {nack.sender_ssrc, nack.media_ssrc});
        nack.for_each_lost([this](uint16_t sequence) { add("", {sequence}); });
    }
    void on_pli(const Pli &pli) override { add("pli", {pli.sender_ssrc, pli.media_ssrc}); }
    void on_fir(const Fir &fir) override { add("fir", {fir.sender_ssrc, fir.media_ssrc, fir.sequence}); }
    void on_remb(const Remb &remb) override {
        add("remb", {remb.sender_ssrc, remb.bitrate_bps, remb.ssrcs.size() / 4});
    }
    void on_transport_cc(const TransportCc &cc) override {
        add("twcc", {cc.sender_ssrc, cc.media_ssrc, cc.base_sequence, cc.status_count, cc.feedback_count});
        const bool whole = cc.for_each([this](uint16_t sequence, bool received, TimeNs at) {
            add("", {sequence});
            log += received ? "@" + std::to_string(at / kNsPerUs) : "-";
        });
        log += whole ? "" : " cut";
    }

  private:
    void add(const char *what, std::initializer_list<uint64_t> numbers) {
        if (*what)
            log += (log.empty() ? "" : "; ") + std::string(what);
        for (const uint64_t number : numbers)
            log += " " + std::to_string(number);
    }
};

struct ParseRow {
    const char *name;
    const char *bytes;
    bool ok;
    const char *log;
};

const ParseRow kParseRows[] = {
    {"sr with a block",
     "81c8000c 00000001 0000000200000003 00000004 00000005 00000006"
     " 00000007 80fffffe 00010008 00000009 0000000a 0000000b",
     true, "sr 1 8589934595 4 5 6; block 1 7 128 -2 65544 9 10 11"},
    {"empty rr", "80c90001 00000001", true, "rr 1"},
    {"rr and sdes", "80c90001 00000001 81ca0003 00000001 0103 616263 00 0000", true, "rr 1; cname 1 abc"},
    {"sdes of two chunks", "82ca0005 00000001 010161 00 00000002 02017a010162 0000", true, "cname 1 a; cname 2 b"},
    {"bye of two", "82cb0002 00000001 00000002", true, "bye 1; bye 2"},
    {"nack", "81cd0003 00000001 00000002 fffe 8003", true, "nack 1 2 65534 65535 0 14"},
    {"pli", "81ce0002 00000001 00000002", true, "pli 1 2"},
    {"fir of two", "84ce0006 00000001 00000000 00000002 07000000 00000003 08000000", true, "fir 1 2 7; fir 1 3 8"},
    {"remb", "8fce0005 00000001 00000000 52454d42 010bd090 00000007", true, "remb 1 1000000 1"},
    {"remb of 2^63", "8fce0004 00000001 00000000 52454d42 00ba0000", true, "remb 1 9223372036854775808 0"},
    {"remb of more than 64 bits", "8fce0004 00000001 00000000 52454d42 00be0000", true,
     "remb 1 18446744073709551615 0"},
    {"remb of nothing times 2^63", "8fce0004 00000001 00000000 52454d42 00fc0000", true, "remb 1 0 0"},
    {"remb of another application", "8fce0004 00000001 00000000 41424344 00000000", true, ""},
    {"remb with missing ssrcs", "8fce0004 00000001 00000000 52454d42 02000001", true, ""},
    {"twcc run and vector", "8fcd0007 00000001 00000002 000a 000a 000001 05 2003 d800 04 08 0c 10 fff8 0000", true,
     "twcc 1 2 10 10 5 10@65000 11@67000 12@70000 13@74000 14@72000 15- 16- 17- 18- 19-"},
    {"twcc one-bit vector", "8fcd0006 00000001 00000002 ffff 0003 fffffe 00 a800 04 08 00000000", true,
     "twcc 1 2 65535 3 0 65535@-127000 0- 1@-125000"},
    {"twcc chunks end early", "8fcd0005 00000001 00000002 000a 000a 000001 05 2003 0000", true, "twcc 1 2 10 10 5 cut"},
    {"twcc deltas end early", "8fcd0005 00000001 00000002 000a 0003 000001 05 2003 04 08", true,
     "twcc 1 2 10 3 5 10@65000 11@67000 cut"},
    {"unknown type", "80cf0001 00000001", true, ""},
    {"unknown in front", "80cf0001 00000001 81ce0002 00000001 00000002", true, "pli 1 2"},
    {"padding on the last", "a1ce0003 00000001 00000002 00000004", true, "pli 1 2"},
    {"padding on the first", "a1ce0003 00000001 00000002 00000004 80c90001 00000001", false, ""},
    {"padding lies", "a1ce0002 00000001 000000ff", false, ""},
    {"empty", "", false, ""},
    {"cut header", "80c900", false, ""},
    {"version 1", "40c90001 00000001", false, ""},
    {"length lies", "80c90002 00000001", false, ""},
    {"second length lies", "80c90001 00000001 80c90005 00000001", false, ""},
    {"rr counts more blocks than there are", "9fc90001 00000001", true, ""},
    {"sr cut", "80c80002 00000001 00000002", true, ""},
    {"rr without ssrc", "80c90000", true, ""},
    {"reference time and dlrr of two",
     "80cf000b 00000001 04000002 00000000 00000009 05000006 00000002 00000003 00000004 00000005 00000006 00000007",
     true, "reference 1 9; dlrr 2 3 4; dlrr 5 6 7"},
    {"dlrr longer than its packet", "80cf0004 00000001 05000006 00000002 00000003", true, ""},
    {"half a dlrr", "80cf0003 00000001 05000001 00000002", true, ""},
    {"bye counts too many", "83cb0001 00000001", true, "bye 1"},
    {"sdes item lies", "81ca0002 00000001 01ff6162", true, ""},
    {"nack without entries", "81cd0002 00000001 00000002", true, ""},
    {"twcc cut", "8fcd0003 00000001 00000002 000a000c", true, ""},
};

void test_parse(gconstpointer data) {
    const auto &row = *static_cast<const ParseRow *>(data);
    Recorder recorder;
    g_assert_cmpint(parse_rtcp(unhex(row.bytes), recorder), ==, row.ok);
    assert_text(recorder.log, row.log);
}

std::string parsed(std::span<const uint8_t> bytes) {
    Recorder recorder;
    g_assert_true(parse_rtcp(bytes, recorder));
    return recorder.log;
}

void test_build_reports() {
    std::array<uint8_t, 128> out{};
    const ReportBlock block{7, 128, -2, 65544, 9, 10, 11};
    const SenderReport report{1, 0x0000000200000003, 4, 5, 6};
    size_t size = write_sender_report(out, report, {&block, 1});
    g_assert_cmpuint(size, ==, 52);
    size += write_sdes_cname(std::span(out).subspan(size), 1, "abcd");
    g_assert_cmpuint(size, ==, 52 + 16);
    size += write_bye(std::span(out).subspan(size), 1, "bye");
    assert_text(parsed(std::span(out).first(size)),
                "sr 1 8589934595 4 5 6; block 1 7 128 -2 65544 9 10 11; cname 1 abcd; bye 1");

    const ReportBlock many_lost{7, 0, 0x7fffffff, 0, 0, 0, 0};
    size = write_receiver_report(out, 2, {&many_lost, 1});
    assert_text(parsed(std::span(out).first(size)), "rr 2; block 2 7 0 8388607 0 0 0 0");

    g_assert_cmpuint(write_sender_report(std::span(out).first(27), report), ==, 0);
    g_assert_cmpuint(write_receiver_report(out, 1, std::array<ReportBlock, 32>{}), ==, 0);
    g_assert_cmpuint(write_sdes_cname(out, 1, std::string(256, 'a')), ==, 0);
}

void test_build_feedback() {
    std::array<uint8_t, 64> out{};
    const uint16_t lost[] = {65534, 65535, 0, 14, 15, 100};
    size_t size = write_nack(out, 1, 2, lost);
    assert_text(hex(std::span(out).first(size)), "81cd00050000000100000002fffe8003000f000000640000");
    assert_text(parsed(std::span(out).first(size)), "nack 1 2 65534 65535 0 14 15 100");
    g_assert_cmpuint(write_nack(out, 1, 2, {}), ==, 0);
    g_assert_cmpuint(write_nack(std::span(out).first(12), 1, 2, lost), ==, 0);

    size = write_pli(out, {1, 2});
    assert_text(parsed(std::span(out).first(size)), "pli 1 2");
    size = write_fir(out, {1, 2, 9});
    assert_text(parsed(std::span(out).first(size)), "fir 1 2 9");
    const uint32_t ssrcs[] = {7, 8};
    size = write_remb(out, 1, 3'000'000, ssrcs);
    assert_text(parsed(std::span(out).first(size)), "remb 1 3000000 2");
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    for (const auto &row : kParseRows)
        g_test_add_data_func((std::string("/rtcp/parse/") + row.name).c_str(), &row, test_parse);
    g_test_add_func("/rtcp/build/reports", test_build_reports);
    g_test_add_func("/rtcp/build/feedback", test_build_feedback);
    return g_test_run();
}
