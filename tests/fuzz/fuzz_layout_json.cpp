// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The layout property of livecompositor: whatever is read must also be drawable.

#include "livecompositor/settings.h"

#include <cstdlib>

using namespace livecompositor;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const LayoutChoice choice = parse_layout_property({reinterpret_cast<const char *>(data), size});
    if (!choice.error.empty())
        return 0;
    std::vector<Member> members(30);
    for (unsigned i = 0; i < members.size(); ++i)
        members[i] = {.index = i,
                      .pin_rank = i % 7,
                      .screen = i % 11 == 5,
                      .speaker = i == 3,
                      .share_rank = i % 4,
                      .label = i % 2 ? "Ann" : ""};
    for (const Size &canvas_size : {Size{1280, 720}, Size{16, 16}, Size{7680, 4320}, Size{16, 7680}}) {
        const Rect canvas{0, 0, canvas_size.w, canvas_size.h};
        std::vector<bool> shown(members.size());
        for (const Tile &tile : arrange({.kind = choice.kind, .custom = choice.custom}, canvas_size, members)) {
            if (!canvas.contains(tile.rect) || ((tile.rect.x | tile.rect.y | tile.rect.w | tile.rect.h) & 1) ||
                tile.rect.w < 2 || tile.rect.h < 2 || shown[tile.member])
                std::abort();
            shown[tile.member] = true;
        }
    }
    return 0;
}
