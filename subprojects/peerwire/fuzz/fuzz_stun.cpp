// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Input: one STUN message. What parses must also be answerable.

#include "peer/ice_lite.h"
#include "wire/stun.h"

#include <array>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    using namespace peerwire;
    const std::span<const uint8_t> message(data, size);
    if (const auto view = parse_stun(message)) {
        static constexpr std::string_view kPassword = "VOkJxbRl1RmTxUk/WvJxBt"; // of RFC 5769
        static const HmacSha1 key({reinterpret_cast<const uint8_t *>(kPassword.data()), kPassword.size()});
        (void)verify_integrity(message, *view, key);
        (void)IceLite::receiver_ufrag(view->username);
    }
    IceLite ice({"evtj", "VOkJxbRl1RmTxUk/WvJxBt"}, "h6vY");
    std::array<uint8_t, 160> response;
    (void)ice.handle(message, Address::v4(192, 0, 2, 1, 32853), response);
    return 0;
}
