// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Input: one STUN message; then, so that what lies behind authentication is reached, the same bytes as attributes of a
// check with a right USERNAME and MESSAGE-INTEGRITY. What is authentic must be answered, and the answer be STUN.

#include "peer/ice_lite.h"
#include "wire/bytes.h"
#include "wire/stun.h"

#include <array>
#include <cstdlib>
#include <vector>

namespace {

using namespace peerwire;

const IceCredentials kLocal{"evtj", "VOkJxbRl1RmTxUk/WvJxBt"}; // of RFC 5769
constexpr std::string_view kUsername = "evtj:h6vY";

HmacSha1 key() {
    return HmacSha1({reinterpret_cast<const uint8_t *>(kLocal.pwd.data()), kLocal.pwd.size()});
}

void append_attribute(std::vector<uint8_t> &message, uint16_t type, std::span<const uint8_t> value) {
    const std::array<uint8_t, 4> header{static_cast<uint8_t>(type >> 8), static_cast<uint8_t>(type),
                                        static_cast<uint8_t>(value.size() >> 8), static_cast<uint8_t>(value.size())};
    message.insert(message.end(), header.begin(), header.end());
    message.insert(message.end(), value.begin(), value.end());
    message.resize((message.size() + 3) / 4 * 4);
}

std::vector<uint8_t> authentic_check(std::span<const uint8_t> attributes) {
    std::vector<uint8_t> message{0x00, 0x01, 0, 0, 0x21, 0x12, 0xa4, 0x42};
    message.resize(20);
    append_attribute(message, 0x0006, {reinterpret_cast<const uint8_t *>(kUsername.data()), kUsername.size()});
    message.insert(message.end(), attributes.begin(), attributes.end());
    store_be16(&message[2], static_cast<uint16_t>(message.size() - 20 + 24)); // MESSAGE-INTEGRITY counts
    const auto mac = key().mac({message});
    append_attribute(message, 0x0008, mac);
    return message;
}

void handle(std::span<const uint8_t> message) {
    IceLite ice(kLocal, "h6vY");
    std::array<uint8_t, 160> room;
    const auto outcome = ice.handle(message, Address::v4(192, 0, 2, 1, 32853), room);
    if (outcome.authentic != (outcome.response > 0) || (outcome.checked && !outcome.authentic) ||
        (outcome.nominated && !outcome.checked))
        std::abort();
    if (!outcome.authentic)
        return;
    const auto bytes = std::span(room).first(outcome.response);
    const auto response = parse_stun(bytes);
    if (!response || !verify_integrity(bytes, *response, key()) || response->error_code.has_value() == outcome.checked)
        std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const std::span<const uint8_t> message(data, size);
    if (const auto view = parse_stun(message))
        (void)IceLite::receiver_ufrag(view->username);
    handle(message);
    handle(authentic_check(message.first(std::min<size_t>(size, 2000) / 4 * 4)));
    return 0;
}
