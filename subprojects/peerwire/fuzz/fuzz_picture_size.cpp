// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Input: a byte that chooses the format, then an RTP payload.

#include "wire/picture_size.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    using namespace peerwire;
    constexpr PayloadFormat kFormats[] = {PayloadFormat::Vp8, PayloadFormat::Vp9, PayloadFormat::H264,
                                          PayloadFormat::Av1};
    if (size == 0)
        return 0;
    const auto found = picture_size(kFormats[data[0] % 4], {data + 1, size - 1});
    if (found && (found->width == 0 || found->height == 0 || found->width > 16384 || found->height > 16384))
        std::abort();
    return 0;
}
