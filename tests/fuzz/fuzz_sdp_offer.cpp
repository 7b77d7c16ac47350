// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Offers from outside: parsed, negotiated both ways, and answered; every answer must itself be SDP.

#include "common/sdp_answer.h"

#include <cstdint>
#include <cstdlib>

namespace {

const rostrum::LocalTransport kLocal{"abcd", "abcdefghijklmnopqrstuv", "sha-256 00:11",
                                     40000,  {"127.0.0.1", "::1"},     40001};

void check_answer(const rostrum::SdpOffer &offer, const peerwire::Result<rostrum::Answer> &answer) {
    if (!answer.ok())
        return;
    const std::string text = rostrum::write_answer(offer, answer.value(), kLocal);
    const auto reparsed = rostrum::parse_offer(text.substr(0, rostrum::kMaxSdpBytes));
    if (text.size() <= rostrum::kMaxSdpBytes && !reparsed.ok())
        abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const auto offer = rostrum::parse_offer({reinterpret_cast<const char *>(data), size});
    if (!offer.ok())
        return 0;
    check_answer(offer.value(), rostrum::negotiate_viewer(offer.value(), {}));
    check_answer(offer.value(), rostrum::negotiate_publisher(offer.value(), {}));
    return 0;
}
