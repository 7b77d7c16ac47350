// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/sdp_offer.h"

#include "common/sdp_media_reader.h"
#include "common/text.h"

#include <gst/sdp/sdp.h>

#include <algorithm>
#include <memory>

namespace rostrum {

namespace {

constexpr unsigned kMaxMedia = 32;
constexpr size_t kMaxFingerprint = 256;

struct MessageFree {
    void operator()(GstSDPMessage *message) const { gst_sdp_message_free(message); }
};
using MessagePtr = std::unique_ptr<GstSDPMessage, MessageFree>;

std::string_view view(const char *text) {
    return text ? std::string_view(text) : std::string_view();
}

Error bad(std::string text) {
    return Error{400, std::move(text)};
}

/// Calls visit(key, value) for each a= line of a message or media section.
template <class Visit> void for_each_attribute(const GstSDPMessage *message, Visit visit) {
    for (guint i = 0; i < gst_sdp_message_attributes_len(message); ++i) {
        const GstSDPAttribute *attribute = gst_sdp_message_get_attribute(message, i);
        visit(view(attribute->key), view(attribute->value));
    }
}

template <class Visit> void for_each_attribute(const GstSDPMedia *media, Visit visit) {
    for (guint i = 0; i < gst_sdp_media_attributes_len(media); ++i) {
        const GstSDPAttribute *attribute = gst_sdp_media_get_attribute(media, i);
        visit(view(attribute->key), view(attribute->value));
    }
}

/// Transport attributes may stand at session level or in a section; with BUNDLE the first one counts.
struct TransportAttributes {
    std::string ufrag, pwd, fingerprint, setup;
    std::vector<std::string> bundle;
    bool bundled = false;
    bool mixed_extensions = false; // RFC 8285 §6: at session level it holds for all sections

    void take(std::string_view key, std::string_view value) {
        if (key == "ice-ufrag" && ufrag.empty())
            ufrag = trim(value);
        else if (key == "ice-pwd" && pwd.empty())
            pwd = trim(value);
        else if (key == "setup" && setup.empty())
            setup = trim(value);
        else if (key == "fingerprint")
            take_fingerprint(trim(value));
    }

    void take_fingerprint(std::string_view value) {
        // Several hashes of one certificate may be given (RFC 8122 §5); SHA-256 is the one that everyone has.
        const bool sha256 = equals_ignoring_case(value.substr(0, 8), "sha-256 ");
        if (value.size() <= kMaxFingerprint && (fingerprint.empty() || (sha256 && fingerprint.find("sha-256") != 0)))
            fingerprint = hash_in_lower_case(value);
    }

    static std::string hash_in_lower_case(std::string_view value) {
        const std::string hash = to_lower(split_off(value, ' '));
        return hash + " " + std::string(trim(value));
    }

