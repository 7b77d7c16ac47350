// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/sdp_answer.h"

#include "common/text.h"

#include <gio/gio.h>

#include <algorithm>

namespace rostrum {

namespace {

// RFC 8445 §5.1.2.1: type preference 126 for host, component 1; local preference falls with the place in the list.
constexpr uint32_t host_priority(size_t index) {
    return (126u << 24) + ((65535u - static_cast<uint32_t>(std::min<size_t>(index, 65535))) << 8) + 255u;
}

// RFC 6544 §4.2: below every UDP candidate; direction preference 4 (passive) in front of the place in the list.
constexpr uint32_t tcp_priority(size_t index) {
    constexpr uint32_t kTypePreference = 90, kPassive = 4, kMaxOther = 8191;
    const uint32_t other = kMaxOther - static_cast<uint32_t>(std::min<size_t>(index, kMaxOther));
    return (kTypePreference << 24) + (((kPassive << 13) + other) << 8) + 255u;
}

/// Lines of an SDP, each ended by CRLF.
class SdpText {
  public:
    template <class... Parts> void line(const Parts &...parts) {
        (append(parts), ...);
        text_ += "\r\n";
    }
    std::string take() { return std::move(text_); }

  private:
    void append(std::string_view part) { text_ += part; }
    void append(uint64_t number) { text_ += std::to_string(number); }

