// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/sdp_media_reader.h"

#include "common/text.h"

#include <algorithm>

namespace rostrum {

namespace {

// Far above what browsers send (Chromium: 15 extensions, 12 SSRCs, 3 rids), far below what hurts.
constexpr unsigned kMaxExtensions = 64;
constexpr unsigned kMaxSsrcs = 64;
constexpr unsigned kMaxRids = 16;

bool is_token(std::string_view text) {
    return !text.empty() && text.size() <= 64 &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

bool is_uri(std::string_view text) {
    return !text.empty() && text.size() <= 256 &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

} // namespace

void MediaReader::take(std::string_view key, std::string_view value) {
    if (key == "mid")
        media_.mid = is_token(trim(value)) ? std::string(trim(value)) : std::string();
    else if (key == "sendrecv")
        media_.direction = Direction::SendRecv;
    else if (key == "sendonly")
        media_.direction = Direction::SendOnly;
    else if (key == "recvonly")
        media_.direction = Direction::RecvOnly;
    else if (key == "inactive")
        media_.direction = Direction::Inactive;
    else if (key == "rtcp-mux")
        media_.rtcp_mux = true;
    else if (key == "extmap-allow-mixed")
        media_.mixed_extensions = true;
    else if (key == "rtpmap")
        take_rtpmap(value);
    else if (key == "fmtp")
        take_fmtp(value);
    else if (key == "rtcp-fb")
        take_feedback(value);
    else if (key == "extmap")
        take_extmap(value);
    else if (key == "ssrc")
        take_ssrc(value);
    else if (key == "ssrc-group")
        take_ssrc_group(value);
    else if (key == "msid")
        take_msid(value);
    else if (key == "rid")
        take_rid(value);
    else if (key == "simulcast")
        simulcast_ = value;
}

void MediaReader::finish() {
    join_formats();
    join_retransmissions();
    join_simulcast();
}

void MediaReader::take_rtpmap(std::string_view value) {
    const auto payload_type = parse_number(split_off(value, ' '), 127);
    const std::string_view name = trim(split_off(value, '/'));
    const auto clock_rate = parse_number(trim(split_off(value, '/')), 1'000'000);
    if (!payload_type || !is_token(name) || !clock_rate || *clock_rate == 0 || codecs_.size() >= kMaxFormats)
        return;
    SdpCodec codec;
    codec.name = name;
    codec.payload_type = static_cast<uint8_t>(*payload_type);
    codec.clock_rate = static_cast<uint32_t>(*clock_rate);
    codec.channels = static_cast<unsigned>(parse_number(trim(value), 255).value_or(0));
    codecs_.push_back(std::move(codec));
}

void MediaReader::take_fmtp(std::string_view value) {
    const std::string_view payload_type = split_off(value, ' ');
    if (fmtps_.size() < kMaxFormats)
        fmtps_.emplace_back(payload_type, trim(value));
}

void MediaReader::take_feedback(std::string_view value) {
    const std::string_view payload_type = split_off(value, ' ');
    if (feedbacks_.size() < kMaxFormats * 8)
        feedbacks_.emplace_back(payload_type, trim(value));
}

void MediaReader::take_extmap(std::string_view value) {
    std::string_view id_and_direction = split_off(value, ' ');
    const auto id = parse_number(split_off(id_and_direction, '/'), 255);
    const std::string_view uri = split_off(value, ' '); // attributes of the extension may follow
    if (id && *id > 0 && is_uri(uri) && media_.extensions.size() < kMaxExtensions)
        media_.extensions.push_back({static_cast<uint8_t>(*id), std::string(uri)});
}

void MediaReader::take_ssrc(std::string_view value) {
    const auto ssrc = parse_number(split_off(value, ' '), UINT32_MAX);
    auto &ssrcs = media_.ssrcs;
    if (ssrc && ssrcs.size() < kMaxSsrcs && std::find(ssrcs.begin(), ssrcs.end(), *ssrc) == ssrcs.end())
        ssrcs.push_back(static_cast<uint32_t>(*ssrc));
}

void MediaReader::take_ssrc_group(std::string_view value) {
    if (split_off(value, ' ') != "FID")
        return;
    const auto media = parse_number(split_off(value, ' '), UINT32_MAX);
    const auto retransmission = parse_number(trim(value), UINT32_MAX);
    if (media && retransmission && media_.flow_groups.size() < kMaxSsrcs)
        media_.flow_groups.emplace_back(*media, *retransmission);
}

void MediaReader::take_msid(std::string_view value) {
    const std::string_view stream = split_off(value, ' '), track = trim(value);
    media_.msid_stream = is_token(stream) ? std::string(stream) : std::string();
    media_.msid_track = is_token(track) ? std::string(track) : std::string();
}

void MediaReader::take_rid(std::string_view value) {
    const std::string_view id = split_off(value, ' ');
    if (split_off(value, ' ') == "send" && is_token(id) && rids_.size() < kMaxRids)
        rids_.emplace_back(id);
}

SdpCodec *MediaReader::codec(std::string_view payload_type) {
    const auto number = parse_number(payload_type, 127);
    const auto found = std::find_if(codecs_.begin(), codecs_.end(),
                                    [&](const SdpCodec &c) { return number && c.payload_type == *number; });
    return found == codecs_.end() ? nullptr : &*found;
}

void MediaReader::join_formats() {
    for (const auto &[payload_type, rest] : fmtps_) {
        if (SdpCodec *found = codec(payload_type))
            found->fmtp = rest;
    }
    for (const auto &[payload_type, rest] : feedbacks_) {
        for (SdpCodec &each : codecs_) {
            if (payload_type == "*" || parse_number(payload_type, 127) == each.payload_type)
                each.feedback.emplace_back(rest);
        }
    }
}

/// media_.codecs in the order of the m-line; rtx becomes an attribute of what it repairs.
void MediaReader::join_retransmissions() {
    for (const std::string_view format : split(media_.formats, ' ')) {
        const SdpCodec *found = codec(format);
        if (found && !found->is("rtx") && !media_.find_payload(found->payload_type))
            media_.codecs.push_back(*found);
    }
    for (const SdpCodec &rtx : codecs_) {
        const auto apt = parse_number(rtx.parameter("apt"), 127);
        if (!rtx.is("rtx") || !apt)
            continue;
        for (SdpCodec &each : media_.codecs) {
            if (each.payload_type == *apt && each.clock_rate == rtx.clock_rate && !each.rtx)
                each.rtx = rtx.payload_type;
        }
    }
}

/// "send q;h;f" or "recv a send ~q,q2;h": the first alternative of each, paused or not (RFC 8853 §5.1).
void MediaReader::join_simulcast() {
    while (!simulcast_.empty()) {
        const bool sends = split_off(simulcast_, ' ') == "send";
        const std::string_view list = split_off(simulcast_, ' ');
        if (!sends)
            continue;
        for (std::string_view layer : split(list, ';')) {
            std::string_view rid = split_off(layer, ',');
            if (!rid.empty() && rid.front() == '~')
                rid.remove_prefix(1);
            if (std::find(rids_.begin(), rids_.end(), rid) != rids_.end() && media_.send_rids.size() < kMaxRids)
                media_.send_rids.emplace_back(rid);
        }
    }
}

bool SdpCodec::is(std::string_view codec_name) const {
    return equals_ignoring_case(name, codec_name);
}

bool SdpCodec::has_feedback(std::string_view value) const {
    return std::find(feedback.begin(), feedback.end(), value) != feedback.end();
}

std::string SdpCodec::parameter(std::string_view key) const {
    for (std::string_view pair : split(fmtp, ';')) {
        if (equals_ignoring_case(trim(split_off(pair, '=')), key))
            return std::string(trim(pair));
    }
    return {};
}

const SdpCodec *SdpMedia::find_payload(uint8_t payload_type) const {
    const auto found = std::find_if(codecs.begin(), codecs.end(),
                                    [&](const SdpCodec &codec) { return codec.payload_type == payload_type; });
    return found == codecs.end() ? nullptr : &*found;
}

std::optional<uint8_t> SdpMedia::extension_id(std::string_view uri) const {
    for (const SdpExtension &extension : extensions) {
        if (extension.uri == uri)
            return extension.id;
    }
    return std::nullopt;
}

} // namespace rostrum
