// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "fanout/header_extensions.h"

#include "wire/bytes.h"

namespace peerwire {

namespace {

constexpr size_t kProfileAndLength = 4, kElementHeader = 1; // RFC 8285 §4.2
constexpr size_t kLargest = kProfileAndLength + 4 * kElementHeader + 2 + 3 + 8 + 16;

// The transport-wide number is the first element: it is filled in last.
constexpr size_t kTransportNumberAt = kRtpFixedHeaderSize + kProfileAndLength + kElementHeader;

/// 6.18 fixed point seconds.
void store_abs_send_time(uint8_t *out, TimeNs time) {
    store_be24(out, static_cast<uint32_t>(to_ntp(time) >> 14) & 0xffffff);
}

/// Without what would need the two-byte form.
ExtensionSetup one_byte_form(ExtensionSetup setup) {
    constexpr uint8_t kMaxId = 14;
    constexpr size_t kMaxBytes = 16;
    for (uint8_t *id : {&setup.mid_id, &setup.abs_send_time_id, &setup.abs_capture_time_id, &setup.transport_cc_id}) {
        if (*id > kMaxId)
            *id = 0;
    }
    if (setup.mid.empty() || setup.mid.size() > kMaxBytes)
        setup.mid_id = 0;
    return setup;
}

} // namespace

HeaderExtensions::HeaderExtensions(const ExtensionSetup &setup) : setup_(one_byte_form(setup)) {
    std::array<uint8_t, kRtpFixedHeaderSize + kLargest + 3> scratch;
    for (size_t i = 0; i < sizes_.size(); ++i) {
        const ExtensionChoice choice{(i & 1) != 0, (i & 2) != 0, (i & 4) != 0};
        sizes_[i] = write(scratch, {}, choice, {}) - kRtpFixedHeaderSize;
    }
}

size_t HeaderExtensions::write(std::span<uint8_t> out, const RtpHeader &header, ExtensionChoice choice,
                               const Times &times) const {
    std::array<HeaderExtension, 4> elements;
    size_t count = 0;
    const std::array<uint8_t, 2> number{};
    std::array<uint8_t, 3> send_time;
    std::array<uint8_t, 8> capture_time;
    if (choice.per_sending && setup_.transport_cc_id)
        elements[count++] = {setup_.transport_cc_id, number};
    if (choice.per_sending && setup_.abs_send_time_id) {
        store_abs_send_time(send_time.data(), times.sent);
        elements[count++] = {setup_.abs_send_time_id, send_time};
    }
    if (choice.capture_time && setup_.abs_capture_time_id) {
        store_be64(capture_time.data(), to_ntp(times.captured));
        elements[count++] = {setup_.abs_capture_time_id, capture_time};
    }
    if (choice.mid && setup_.mid_id)
        elements[count++] = {setup_.mid_id, {reinterpret_cast<const uint8_t *>(setup_.mid.data()), setup_.mid.size()}};
    return write_rtp_header(out, header, std::span(elements).first(count));
}

void HeaderExtensions::put_transport_number(std::span<uint8_t> packet, uint16_t number) {
    store_be16(&packet[kTransportNumberAt], number);
}

} // namespace peerwire
