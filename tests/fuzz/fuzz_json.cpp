// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Request bodies: what is accepted is written and read again, and goes through the checks of a livestream.

#include "tools/rostrum/live/composition.h"

#include <cstdlib>

using rostrum::Json;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const auto json = rostrum::parse_json({reinterpret_cast<const char *>(data), size});
    if (!json)
        return 0;
    if (!rostrum::parse_json(json->dump())) // what is passed on must be JSON again
        std::abort();
    const auto outputs = rostrum::parse_rtmp_outputs(json->get("outputs"));
    if (const auto *accepted = std::get_if<Json>(&outputs))
        for (const auto &output : accepted->items())
            (void)rostrum::public_rtmp_url(output.text("url"), !output.text("streamKey").empty());
    (void)rostrum::parse_composition(json->get("config"), rostrum::default_composition());
    return 0;
}
