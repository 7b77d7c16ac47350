// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/sdp_fragment.h"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    (void)rostrum::parse_fragment({reinterpret_cast<const char *>(data), size});
    return 0;
}
