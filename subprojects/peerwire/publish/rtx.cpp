// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "publish/rtx.h"

#include "wire/bytes.h"

#include <cstring>

namespace peerwire {
namespace {

constexpr size_t kOsnSize = 2; // original sequence number
constexpr uint8_t kPaddingBit = 0x20;
constexpr uint8_t kMarkerBit = 0x80;

} // namespace

size_t unwrap_rtx(const RtpView &view, std::span<const uint8_t> packet, uint32_t ssrc, uint8_t payload_type,
                  std::span<uint8_t> out) {
    if (view.payload.size() <= kOsnSize)
        return 0;
    const auto original = view.payload.subspan(kOsnSize);
    const size_t size = view.header_size + original.size();
    if (size > out.size())
        return 0;
    std::memcpy(out.data(), packet.data(), view.header_size);
    std::memcpy(out.data() + view.header_size, original.data(), original.size());
    out[0] = static_cast<uint8_t>(out[0] & ~kPaddingBit);
    out[1] = static_cast<uint8_t>((out[1] & kMarkerBit) | payload_type);
    store_be16(&out[2], load_be16(view.payload.data()));
    store_be32(&out[8], ssrc);
    return size;
}

} // namespace peerwire
