// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Whole sessions in memory, both ends in this thread, with a clock that only moves when the test says so.

#include "peer/peer.h"
#include "support/hex.h"
#include "support/remote_peer.h"
#include "wire/bytes.h"

#include <glib.h>
#include <malloc.h>

#include <functional>
#include <vector>

using namespace peerwire;
using test::Bytes;
using test::RemotePeer;
using test::rtp_packet;

namespace {

const Address kHome = Address::v4(192, 0, 2, 1, 1000);
const Address kAway = Address::v4(198, 51, 100, 1, 2000);

/// A Peer and its RemotePeer, joined by a wire that the test may cut.
class Session final : public PeerEvents {
  public:
    explicit Session(DtlsRole role = DtlsRole::Server)
        : remote(role == DtlsRole::Server ? DtlsRole::Client : DtlsRole::Server) {
        auto local = make_ice_credentials();
        remote.set_remote({1, local.ufrag, local.pwd, Certificate::process().fingerprint(), 0});
        peer = Peer::create(now, {local, remote.local().ufrag, Fingerprint::parse(remote.fingerprint()).value(), role},
                            *this);
        g_assert_nonnull(peer.get());
    }

    /// Hands one datagram to the peer, from the remote's present address.
    DatagramFate deliver(Bytes datagram) { return peer->handle_datagram(now, from, datagram); }

    /// Carries datagrams both ways until there are none.
    void settle() {
        while (!remote.outgoing.empty() || !to_remote.empty()) {
            for (; !remote.outgoing.empty(); remote.outgoing.pop_front())
                fates.push_back(deliver(remote.outgoing.front()));
            auto carried = std::move(to_remote);
            to_remote.clear();
            for (const auto &datagram : carried)
                remote.handle_datagram(datagram);
        }
    }

    void connect() {
        remote.send_check();
        settle();
        g_assert_true(peer->connected());
        g_assert_true(remote.connected());
    }

    void send_rtp(uint16_t sequence) {
        Bytes packet = rtp_packet(sequence, 7);
        const size_t size = packet.size();
        packet.resize(size + kMaxSrtpTrailer);
        packet.resize(peer->protect_rtp(packet, size));
        g_assert_cmpuint(packet.size(), >, 0);
        to_remote.push_back(std::move(packet));
    }

    void send_datagram(const Address &to, std::span<const uint8_t> datagram) override {
        sent_to = to;
        to_remote.emplace_back(datagram.begin(), datagram.end());
    }
    void on_address(const Address &address, const std::optional<Address> &dropped) override {
        addresses.push_back(address);
        if (dropped)
            forgotten.push_back(*dropped);
    }
    void on_connected(TimeNs) override { ++connected; }
    void on_rtp(TimeNs, std::span<const uint8_t> packet) override { rtp.emplace_back(packet.begin(), packet.end()); }
    void on_rtcp(TimeNs, std::span<const uint8_t> compound) override {
        rtcp.emplace_back(compound.begin(), compound.end());
    }
    void on_closed(TimeNs, CloseReason reason) override { closed.push_back(reason); }