    void take_group(std::string_view value) {
        if (split_off(value, ' ') != "BUNDLE" || bundled)
            return;
        bundled = true;
        for (const std::string_view mid : split(value, ' '))
            bundle.emplace_back(mid);
    }
};

MediaKind kind_of(const SdpMedia &media) {
    const bool rtp = media.protocol.find("RTP/SAVP") != std::string::npos;
    if (rtp && media.media == "audio")
        return MediaKind::Audio;
    if (rtp && media.media == "video")
        return MediaKind::Video;
    return MediaKind::Other;
}

SdpMedia read_media(const GstSDPMedia *source, const TransportAttributes &session) {
    SdpMedia media;
    media.media = view(gst_sdp_media_get_media(source));
    media.protocol = view(gst_sdp_media_get_proto(source));
    for (guint i = 0; i < std::min(gst_sdp_media_formats_len(source), kMaxFormats); ++i)
        media.formats += (i ? " " : "") + std::string(view(gst_sdp_media_get_format(source, i)));
    media.kind = kind_of(media);
    media.mixed_extensions = session.mixed_extensions;

    MediaReader reader(media);
    bool bundle_only = false;
    for_each_attribute(source, [&](std::string_view key, std::string_view value) {
        bundle_only = bundle_only || key == "bundle-only";
        reader.take(key, value);
    });
    reader.finish();
    const bool in_bundle =
        !session.bundled || std::find(session.bundle.begin(), session.bundle.end(), media.mid) != session.bundle.end();
    media.rejected = (gst_sdp_media_get_port(source) == 0 && !bundle_only) || !in_bundle;
    return media;
}

std::optional<Error> check(const TransportAttributes &transport, const SdpOffer &offer) {
    if (transport.ufrag.empty())
        return bad("the offer has no a=ice-ufrag");
    if (transport.pwd.empty())
        return bad("the offer has no a=ice-pwd");
    if (!is_ice_text(transport.ufrag, 4) || !is_ice_text(transport.pwd, 22))
        return bad("a=ice-ufrag needs 4 to 256 and a=ice-pwd 22 to 256 ICE characters");
    if (transport.fingerprint.empty())
        return bad("the offer has no a=fingerprint");
    if (transport.fingerprint.find("sha-256 ") != 0)
        return bad("the offer has no a=fingerprint with sha-256");
    const auto usable = std::count_if(offer.media.begin(), offer.media.end(), [](const SdpMedia &media) {
        return !media.rejected && media.kind != MediaKind::Other;
    });
    if (!transport.bundled && usable > 1)
        return bad("the offer has several m-sections and no a=group:BUNDLE");
    return std::nullopt;
}

std::optional<Error> check_media(const SdpMedia &media) {
    if (!media.rejected && media.kind != MediaKind::Other && !media.rtcp_mux)
        return bad("the " + media.media + " section has no a=rtcp-mux");
    return std::nullopt;
}

MessagePtr parse_message(std::string_view text) {
    GstSDPMessage *raw = nullptr;
    if (gst_sdp_message_new(&raw) != GST_SDP_OK)
        return nullptr;
    MessagePtr message(raw);
    const auto *bytes = reinterpret_cast<const guint8 *>(text.data());
    if (gst_sdp_message_parse_buffer(bytes, static_cast<guint>(text.size()), raw) != GST_SDP_OK)
        return nullptr;
    return message;
}

} // namespace

bool is_ice_text(std::string_view text, size_t min) {
    // ice-char (RFC 8839 §5.4), at most 256 of them.
    return text.size() >= min && text.size() <= 256 && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '+' ||
                      c == '/' || c == '=' || c == '-' || c == '_';
           });
}

Result<SdpOffer> parse_offer(std::string_view text) {
    if (text.size() > kMaxSdpBytes)
        return Error{413, "the SDP is larger than 64 KiB"};
    if (trim(text).substr(0, 3) != "v=0")
        return bad("the body is not SDP: it does not begin with v=0");
    if (text.find('\0') != std::string_view::npos)
        return bad("the SDP contains a NUL byte");
    const MessagePtr message = parse_message(text);
    if (!message)
        return bad("the body is not SDP (RFC 8866)");
    const guint sections = gst_sdp_message_medias_len(message.get());
    if (sections == 0)
        return bad("the offer has no m-section");
    if (sections > kMaxMedia)
        return bad("the offer has more than 32 m-sections");

    TransportAttributes transport;
    const auto take_transport = [&](std::string_view key, std::string_view value) { transport.take(key, value); };
    for_each_attribute(message.get(), take_transport);
    for_each_attribute(message.get(), [&](std::string_view key, std::string_view value) {
        if (key == "group") // RFC 5888: at session level only
            transport.take_group(value);
        else if (key == "extmap-allow-mixed")
            transport.mixed_extensions = true;
    });
    SdpOffer offer;
    for (guint i = 0; i < sections; ++i) {
        const GstSDPMedia *section = gst_sdp_message_get_media(message.get(), i);
        offer.media.push_back(read_media(section, transport));
        if (const auto error = check_media(offer.media.back()))
            return *error;
        if (!offer.media.back().rejected)
            for_each_attribute(section, take_transport);
    }
    if (const auto error = check(transport, offer))
        return *error;
    offer.ice_ufrag = transport.ufrag;
    offer.ice_pwd = transport.pwd;
    offer.fingerprint = transport.fingerprint;
    offer.offerer_passive = transport.setup == "passive";
    offer.bundled = transport.bundled;
    return offer;
}

} // namespace rostrum
