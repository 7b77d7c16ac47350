// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Input: one RTP packet.

#include "wire/rtp.h"

#include <bitset>
#include <cstdlib>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    using namespace peerwire;
    const auto view = parse_rtp({data, size});
    if (!view)
        return 0;
    if (view->header_size + view->payload.size() + view->padding != size)
        std::abort();
    std::bitset<256> ids{1u << 0 | 1u << 15}; // and what may be one, in either form
    for (const uint8_t byte : view->extension)
        ids.set(byte).set(byte >> 4);
    std::vector<uint8_t> copy(data, data + size);
    for (size_t id = 0; id < ids.size(); ++id) {
        if (!ids[id])
            continue;
        const auto found = find_extension(*view, static_cast<uint8_t>(id));
        if (found.size() != find_extension(std::span<uint8_t>(copy), static_cast<uint8_t>(id)).size())
            std::abort();
    }
    return 0;
}
