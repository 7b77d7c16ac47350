// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Demultiplexing, ICE and DTLS of one peer, in every state that a real other end and a network that loses, mangles,
// cuts, joins and repeats its datagrams can bring it into. Input: a byte for the roles, then steps (see take()).

#include "peer/peer.h"
#include "wire/bytes.h"

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <optional>
#include <vector>

namespace {

using namespace peerwire;
using Bytes = std::vector<uint8_t>;

const IceCredentials kLocal{"evtj", "VOkJxbRl1RmTxUk/WvJxBt"};
constexpr std::string_view kRemoteUfrag = "h6vY";

void require(bool condition) {
    if (!condition)
        std::abort();
}

Fingerprint own_fingerprint() {
    return Fingerprint::parse(Certificate::process().fingerprint()).value();
}

Address address(unsigned i) {
    return Address::v4(192, 0, 2, 1, static_cast<uint16_t>(1000 + i % 6)); // more than a peer may have
}

/// The other end, which is authentic, and what it knows.
class Remote final : private DtlsSession::Output {
  public:
    explicit Remote(DtlsRole role) : dtls_(DtlsSession::create(role, own_fingerprint(), *this)) {}

    void hear(std::span<const uint8_t> datagram) {
        if (classify_datagram(datagram) == DatagramKind::Stun && !std::exchange(started_, true))
            dtls_->start();
        if (classify_datagram(datagram) == DatagramKind::Dtls)
            dtls_->handle_datagram(datagram);
        if (const auto keys = sender_ ? std::nullopt : dtls_->srtp_keys())
            sender_ = SrtpSender::create(keys->profile, keys->local_key, keys->local_salt);
    }

    void check(bool nominate, std::string_view password) {
        Bytes message(160);
        StunWriter writer(message, StunType::BindingRequest, {});
        writer.username("evtj:h6vY");
        if (nominate)
            writer.use_candidate();
        message.resize(writer.finish(HmacSha1({reinterpret_cast<const uint8_t *>(password.data()), password.size()})));
        to_peer.push_front(std::move(message));
    }

    void media(bool rtcp) {
        Bytes packet{
            0x80, static_cast<uint8_t>(rtcp ? 201 : 96), 0, static_cast<uint8_t>(rtcp ? 1 : ++sequence_), 0, 0, 0, 7};
        packet.resize(rtcp ? 8 : 20);
        const size_t size = packet.size();
        packet.resize(size + kMaxSrtpTrailer);
        if (!sender_)
            return;
        packet.resize(rtcp ? sender_->protect_rtcp(packet, size) : sender_->protect_rtp(packet, size));
        ++media_sent;
        to_peer.push_front(std::move(packet));
    }

    void close() {
        closing = true;
        dtls_->close();
    }

    std::deque<Bytes> to_peer;
    unsigned media_sent = 0;
    bool closing = false;

  private:
    void send_dtls(std::span<const uint8_t> datagram) override {
        to_peer.emplace_back(datagram.begin(), datagram.end());
    }

    std::unique_ptr<DtlsSession> dtls_;
    std::unique_ptr<SrtpSender> sender_;
    uint8_t sequence_ = 0;
    bool started_ = false;
};

class World final : private PeerEvents {
  public:
    explicit World(DtlsRole role) : remote_(role == DtlsRole::Server ? DtlsRole::Client : DtlsRole::Server) {
        peer_ = Peer::create(now_, {kLocal, std::string(kRemoteUfrag), own_fingerprint(), role}, *this);
    }

    void take(uint8_t step, ByteReader &reader) {
        const unsigned which = step >> 4;
        now_ += kNsPerMs;
        switch (step & 15) {
        case 0:
            return raw(which, reader.bytes(std::min<size_t>(reader.u8(), reader.left())));
        case 1:
            return check(which, step & 0x80);
        case 2:
            remote_.check(true, "wrong");
            return deliver(take_next(), which);
        case 3:
            return deliver(take_next(), from_);
        case 4:
            return deliver(next(), from_);
        case 5:
            (void)take_next();
            return;
        case 6:
            return mangle(reader.u16(), reader.u8());
        case 7:
            return cut(reader.u16());
        case 8:
            if (!remote_.to_peer.empty())
                std::rotate(remote_.to_peer.begin(), remote_.to_peer.begin() + 1, remote_.to_peer.end());
            return;
        case 9:
            return split(reader.u16());
        case 10:
            return join();
        case 11:
            return carry_back();
        case 12:
            remote_.media(which & 1);
            return deliver(take_next(), from_);
        case 13:
            now_ += TimeNs{reader.u8()} * 100 * kNsPerMs;
            return peer_->handle_timeout(now_);
        case 14:
            return peer_->restart_ice(kLocal, std::string(kRemoteUfrag));
        default:
            return rarely(which);
        }
    }

    void finish() { peer_->close(now_, CloseReason::Removed); }

  private:
    void rarely(unsigned which) {
        Bytes room(60, 0x80);
        switch (which % 4) {
        case 0:
            return remote_.close();
        case 1:
            return peer_->close(now_, CloseReason::Local);
        case 2:
            return peer_->forget(address(from_));
        default:
            require((peer_->protect_rtp(room, 20) > 0) == peer_->connected());
        }
    }