    TimeNs now = 1'000 * kNsPerSecond;
    Address from = kHome;
    RemotePeer remote;
    std::unique_ptr<Peer> peer;
    std::vector<Bytes> to_remote, rtp, rtcp;
    std::vector<DatagramFate> fates;
    std::vector<Address> addresses, forgotten;
    std::vector<CloseReason> closed;
    Address sent_to;
    int connected = 0;
};

void test_session(gconstpointer data) {
    Session session(GPOINTER_TO_INT(data) ? DtlsRole::Client : DtlsRole::Server);
    session.connect();
    g_assert_cmpint(session.connected, ==, 1);
    g_assert_true(session.peer->srtp_profile() == SrtpProfile::AeadAes128Gcm);
    g_assert_true(session.peer->remote() == kHome);
    g_assert_true(*session.remote.mapped == kHome);

    session.remote.send_rtp(rtp_packet(1, 2));
    session.remote.send_rtcp(test::unhex("80c90001 00000002"));
    session.settle();
    g_assert_true(session.rtp == std::vector<Bytes>{rtp_packet(1, 2)});
    g_assert_cmpuint(session.rtcp.size(), ==, 1);
    session.send_rtp(9);
    session.settle();
    g_assert_true(session.remote.rtp.front() == rtp_packet(9, 7));

    session.peer->close(session.now, CloseReason::Removed);
    session.peer->close(session.now, CloseReason::Shutdown);
    session.settle();
    g_assert_true(session.remote.closed());
    g_assert_true(session.closed == std::vector{CloseReason::Removed});
    g_assert_cmpuint(session.peer->protect_rtp(session.rtp[0], 12), ==, 0);
    g_assert_true(session.peer->next_timeout(session.now) == kNever);
}

struct RemoteCloseRow {
    const char *name;
    DtlsRole role;
    bool media_first; ///< the other side has shown its keys: our side of DTLS has shrunk to its alerts
};

const RemoteCloseRow kRemoteCloseRows[] = {
    {"client, at once", DtlsRole::Client, false},
    {"client, later", DtlsRole::Client, true},
    {"server, at once", DtlsRole::Server, false},
    {"server, later", DtlsRole::Server, true},
};

void test_remote_close() {
    for (const auto &row : kRemoteCloseRows) {
        g_test_message("%s", row.name);
        Session session(row.role);
        session.connect();
        if (row.media_first)
            session.remote.send_rtcp(test::unhex("80c90001 00000002"));
        session.settle();
        session.remote.close();
        session.settle();
        g_assert_true(session.closed == std::vector{CloseReason::RemoteClose});
    }
}

/// Only an authentic alert ends a peer, whatever is done to it on the way.
void test_forged_alerts() {
    Session session;
    session.connect();
    session.remote.send_rtcp(test::unhex("80c90001 00000002"));
    session.settle();
    session.remote.close();
    const Bytes alert = session.remote.outgoing.front();
    session.remote.outgoing.clear();
    g_assert_cmpuint(alert.size(), ==, DtlsAlerts::kRecordSize);
    for (size_t i = 0; i < alert.size(); ++i) {
        Bytes forged = alert;
        forged[i] ^= 0x01;
        session.deliver(forged);
        session.deliver(Bytes(alert.begin(), alert.begin() + long(i)));
    }
    g_assert_true(session.closed.empty());
    Bytes second = test::unhex("16fefd0001000000000001000400000000"); // a handshake record in front of it
    second.insert(second.end(), alert.begin(), alert.end());
    session.deliver(second);
    g_assert_true(session.closed == std::vector{CloseReason::RemoteClose});
}

/// RFC 6347 §4.2.3: a handshake message may be spread over datagrams. Chrome's ClientHello is larger than one.
void test_fragmented_hello() {
    Session session;
    session.remote.send_check();
    session.deliver(session.remote.outgoing.front());
    session.remote.outgoing.clear();
    session.remote.handle_datagram(session.to_remote.front()); // the check's answer: ClientHello follows
    session.to_remote.clear();
    const Bytes hello = session.remote.outgoing.front();
    session.remote.outgoing.clear();

    constexpr size_t kRecordHeader = 13, kMessageHeader = 12;
    const size_t body = hello.size() - kRecordHeader - kMessageHeader;
    for (const size_t begin : {size_t{0}, body / 2}) {
        const size_t size = begin == 0 ? body / 2 : body - body / 2;
        Bytes part(hello.begin(), hello.begin() + kRecordHeader + kMessageHeader);
        part[10] = begin != 0; // record sequence number
        store_be16(&part[11], static_cast<uint16_t>(kMessageHeader + size));
        store_be24(&part[kRecordHeader + 6], static_cast<uint32_t>(begin));
        store_be24(&part[kRecordHeader + 9], static_cast<uint32_t>(size));
        const auto at = hello.begin() + static_cast<std::ptrdiff_t>(kRecordHeader + kMessageHeader + begin);
        part.insert(part.end(), at, at + static_cast<std::ptrdiff_t>(size));
        g_assert_true(session.deliver(part) == DatagramFate::Accepted);
        g_assert_cmpint(session.to_remote.empty(), ==, begin == 0);
    }
}

struct HoardRow {
    const char *name;
    const char *record; // without its number
    bool next_message;  // each another message
};

const HoardRow kHoardRows[] = {
    {"records of the next epoch", "16fefd 0001000000000000 0010 00000000000000000000000000000000", false},
    {"application data of the next epoch", "17fefd 0001000000000000 0010 00000000000000000000000000000000", false},
    {"messages to come", "16fefd 0000000000000000 0010 0b 00ffff 0000 000000 000004 00000000", true},
    {"messages to come, of a good size", "16fefd 0000000000000000 0010 0b 001fff 0000 000000 000004 00000000", true},
    {"the same message, claimed to be large", "16fefd 0000000000000000 0010 01 018fff 0000 000000 000004 00000000",
     false},
};

size_t allocated_bytes() {
    const auto info = mallinfo2(); // all zeros under a sanitizer
    return info.uordblks + info.hblkhd;
}

/// OpenSSL keeps what comes too early; an attacker gets little out of that.
void test_hoarding(gconstpointer data) {
    const auto &row = *static_cast<const HoardRow *>(data);
    for (const bool greeted : {false, true}) {
        Session session;
        session.remote.send_check();
        session.deliver(session.remote.outgoing.front());
        session.remote.outgoing.clear();
        session.remote.handle_datagram(session.to_remote.front()); // ClientHello follows
        if (greeted)
            session.deliver(session.remote.outgoing.front());
        const size_t before = allocated_bytes();
        Bytes datagram = test::unhex(row.record);
        for (uint16_t i = 1; i <= 500 && !session.peer->closed(); ++i) {
            store_be16(&datagram[9], i);
            if (row.next_message)
                store_be16(&datagram[17], i);
            session.deliver(datagram);
        }
        g_test_message("%zu bytes", allocated_bytes() - before);
        g_assert_cmpuint(allocated_bytes(), <=, before + 160 * 1024);
    }
}

/// A lost flight is sent again. OpenSSL's timer reads the wall clock, so this test waits for it, 150 ms.
void test_lost_flight() {
    Session session;
    session.remote.send_check();
    while (session.to_remote.size() < 2 && !session.remote.outgoing.empty()) {
        session.deliver(session.remote.outgoing.front());
        session.remote.outgoing.pop_front();
        if (session.to_remote.size() == 1) {
            session.remote.handle_datagram(session.to_remote.front());
            session.to_remote.clear();
            session.deliver(session.remote.outgoing.front());
            session.remote.outgoing.clear();
            break;
        }
    }
    g_assert_false(session.to_remote.empty());
    session.to_remote.clear(); // ServerHello and all behind it
    while (session.to_remote.empty()) {
        g_usleep(static_cast<gulong>((session.peer->next_timeout(session.now) - session.now) / kNsPerUs) + 1);
        session.peer->handle_timeout(session.now);
    }
    session.settle();
    g_assert_true(session.peer->connected());
}

/// The peer is done and has shrunk when its last flight is lost: it answers when the other side repeats its own.
void test_lost_last_flight() {
    Session session;
    session.remote.send_check();
    while (!session.peer->connected()) {
        for (; !session.remote.outgoing.empty(); session.remote.outgoing.pop_front())
            session.deliver(session.remote.outgoing.front());
        if (session.peer->connected())
            break;
        auto carried = std::move(session.to_remote);
        session.to_remote.clear();
        for (const auto &datagram : carried)
            session.remote.handle_datagram(datagram);
    }
    session.to_remote.clear();
    g_assert_false(session.remote.connected());
    while (session.remote.outgoing.empty()) { // OpenSSL's timer reads the wall clock
        g_usleep(10'000);
        session.remote.handle_timeout();
    }
    session.settle();
    g_assert_true(session.remote.connected());
    g_assert_cmpint(session.connected, ==, 1);
    session.remote.send_rtp(rtp_packet(1, 2));
    session.settle();
    g_assert_cmpuint(session.rtp.size(), ==, 1);
}

void test_wrong_fingerprint() {
    Session session;
    auto text = session.remote.fingerprint();
    text.back() = text.back() == '0' ? '1' : '0';
    const auto local = make_ice_credentials();
    session.remote.set_remote({1, local.ufrag, local.pwd, session.remote.fingerprint(), 0});
    session.peer =
        Peer::create(session.now, {local, session.remote.local().ufrag, Fingerprint::parse(text).value()}, session);
    session.remote.send_check();
    session.settle();
    g_assert_true(session.closed == std::vector{CloseReason::DtlsFailed});
    g_assert_true(session.remote.failed());
    g_assert_cmpint(session.connected, ==, 0);
}

/// The peer's certificate is right, the server's is not what the remote expects: the handshake fails on its side.
void test_refused_by_remote() {
    Session session;
    auto text = session.remote.fingerprint();
    text.back() = text.back() == '0' ? '1' : '0';
    const auto &local = session.peer->ice().local();
    session.remote.set_remote({1, local.ufrag, local.pwd, text, 0});
    session.remote.send_check();
    session.settle();
    g_assert_true(session.closed == std::vector{CloseReason::DtlsFailed});
}

struct EarlyRow {
    const char *name;
    const char *bytes;
    DatagramFate before_check, after_check;
};

const EarlyRow kEarlyRows[] = {
    {"dtls", "16feff0000000000000000010000", DatagramFate::Unchecked, DatagramFate::Accepted},
    {"rtp", "80600001000000020000000300000000000000000000000000000000", DatagramFate::Unknown, DatagramFate::Early},
    {"rtcp", "80c90001000000020000000300000000000000000000000000000000", DatagramFate::Unknown, DatagramFate::Early},
    {"zrtp", "10000000", DatagramFate::Unknown, DatagramFate::Unknown},
    {"empty", "", DatagramFate::Unknown, DatagramFate::Unknown},
    {"stun", "000100002112a442000000000000000000000000", DatagramFate::Stun, DatagramFate::Stun},
};

void test_early(gconstpointer data) {
    const auto &row = *static_cast<const EarlyRow *>(data);
    Session session;
    g_assert_true(session.deliver(test::unhex(row.bytes)) == row.before_check);
    g_assert_cmpuint(session.to_remote.size(), ==, 0);
    session.remote.send_check();
    session.deliver(session.remote.outgoing.front());
    g_assert_true(session.deliver(test::unhex(row.bytes)) == row.after_check);
    g_assert_cmpuint(session.to_remote.size(), ==, 1); // the check's answer, nothing else
}

/// Media moves only to where a nominated check came from.
void test_address_change() {
    Session session;
    session.connect();
    session.from = kAway;
    session.remote.send_rtp(rtp_packet(1, 2));
    g_assert_true(session.deliver(session.remote.outgoing.front()) == DatagramFate::Unknown);
    session.remote.outgoing.clear();

    session.remote.send_check(RemotePeer::Check::WrongPassword);
    session.settle();
    g_assert_true(session.peer->remote() == kHome);
    session.remote.send_check(RemotePeer::Check::AsControlled);
    session.settle();
    g_assert_true(session.peer->remote() == kHome);
    g_assert_cmpuint(session.remote.check_error.value(), ==, 487);
    g_assert_cmpuint(session.addresses.size(), ==, 1);

    session.remote.send_check(RemotePeer::Check::Plain);
    session.settle();
    g_assert_true(session.peer->remote() == kHome); // checked, not nominated
    g_assert_true(session.addresses.back() == kAway);
    session.remote.send_rtp(rtp_packet(2, 2));
    session.settle();
    g_assert_cmpuint(session.rtp.size(), ==, 1); // it may send from there

    session.remote.send_check(RemotePeer::Check::Nominate);
    session.settle();
    g_assert_true(session.peer->remote() == kAway);
}

/// A NAT gave the viewer another address. Not every browser nominates it again.
void test_rebinding() {
    Session session;
    session.connect();
    session.now += 2 * kNsPerSecond;
    session.remote.send_rtcp(test::unhex("80c90001 00000002"));
    session.settle();
    session.from = kAway;
    session.now += 2 * kNsPerSecond;
    session.remote.send_check(RemotePeer::Check::Plain);
    session.settle();
    g_assert_true(session.peer->remote() == kHome); // heard from there 2 s ago
    session.remote.send_rtcp(test::unhex("80c90001 00000002"));
    session.now += kNsPerSecond;
    session.settle();
    g_assert_true(session.peer->remote() == kHome); // media alone moves nothing
    session.remote.send_check(RemotePeer::Check::AsControlled);
    session.settle();
    g_assert_true(session.peer->remote() == kHome);
    session.remote.send_check(RemotePeer::Check::Plain);
    session.settle();
    g_assert_true(session.peer->remote() == kAway);
}

/// Authentic, but too many: the answers are bounded, the peer stays.
void test_flood_of_checks() {
    Session session;
    session.connect();
    const auto flood = [&session] {
        const unsigned before = session.remote.checks_answered;
        for (int i = 0; i < 1000; ++i)
            session.remote.send_check();
        session.settle();
        return session.remote.checks_answered - before;
    };
    g_assert_cmpuint(flood(), <=, 100);
    g_assert_cmpuint(flood(), ==, 0);
    session.now += kNsPerSecond / 2;
    g_assert_cmpuint(flood(), ==, 50);
    g_assert_true(session.peer->connected());
}

void test_many_addresses() {
    Session session;
    session.connect();
    for (uint16_t port = 1; port <= 10; ++port) {
        session.from = Address::v4(203, 0, 113, 1, port);
        session.remote.send_check(RemotePeer::Check::Plain);
        session.settle();
        g_assert_cmpuint(session.peer->addresses().size(), <=, Peer::kMaxAddresses);
    }
    g_assert_cmpuint(session.addresses.size(), ==, 11);
    g_assert_cmpuint(session.forgotten.size(), ==, 11 - Peer::kMaxAddresses);
    g_assert_true(session.peer->remote() == kHome);
    session.from = kHome; // the nominated one was kept
    session.remote.send_rtp(rtp_packet(1, 2));
    session.settle();
    g_assert_cmpuint(session.rtp.size(), ==, 1);
}

void test_connect_timeout() {
    Session session;
    const TimeNs deadline = session.peer->next_timeout(session.now);
    g_assert_cmpint(deadline - session.now, ==, 15 * kNsPerSecond);
    session.now = deadline - 1;
    session.peer->handle_timeout(session.now);
    g_assert_cmpuint(session.closed.size(), ==, 0);
    session.now = deadline;
    session.peer->handle_timeout(session.now);
    g_assert_true(session.closed == std::vector{CloseReason::ConnectTimeout});
}

void test_consent() {
    Session session;
    session.connect();
    const std::function<void()> signs_of_life[] = {
        [&] { session.remote.send_check(); },
        [&] { session.remote.send_check(RemotePeer::Check::Plain); },
        [&] { session.remote.send_rtp(rtp_packet(1, 2)); },
        [&] { session.remote.send_rtcp(test::unhex("80c90001 00000002")); },
    };
    for (const auto &sign : signs_of_life) {
        session.now += 29 * kNsPerSecond;
        session.peer->handle_timeout(session.now);
        sign();
        session.settle();
        g_assert_cmpint(session.peer->next_timeout(session.now) - session.now, ==, 30 * kNsPerSecond);
    }
    session.now += 29 * kNsPerSecond;
    session.remote.send_check(RemotePeer::Check::WrongPassword); // no sign of life
    session.settle();
    session.deliver(rtp_packet(2, 2)); // nor is this
    session.now += kNsPerSecond;
    session.peer->handle_timeout(session.now);
    g_assert_true(session.closed == std::vector{CloseReason::ConsentExpired});
    session.settle();
    g_assert_true(session.remote.closed()); // told, in case it can hear
}

void test_closed_is_deaf() {
    Session session;
    session.connect();
    session.peer->close(session.now, CloseReason::Removed);
    session.to_remote.clear();
    session.remote.send_check();
    session.remote.send_rtp(rtp_packet(1, 2));
    session.settle();
    g_assert_cmpuint(session.rtp.size(), ==, 0);
    g_assert_cmpuint(session.closed.size(), ==, 1);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_data_func("/peer/session/server", GINT_TO_POINTER(0), test_session);
    g_test_add_data_func("/peer/session/client", GINT_TO_POINTER(1), test_session);
    g_test_add_func("/peer/remote-close", test_remote_close);
    g_test_add_func("/peer/forged-alerts", test_forged_alerts);
    g_test_add_func("/peer/fragmented-hello", test_fragmented_hello);
    for (const auto &row : kHoardRows)
        g_test_add_data_func((std::string("/peer/hoarding/") + row.name).c_str(), &row, test_hoarding);
    g_test_add_func("/peer/lost-flight", test_lost_flight);
    g_test_add_func("/peer/lost-last-flight", test_lost_last_flight);
    g_test_add_func("/peer/wrong-fingerprint", test_wrong_fingerprint);
    g_test_add_func("/peer/refused-by-remote", test_refused_by_remote);
    for (const auto &row : kEarlyRows)
        g_test_add_data_func((std::string("/peer/early/") + row.name).c_str(), &row, test_early);
    g_test_add_func("/peer/address-change", test_address_change);
    g_test_add_func("/peer/rebinding", test_rebinding);
    g_test_add_func("/peer/flood-of-checks", test_flood_of_checks);
    g_test_add_func("/peer/many-addresses", test_many_addresses);
    g_test_add_func("/peer/connect-timeout", test_connect_timeout);
    g_test_add_func("/peer/consent", test_consent);
    g_test_add_func("/peer/closed-is-deaf", test_closed_is_deaf);
    return g_test_run();
}
