// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "streamsrc/rtp_caps.h"

#include "common/text.h"

namespace rostrum {
namespace {

std::string to_upper(std::string text) {
    for (char &c : text)
        c = g_ascii_toupper(c);
    return text;
}

bool is_field_name(std::string_view name) {
    if (name.empty() || !g_ascii_isalpha(name.front()))
        return false;
    for (const char c : name) {
        if (!g_ascii_isalnum(c) && c != '-' && c != '_')
            return false;
    }
    return true;
}

// Parameters describe the codec, not how a browser shall start: x-google-… stays out.
void add_fmtp(GstStructure *structure, const std::string &fmtp) {
    for (const std::string_view parameter : split(fmtp, ';')) {
        std::string_view value = parameter;
        const std::string name = to_lower(trim(split_off(value, '=')));
        if (!is_field_name(name) || name.compare(0, 2, "x-") == 0 || gst_structure_has_field(structure, name.c_str()))
            continue;
        const std::string text(trim(value));
        if (g_utf8_validate(text.c_str(), -1, nullptr))
            gst_structure_set(structure, name.c_str(), G_TYPE_STRING, text.c_str(), nullptr);
    }
}

} // namespace

GstRef<GstCaps> make_rtp_caps(const AnswerMedia &media, const SdpCodec &codec, uint32_t ssrc, const std::string &rid) {
    GstCaps *caps = gst_caps_new_simple(
        "application/x-rtp", "media", G_TYPE_STRING, media.kind == MediaKind::Video ? "video" : "audio", "payload",
        G_TYPE_INT, int{codec.payload_type}, "clock-rate", G_TYPE_INT, static_cast<int>(codec.clock_rate),
        "encoding-name", G_TYPE_STRING, to_upper(codec.name).c_str(), "ssrc", G_TYPE_UINT, ssrc, nullptr);
    GstStructure *structure = gst_caps_get_structure(caps, 0);
    if (codec.channels > 0)
        gst_structure_set(structure, "encoding-params", G_TYPE_STRING, std::to_string(codec.channels).c_str(), nullptr);
    for (const SdpExtension &extension : media.extensions)
        gst_structure_set(structure, ("extmap-" + std::to_string(extension.id)).c_str(), G_TYPE_STRING,
                          extension.uri.c_str(), nullptr);
    if (!media.mid.empty())
        gst_structure_set(structure, "mid", G_TYPE_STRING, media.mid.c_str(), nullptr);
    if (!rid.empty())
        gst_structure_set(structure, "rid", G_TYPE_STRING, rid.c_str(), nullptr);
    add_fmtp(structure, codec.fmtp);
    return GstRef<GstCaps>::adopt(caps);
}

} // namespace rostrum
