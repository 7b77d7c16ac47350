// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "wire/rtcp.h"

namespace peerwire {

namespace {

enum PacketType : uint8_t { kSr = 200, kRr = 201, kSdes = 202, kBye = 203, kRtpfb = 205, kPsfb = 206, kXr = 207 };
enum XrBlock : uint8_t { kReferenceTime = 4, kDlrr = 5 };
enum RtpfbFormat : uint8_t { kGenericNack = 1, kTransportCc = 15 };
enum PsfbFormat : uint8_t { kPli = 1, kFir = 4, kApplication = 15 };

constexpr size_t kReportBlockSize = 24;
constexpr uint32_t kRembIdentifier = 0x52454d42; // "REMB"
constexpr uint8_t kSdesCname = 1;

/// One packet of a compound, its padding removed.
struct Packet {
    uint8_t count = 0; ///< RC, SC or FMT, by type
    uint8_t type = 0;
    std::span<const uint8_t> body; ///< behind the four-byte header
};

void visit_blocks(uint32_t reporter, ByteReader &reader, uint8_t count, RtcpVisitor &visitor) {
    for (unsigned i = 0; i < count; ++i) {
        ReportBlock block;
        block.ssrc = reader.u32();
        block.fraction_lost = reader.u8();
        const uint32_t lost = reader.u24();
        block.cumulative_lost = static_cast<int32_t>(lost & 0x800000 ? lost | 0xff000000u : lost);
        block.highest_sequence = reader.u32();
        block.jitter = reader.u32();
        block.last_sr = reader.u32();
        block.delay_since_last_sr = reader.u32();
        visitor.on_report_block(reporter, block);
    }
}

void visit_report(const Packet &packet, RtcpVisitor &visitor) {
    const size_t sender_info = packet.type == kSr ? 20 : 0;
    if (packet.body.size() < 4 + sender_info + packet.count * kReportBlockSize)
        return;
    ByteReader reader(packet.body);
    SenderReport report;
    report.ssrc = reader.u32();
    if (packet.type == kSr) {
        report.ntp = reader.u64();
        report.rtp_timestamp = reader.u32();
        report.packet_count = reader.u32();
        report.octet_count = reader.u32();
        visitor.on_sender_report(report);
    } else {
        visitor.on_receiver_report(report.ssrc);
    }
    visit_blocks(report.ssrc, reader, packet.count, visitor);
}

/// RFC 3550 §6.5: chunks of SSRC and items, each chunk padded to a word.
void visit_sdes(const Packet &packet, RtcpVisitor &visitor) {
    ByteReader reader(packet.body);
    for (unsigned i = 0; i < packet.count; ++i) {
        const uint32_t ssrc = reader.u32();
        for (uint8_t type = reader.u8(); reader.ok() && type != 0; type = reader.u8()) {
            const auto text = reader.bytes(reader.u8());
            if (reader.ok() && type == kSdesCname)
                visitor.on_cname(ssrc, {reinterpret_cast<const char *>(text.data()), text.size()});
        }
        if (!reader.ok())
            return;
        reader.skip((4 - reader.position() % 4) % 4);
    }
}

void visit_bye(const Packet &packet, RtcpVisitor &visitor) {
    ByteReader reader(packet.body);
    for (unsigned i = 0; i < packet.count; ++i) {
        const uint32_t ssrc = reader.u32();
        if (!reader.ok())
            return;
        visitor.on_bye(ssrc);
    }
}

void visit_transport_feedback(const Packet &packet, RtcpVisitor &visitor) {
    ByteReader reader(packet.body);
    const uint32_t sender = reader.u32();
    const uint32_t media = reader.u32();
    if (packet.count == kGenericNack) {
        const auto entries = reader.bytes(reader.left() / 4 * 4);
        if (reader.ok() && !entries.empty())
            visitor.on_nack({sender, media, entries});
    } else if (packet.count == kTransportCc) {
        TransportCc feedback{sender, media};
        feedback.base_sequence = reader.u16();
        feedback.status_count = reader.u16();
        const uint32_t reference = reader.u24();
        feedback.reference_time = static_cast<int32_t>(reference & 0x800000 ? reference | 0xff000000u : reference);
        feedback.feedback_count = reader.u8();
        feedback.chunks_and_deltas = reader.bytes(reader.left());
        if (reader.ok())
            visitor.on_transport_cc(feedback);
    }
}

void visit_remb(uint32_t sender, ByteReader &reader, RtcpVisitor &visitor) {
    if (reader.u32() != kRembIdentifier)
        return;
    const uint8_t count = reader.u8();
    const uint32_t rate = reader.u24();
    const uint64_t mantissa = rate & 0x3ffff;
    const int exponent = static_cast<int>(rate >> 18);
    Remb remb{sender};
    remb.bitrate_bps = exponent <= std::countl_zero(mantissa) ? mantissa << exponent : UINT64_MAX;
    remb.ssrcs = reader.bytes(count * size_t{4});
    if (reader.ok())
        visitor.on_remb(remb);
}

void visit_payload_feedback(const Packet &packet, RtcpVisitor &visitor) {
    ByteReader reader(packet.body);
    const uint32_t sender = reader.u32();
    const uint32_t media = reader.u32();
    if (!reader.ok())
        return;
    if (packet.count == kPli) {
        visitor.on_pli({sender, media});
    } else if (packet.count == kFir) {
        while (reader.left() >= 8) {
            Fir fir{sender};
            fir.media_ssrc = reader.u32();
            fir.sequence = reader.u8();
            reader.skip(3);
            visitor.on_fir(fir);
        }
    } else if (packet.count == kApplication) {
        visit_remb(sender, reader, visitor);
    }
}

/// RFC 3611 §2: blocks of a type, a byte of its own, and a length in words.
void visit_extended_report(const Packet &packet, RtcpVisitor &visitor) {
    ByteReader reader(packet.body);
    const uint32_t reporter = reader.u32();
    while (reader.ok() && reader.left() >= 4) {
        const uint8_t type = reader.u8();
        reader.skip(1);
        ByteReader block(reader.bytes(reader.u16() * size_t{4}));
        if (type == kReferenceTime && block.left() >= 8)
            visitor.on_reference_time(reporter, block.u64());
        while (type == kDlrr && block.left() >= 12) {
            Dlrr dlrr;
            dlrr.ssrc = block.u32();
            dlrr.last_rr = block.u32();
            dlrr.delay_since_last_rr = block.u32();
            visitor.on_dlrr(dlrr);
        }
    }
}

void visit(const Packet &packet, RtcpVisitor &visitor) {
    switch (packet.type) {
    case kSr:
    case kRr:
        return visit_report(packet, visitor);
    case kSdes:
        return visit_sdes(packet, visitor);
    case kBye:
        return visit_bye(packet, visitor);
    case kRtpfb:
        return visit_transport_feedback(packet, visitor);
    case kPsfb:
        return visit_payload_feedback(packet, visitor);
    case kXr:
        return visit_extended_report(packet, visitor);
    default:
        return;
    }
}

/// The first packet of `compound`, and its size on the wire; size 0 when the header lies.
std::pair<Packet, size_t> split_first(std::span<const uint8_t> compound) {
    if (compound.size() < 4 || compound[0] >> 6 != 2)
        return {};
    const size_t size = (load_be16(&compound[2]) + size_t{1}) * 4;
    if (size > compound.size())
        return {};
    Packet packet{static_cast<uint8_t>(compound[0] & 0x1f), compound[1], compound.subspan(4, size - 4)};
    if (compound[0] & 0x20) { // padding, allowed on the last packet only (RFC 3550 §6.4.1)
        const uint8_t padding = packet.body.empty() ? uint8_t{0} : packet.body.back();
        if (padding == 0 || padding > packet.body.size() || size != compound.size())
            return {};
        packet.body = packet.body.first(packet.body.size() - padding);
    }
    return {packet, size};
}

/// Writes the common header; the length is patched by finish().
ByteWriter begin(std::span<uint8_t> out, size_t count, PacketType type) {
    ByteWriter writer(out);
    writer.u8(static_cast<uint8_t>(0x80 | count));
    writer.u8(type);
    writer.u16(0);
    return writer;
}

size_t finish(ByteWriter &writer) {
    writer.pad_to_word();
    if (writer.ok())
        writer.patch_u16(2, static_cast<uint16_t>(writer.size() / 4 - 1));
    return writer.size();
}

void write_blocks(ByteWriter &writer, std::span<const ReportBlock> blocks) {
    for (const auto &block : blocks) {
        writer.u32(block.ssrc);
        writer.u8(block.fraction_lost);
        writer.u24(static_cast<uint32_t>(std::clamp(block.cumulative_lost, -0x800000, 0x7fffff)) & 0xffffff);
        writer.u32(block.highest_sequence);
        writer.u32(block.jitter);
        writer.u32(block.last_sr);
        writer.u32(block.delay_since_last_sr);
    }
}

} // namespace

bool parse_rtcp(std::span<const uint8_t> compound, RtcpVisitor &visitor) {
    if (compound.empty())
        return false;
    for (auto rest = compound; !rest.empty();) {
        const size_t size = split_first(rest).second;
        if (size == 0)
            return false;
        rest = rest.subspan(size);
    }
    for (auto rest = compound; !rest.empty();) {
        const auto [packet, size] = split_first(rest);
        visit(packet, visitor);
        rest = rest.subspan(size);
    }
    return true;
}

size_t write_sender_report(std::span<uint8_t> out, const SenderReport &report, std::span<const ReportBlock> blocks) {
    if (blocks.size() > 31)
        return 0;
    ByteWriter writer = begin(out, blocks.size(), kSr);
    writer.u32(report.ssrc);
    writer.u64(report.ntp);
    writer.u32(report.rtp_timestamp);
    writer.u32(report.packet_count);
    writer.u32(report.octet_count);
    write_blocks(writer, blocks);
    return finish(writer);
}

size_t write_receiver_report(std::span<uint8_t> out, uint32_t ssrc, std::span<const ReportBlock> blocks) {
    if (blocks.size() > 31)
        return 0;
    ByteWriter writer = begin(out, blocks.size(), kRr);
    writer.u32(ssrc);
    write_blocks(writer, blocks);
    return finish(writer);
}

size_t write_reference_time(std::span<uint8_t> out, uint32_t ssrc, uint64_t ntp) {
    ByteWriter writer = begin(out, 0, kXr);
    writer.u32(ssrc);
    writer.u8(kReferenceTime);
    writer.u8(0);
    writer.u16(2); // words that follow
    writer.u64(ntp);
    return finish(writer);
}

size_t write_sdes_cname(std::span<uint8_t> out, uint32_t ssrc, std::string_view cname) {
    if (cname.size() > 255)
        return 0;
    ByteWriter writer = begin(out, 1, kSdes);
    writer.u32(ssrc);
    writer.u8(kSdesCname);
    writer.u8(static_cast<uint8_t>(cname.size()));
    writer.text(cname);
    writer.u8(0); // end of items; finish() pads the chunk with more of them
    return finish(writer);
}

size_t write_bye(std::span<uint8_t> out, uint32_t ssrc, std::string_view reason) {
    if (reason.size() > 255)
        return 0;
    ByteWriter writer = begin(out, 1, kBye);
    writer.u32(ssrc);
    if (!reason.empty()) {
        writer.u8(static_cast<uint8_t>(reason.size()));
        writer.text(reason);
    }
    return finish(writer);
}

size_t write_nack(std::span<uint8_t> out, uint32_t sender_ssrc, uint32_t media_ssrc,
                  std::span<const uint16_t> sequences) {
    if (sequences.empty())
        return 0;
    ByteWriter writer = begin(out, kGenericNack, kRtpfb);
    writer.u32(sender_ssrc);
    writer.u32(media_ssrc);
    for (size_t i = 0; i < sequences.size();) {
        const uint16_t pid = sequences[i++];
        uint16_t mask = 0;
        for (; i < sequences.size(); ++i) {
            const auto distance = static_cast<uint16_t>(sequences[i] - pid);
            if (distance == 0 || distance > 16)
                break;
            mask = static_cast<uint16_t>(mask | 1u << (distance - 1));
        }
        writer.u16(pid);
        writer.u16(mask);
    }
    return finish(writer);
}

size_t write_pli(std::span<uint8_t> out, const Pli &pli) {
    ByteWriter writer = begin(out, kPli, kPsfb);
    writer.u32(pli.sender_ssrc);
    writer.u32(pli.media_ssrc);
    return finish(writer);
}

size_t write_fir(std::span<uint8_t> out, const Fir &fir) {
    ByteWriter writer = begin(out, kFir, kPsfb);
    writer.u32(fir.sender_ssrc);
    writer.u32(0); // unused (RFC 5104 §4.3.1.2)
    writer.u32(fir.media_ssrc);
    writer.u8(fir.sequence);
    writer.u24(0);
    return finish(writer);
}

size_t write_remb(std::span<uint8_t> out, uint32_t sender_ssrc, uint64_t bitrate_bps, std::span<const uint32_t> ssrcs) {
    if (ssrcs.size() > 255)
        return 0;
    uint32_t exponent = 0;
    while (bitrate_bps >> exponent > 0x3ffff)
        ++exponent;
    ByteWriter writer = begin(out, kApplication, kPsfb);
    writer.u32(sender_ssrc);
    writer.u32(0);
    writer.u32(kRembIdentifier);
    writer.u8(static_cast<uint8_t>(ssrcs.size()));
    writer.u24(exponent << 18 | static_cast<uint32_t>(bitrate_bps >> exponent));
    for (const uint32_t ssrc : ssrcs)
        writer.u32(ssrc);
    return finish(writer);
}

} // namespace peerwire
