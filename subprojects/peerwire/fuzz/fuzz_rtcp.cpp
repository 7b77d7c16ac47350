// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Input: one compound RTCP packet. Every field that a visitor can see is read.

#include "wire/rtcp.h"

namespace {

class ReadAll final : public peerwire::RtcpVisitor {
  public:
    uint64_t sum = 0;

    void on_sender_report(const peerwire::SenderReport &report) override { sum += report.ntp; }
    void on_report_block(uint32_t, const peerwire::ReportBlock &block) override { sum += block.jitter; }
    void on_cname(uint32_t, std::string_view cname) override {
        for (const char c : cname)
            sum += static_cast<uint8_t>(c);
    }
    void on_bye(uint32_t ssrc) override { sum += ssrc; }
    void on_nack(const peerwire::Nack &nack) override {
        nack.for_each_lost([this](uint16_t sequence) { sum += sequence; });
    }
    void on_pli(const peerwire::Pli &pli) override { sum += pli.media_ssrc; }
    void on_fir(const peerwire::Fir &fir) override { sum += fir.sequence; }
    void on_remb(const peerwire::Remb &remb) override {
        for (const uint8_t byte : remb.ssrcs)
            sum += byte;
    }
    void on_transport_cc(const peerwire::TransportCc &feedback) override {
        (void)feedback.for_each([this](uint16_t sequence, bool received, peerwire::TimeNs at) {
            sum += sequence + (received ? static_cast<uint64_t>(at) : 0);
        });
    }
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ReadAll visitor;
    (void)peerwire::parse_rtcp({data, size}, visitor);
    return 0;
}
