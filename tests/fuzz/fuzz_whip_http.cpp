// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/whip_http.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const std::string_view text(reinterpret_cast<const char *>(data), size);
    const std::string tag = rostrum::entity_tag(rostrum::ice_ufrag_of(text));
    if (tag.size() > size + 2)
        std::abort();
    if (rostrum::if_match(text, "\"abcd\"") && text.find('*') == text.npos && text.find("\"abcd\"") == text.npos)
        std::abort();
    rostrum::accepts(text, rostrum::kSdpType);
    return 0;
}
