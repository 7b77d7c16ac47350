// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "viewerfanout/rtp_source.h"

#include "common/text.h"

#include <algorithm>

namespace rostrum {

namespace {

std::vector<uint8_t> decode_base64(std::string_view text) {
    gsize size = 0;
    g_autofree guchar *bytes = g_base64_decode(std::string(text).c_str(), &size);
    std::vector<uint8_t> unit(size);
    std::copy_n(bytes, size, unit.begin());
    return unit;
}

} // namespace

peerwire::Source source_from_caps(const GstCaps *caps) {
    peerwire::Source source;
    const GstStructure *structure = gst_caps_get_structure(caps, 0);
    if (const char *name = gst_structure_get_string(structure, "encoding-name"))
        source.codec = peerwire::codec_from_name(name);
    gint clock_rate = 0;
    if (gst_structure_get_int(structure, "clock-rate", &clock_rate) && clock_rate > 0)
        source.clock_rate = static_cast<uint32_t>(clock_rate);
    const char *sets = gst_structure_get_string(structure, "sprop-parameter-sets");
    for (const std::string_view set : split(sets ? sets : "", ',')) {
        auto unit = decode_base64(set);
        if (!unit.empty())
            source.parameter_sets.push_back(std::move(unit));
    }
    return source;
}

} // namespace rostrum
