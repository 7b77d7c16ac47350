// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/base/user_agent.h"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    (void)rostrum::parse_user_agent(std::string_view(reinterpret_cast<const char *>(data), size));
    return 0;
}
