// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Request bodies: what is accepted is written and read again, and goes through the checks of a livestream.

#include "tools/rostrum/base/json_member.h"
#include "tools/rostrum/live/composition.h"
#include "tools/rostrum/live/destination_url.h"
#include "tools/rostrum/live/destinations.h"

#include <cstdlib>

using rostrum::Json;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const std::string_view text(reinterpret_cast<const char *>(data), size);
    const std::string member = rostrum::only_member(text, {"config", "layout", "description"});
    const auto json = rostrum::parse_json(text);
    if (!json)
        return 0;
    if (!rostrum::parse_json(json->dump())) // what is passed on must be JSON again
        std::abort();
    if (!member.empty() && json->get("config").get("layout").get("description").is_object() &&
        !rostrum::parse_json(member))
        std::abort();
    const auto outputs = rostrum::parse_destinations(json->get("outputs"), false);
    if (const auto *accepted = std::get_if<Json>(&outputs))
        for (const auto &output : accepted->items())
            (void)rostrum::public_destination_url(output.text("url"), !output.text("streamKey").empty());
    (void)rostrum::check_composition_names(json->get("config"));
    (void)rostrum::parse_composition(json->get("config"), rostrum::default_composition());
    return 0;
}
