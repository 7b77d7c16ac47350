// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Input: datagrams, each behind a two-byte length. They go through one peer: demultiplexing, STUN, DTLS, SRTP. Before
// them the peer gets an authentic check, so that DTLS is listened to.

#include "peer/peer.h"
#include "wire/bytes.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <vector>

namespace {

using namespace peerwire;

constexpr char kFingerprint[] = "sha-256 00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:"
                                "10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F";
const IceCredentials kLocal{"evtj", "VOkJxbRl1RmTxUk/WvJxBt"};

class Ignore final : public PeerEvents {
  public:
    void send_datagram(const Address &, std::span<const uint8_t>) override {}
    void on_address(const Address &, const std::optional<Address> &) override {}
    void on_connected(TimeNs) override { std::abort(); } // nobody has a certificate with this fingerprint
    void on_rtp(TimeNs, std::span<const uint8_t>) override { std::abort(); }
    void on_rtcp(TimeNs, std::span<const uint8_t>) override { std::abort(); }
    void on_closed(TimeNs, CloseReason) override {}
};

std::vector<uint8_t> authentic_check() {
    std::vector<uint8_t> message(160);
    const HmacSha1 key({reinterpret_cast<const uint8_t *>(kLocal.pwd.data()), kLocal.pwd.size()});
    StunWriter writer(message, StunType::BindingRequest, {});
    writer.username("evtj:h6vY");
    writer.use_candidate();
    message.resize(writer.finish(key));
    return message;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const Address from = Address::v4(192, 0, 2, 1, 1000);
    Ignore events;
    const auto peer =
        Peer::create(0, {kLocal, "h6vY", Fingerprint::parse(kFingerprint).value(), DtlsRole::Server}, events);
    auto check = authentic_check();
    if (peer->handle_datagram(0, from, check) != DatagramFate::Accepted)
        std::abort();
    ByteReader reader({data, size});
    for (TimeNs now = 0; reader.left() >= 2; now += kNsPerMs) {
        const size_t wanted = reader.u16();
        const auto bytes = reader.bytes(std::min(wanted, reader.left()));
        std::vector<uint8_t> datagram(bytes.begin(), bytes.end());
        (void)peer->handle_datagram(now, from, datagram);
        peer->handle_timeout(now);
    }
    peer->close(0, CloseReason::Removed);
    return 0;
}