    std::string text_;
};

std::string formats(const AnswerMedia &section) {
    std::string text;
    for (const SdpCodec &codec : section.codecs) {
        text += " " + std::to_string(codec.payload_type);
        if (codec.rtx)
            text += " " + std::to_string(*codec.rtx);
    }
    return text;
}

void write_codec(SdpText &sdp, const SdpCodec &codec) {
    const uint64_t payload_type = codec.payload_type;
    const std::string channels = codec.channels > 1 ? "/" + std::to_string(codec.channels) : "";
    sdp.line("a=rtpmap:", payload_type, " ", codec.name, "/", uint64_t{codec.clock_rate}, channels);
    for (const std::string &feedback : codec.feedback)
        sdp.line("a=rtcp-fb:", payload_type, " ", feedback);
    if (!codec.fmtp.empty())
        sdp.line("a=fmtp:", payload_type, " ", codec.fmtp);
    if (codec.rtx) {
        sdp.line("a=rtpmap:", uint64_t{*codec.rtx}, " rtx/", uint64_t{codec.clock_rate});
        sdp.line("a=fmtp:", uint64_t{*codec.rtx}, " apt=", payload_type);
    }
}

void write_source(SdpText &sdp, const AnswerMedia &section, uint64_t ssrc) {
    sdp.line("a=ssrc:", ssrc, " cname:", section.cname);
    sdp.line("a=ssrc:", ssrc, " msid:", section.msid_stream, " ", section.msid_track);
}

void write_sent(SdpText &sdp, const AnswerMedia &section) {
    sdp.line("a=msid:", section.msid_stream, " ", section.msid_track);
    if (section.rtx_ssrc)
        sdp.line("a=ssrc-group:FID ", uint64_t{section.ssrc}, " ", uint64_t{section.rtx_ssrc});
    write_source(sdp, section, section.ssrc);
    if (section.rtx_ssrc)
        write_source(sdp, section, section.rtx_ssrc);
}

void write_received(SdpText &sdp, const AnswerMedia &section) {
    std::string list;
    for (const std::string &rid : section.receive_rids) {
        sdp.line("a=rid:", rid, " recv");
        list += (list.empty() ? "" : ";") + rid;
    }
    if (!list.empty())
        sdp.line("a=simulcast:recv ", list);
}

void write_rejected(SdpText &sdp, const SdpMedia &media) {
    sdp.line("m=", media.media, " 0 ", media.protocol, " ", media.formats);
    sdp.line("c=IN IP4 0.0.0.0");
    if (!media.mid.empty())
        sdp.line("a=mid:", media.mid);
    sdp.line("a=inactive");
}

void write_accepted(SdpText &sdp, const SdpMedia &media, const Answer &answer, const AnswerMedia &section,
                    const LocalTransport &local) {
    sdp.line("m=", media.media, " 9 ", media.protocol, formats(section));
    sdp.line("c=IN IP4 0.0.0.0");
    sdp.line("a=ice-ufrag:", local.ufrag);
    sdp.line("a=ice-pwd:", local.pwd);
    sdp.line("a=fingerprint:", local.fingerprint);
    sdp.line("a=setup:", answer.dtls_client ? "active" : "passive");
    if (!section.mid.empty())
        sdp.line("a=mid:", section.mid);
    if (section.mixed_extensions)
        sdp.line("a=extmap-allow-mixed");
    for (const SdpExtension &extension : section.extensions)
        sdp.line("a=extmap:", uint64_t{extension.id}, " ", extension.uri);
    sdp.line(answer.sends ? "a=sendonly" : "a=recvonly");
    sdp.line("a=rtcp-mux");
    sdp.line("a=rtcp-mux-only"); // RFC 9725 §4.4.1
    sdp.line("a=rtcp-rsize");
    for (const SdpCodec &codec : section.codecs)
        write_codec(sdp, codec);
    if (answer.sends)
        write_sent(sdp, section);
    else
        write_received(sdp, section);
}

std::string bundle_group(const Answer &answer) {
    std::string group;
    for (const AnswerMedia &section : answer.media) {
        if (section.accepted && !section.mid.empty())
            group += " " + section.mid;
    }
    return group;
}

} // namespace

std::string write_candidates(const LocalTransport &local) {
    SdpText sdp;
    for (size_t i = 0; i < local.addresses.size(); ++i)
        sdp.line("a=candidate:", uint64_t{i + 1}, " 1 udp ", uint64_t{host_priority(i)}, " ", local.addresses[i], " ",
                 uint64_t{local.port}, " typ host");
    for (size_t i = 0; i < local.addresses.size() && local.tcp_port != 0; ++i)
        sdp.line("a=candidate:", uint64_t{local.addresses.size() + i + 1}, " 1 tcp ", uint64_t{tcp_priority(i)}, " ",
                 local.addresses[i], " ", uint64_t{local.tcp_port}, " typ host tcptype passive");
    sdp.line("a=end-of-candidates");
    return sdp.take();
}

std::string write_answer(const SdpOffer &offer, const Answer &answer, const LocalTransport &local) {
    SdpText sdp;
    sdp.line("v=0");
    sdp.line("o=- ", uint64_t{g_random_int()}, " 1 IN IP4 127.0.0.1");
    sdp.line("s=-");
    sdp.line("t=0 0");
    if (offer.bundled)
        sdp.line("a=group:BUNDLE", bundle_group(answer));
    sdp.line("a=msid-semantic: WMS *");
    sdp.line("a=ice-lite");
    sdp.line(kIceOptions);
    std::string text = sdp.take();
    bool candidates_written = false;
    for (size_t i = 0; i < offer.media.size(); ++i) {
        SdpText section;
        if (!answer.media[i].accepted) {
            write_rejected(section, offer.media[i]);
            text += section.take();
            continue;
        }
        write_accepted(section, offer.media[i], answer, answer.media[i], local);
        text += section.take();
        if (!candidates_written) // with BUNDLE one transport, described once
            text += write_candidates(local);
        candidates_written = true;
    }
    return text;
}

Result<std::vector<std::string>> parse_addresses(std::string_view list) {
    std::vector<std::string> addresses;
    for (const std::string_view piece : split(list, ',')) {
        const std::string address(piece);
        if (!g_hostname_is_ip_address(address.c_str()))
            return Error{400, "'" + address + "' is not an IP address"};
        addresses.push_back(address);
    }
    if (addresses.empty())
        return Error{400, "no public address given"};
    return addresses;
}

} // namespace rostrum