    Bytes next() const { return remote_.to_peer.empty() ? Bytes() : remote_.to_peer.front(); }

    Bytes take_next() {
        Bytes taken = next();
        if (!remote_.to_peer.empty())
            remote_.to_peer.pop_front();
        return taken;
    }

    void check(unsigned from, bool nominate) {
        from_ = from;
        remote_.check(nominate, kLocal.pwd);
        checked_.push_back(address(from));
        deliver(take_next(), from);
    }

    void raw(unsigned from, std::span<const uint8_t> bytes) { deliver(Bytes(bytes.begin(), bytes.end()), from); }

    void mangle(size_t at, uint8_t bits) {
        Bytes datagram = take_next();
        if (!datagram.empty())
            datagram[at % datagram.size()] ^= bits;
        deliver(std::move(datagram), from_);
    }

    void cut(size_t at) {
        Bytes datagram = take_next();
        datagram.resize(datagram.empty() ? 0 : at % datagram.size());
        deliver(std::move(datagram), from_);
    }

    /// RFC 6347 §4.2.3: the handshake message of the first record in two fragments, datagrams of their own.
    void split(size_t at) {
        constexpr size_t kRecordHeader = 13, kHeaders = kRecordHeader + 12;
        const Bytes whole = take_next();
        if (whole.size() <= kHeaders || whole[0] != 22 || kRecordHeader + load_be16(&whole[11]) != whole.size())
            return deliver(whole, from_);
        const size_t body = whole.size() - kHeaders, first = at % body, begin = load_be24(&whole[19]);
        for (const bool second : {true, false}) {
            Bytes part(whole.begin(), whole.begin() + kHeaders);
            const auto from = whole.begin() + static_cast<std::ptrdiff_t>(kHeaders + (second ? first : 0));
            part.insert(part.end(), from, second ? whole.end() : from + static_cast<std::ptrdiff_t>(first));
            part[5] = second; // another record number
            store_be16(&part[11], static_cast<uint16_t>(part.size() - kRecordHeader));
            store_be24(&part[19], static_cast<uint32_t>(begin + (second ? first : 0)));
            store_be24(&part[22], static_cast<uint32_t>(part.size() - kHeaders));
            remote_.to_peer.push_front(std::move(part));
        }
    }

    void join() {
        Bytes first = take_next();
        const Bytes second = take_next();
        first.insert(first.end(), second.begin(), second.end());
        deliver(std::move(first), from_);
    }

    void carry_back() {
        const auto carried = std::move(to_remote_);
        to_remote_.clear();
        for (const Bytes &datagram : carried)
            remote_.hear(datagram);
    }

    void deliver(Bytes datagram, unsigned from) {
        const bool was_connected = peer_->connected();
        const auto kind = classify_datagram(datagram);
        const auto fate = peer_->handle_datagram(now_, address(from), datagram);
        const bool known = std::find(checked_.begin(), checked_.end(), address(from)) != checked_.end();
        require(known || fate != DatagramFate::Accepted);
        require(fate != DatagramFate::Unchecked || kind == DatagramKind::Dtls);
        require(fate != DatagramFate::Early || !was_connected);
        require(peer_->addresses().size() <= Peer::kMaxAddresses);
        require(peer_->closed() == closed_);
    }

    void send_datagram(const Address &to, std::span<const uint8_t> datagram) override {
        require(!closed_ && std::find(checked_.begin(), checked_.end(), to) != checked_.end());
        require(!datagram.empty() && datagram.size() <= 1200);
        if (to_remote_.size() < 100)
            to_remote_.emplace_back(datagram.begin(), datagram.end());
    }
    void on_address(const Address &known, const std::optional<Address> &forgotten) override {
        require(!closed_ && known != forgotten);
    }
    void on_connected(TimeNs) override { require(!closed_ && !std::exchange(connected_, true) && peer_->connected()); }
    void on_rtp(TimeNs, std::span<const uint8_t> packet) override { on_media(packet.size(), 20); }
    void on_rtcp(TimeNs, std::span<const uint8_t> compound) override { on_media(compound.size(), 8); }
    void on_media(size_t size, size_t wanted) {
        require(connected_ && !closed_ && size == wanted && ++media_heard_ <= remote_.media_sent); // none twice
    }
    void on_closed(TimeNs, CloseReason reason) override {
        require(!std::exchange(closed_, true));
        require(reason != CloseReason::DtlsFailed || !connected_); // once there, nothing forged ends it
        require(reason != CloseReason::RemoteClose || remote_.closing);
    }

    TimeNs now_ = kNsPerSecond;
    Remote remote_;
    std::unique_ptr<Peer> peer_;
    std::vector<Bytes> to_remote_;
    std::vector<Address> checked_; // ever
    unsigned from_ = 0;            // where the remote is now
    unsigned media_heard_ = 0;
    bool connected_ = false, closed_ = false;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ByteReader reader({data, std::min<size_t>(size, 1024)});
    World world(reader.u8() & 1 ? DtlsRole::Client : DtlsRole::Server);
    while (reader.ok() && reader.left() > 0)
        world.take(reader.u8(), reader);
    world.finish();
    return 0;
}
