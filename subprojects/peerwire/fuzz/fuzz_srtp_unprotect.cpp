// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Input: a byte that chooses profile and protocol, then one SRTP or SRTCP packet. The corpus holds authentic packets of
// the keys below, so that mutation starts behind the authentication.

#include "wire/srtp.h"

#include <array>
#include <cstdlib>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    using namespace peerwire;
    if (size < 1)
        return 0;
    static constexpr std::array kProfiles{SrtpProfile::AeadAes128Gcm, SrtpProfile::AeadAes256Gcm,
                                          SrtpProfile::Aes128CmHmacSha1_80};
    const SrtpProfile profile = kProfiles[data[0] % kProfiles.size()];
    const std::vector<uint8_t> key(srtp_key_size(profile), 0x11), salt(srtp_salt_size(profile), 0x22);
    const auto receiver = SrtpReceiver::create(profile, key, salt);
    std::vector<uint8_t> packet(data + 1, data + size);
    const bool rtcp = data[0] & 0x80;
    const auto opened = rtcp ? receiver->unprotect_rtcp(packet) : receiver->unprotect_rtp(packet);
    if (opened.size > packet.size())
        std::abort();
    return 0;
}
