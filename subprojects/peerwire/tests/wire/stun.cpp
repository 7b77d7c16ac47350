// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Known answers of RFC 5769, then building and malformed input.

#include "wire/stun.h"
#include "support/hex.h"
#include "wire/demux.h"

#include <glib.h>

using namespace peerwire;
using test::assert_text;
using test::hex;
using test::unhex;

namespace {

constexpr char kPassword[] = "VOkJxbRl1RmTxUk/WvJxBt";
constexpr char kTransaction[] = "b7e7a701bc34d686fa87dfae";
constexpr char kRequest[] = "00010058 2112a442 b7e7a701bc34d686fa87dfae 80220010 5354554e207465737420636c69656e74"
                            " 00240004 6e0001ff 80290008 932ff9b151263b36 00060009 6576746a3a68367659202020"
                            " 00080014 9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2 80280004 e57a3bcf";
constexpr char kResponseV4[] = "0101003c 2112a442 b7e7a701bc34d686fa87dfae 8022000b 7465737420766563746f7220"
                               " 00200008 0001a147e112a643 00080014 2b91f599fd9e90c38c7489f92af9ba53f06be7d7"
                               " 80280004 c07d4c96";
constexpr char kResponseV6[] = "01010048 2112a442 b7e7a701bc34d686fa87dfae 8022000b 7465737420766563746f7220"
                               " 00200014 0002a1470113a9faa5d3f179bc25f4b5bed2b9d9"
                               " 00080014 a382954e4be67bf11784c97c8292c275bfe3ed41 80280004 c8fb0b4c";

HmacSha1 key(std::string_view password) {
    return HmacSha1({reinterpret_cast<const uint8_t *>(password.data()), password.size()});
}

TransactionId transaction() {
    TransactionId id{};
    const auto bytes = unhex(kTransaction);
    std::copy(bytes.begin(), bytes.end(), id.begin());
    return id;
}

void test_request_vector() {
    const auto message = unhex(kRequest);
    const auto view = parse_stun(message);
    g_assert_true(view.has_value());
    g_assert_true(view->is(StunType::BindingRequest));
    assert_text(hex(view->transaction), kTransaction);
    assert_text(std::string(view->username), "evtj:h6vY");
    g_assert_cmphex(view->priority.value(), ==, 0x6e0001ff);
    g_assert_cmphex(view->controlled.value(), ==, 0x932ff9b151263b36);
    g_assert_false(view->controlling.has_value());
    g_assert_false(view->use_candidate);
    g_assert_cmpuint(view->unknown_required, ==, 0);
    g_assert_true(verify_integrity(message, *view, key(kPassword)));
    g_assert_false(verify_integrity(message, *view, key("wrong")));
}

void test_response_vectors() {
    for (const char *text : {kResponseV4, kResponseV6}) {
        const auto message = unhex(text);
        const auto view = parse_stun(message);
        g_assert_true(view.has_value());
        g_assert_true(view->is(StunType::BindingSuccess));
        g_assert_true(verify_integrity(message, *view, key(kPassword)));
        g_assert_cmpuint(view->xor_mapped->port, ==, 32853);
        const bool v6 = text == kResponseV6;
        g_assert_cmpint(view->xor_mapped->v6, ==, v6);
        assert_text(hex(view->xor_mapped->ip),
                    v6 ? "20010db8123456780011223344556677" : "c0000201000000000000000000000000");
    }
}

void test_build() {
    std::array<uint8_t, 256> out{};
    StunWriter request(out, StunType::BindingRequest, transaction());
    request.username("local:remote");
    request.priority(123);
    request.controlling(456);
    request.use_candidate();
    std::span<const uint8_t> message = std::span(out).first(request.finish(key("secret")));
    auto view = parse_stun(message);
    g_assert_true(view.has_value());
    g_assert_true(verify_integrity(message, *view, key("secret")));
    assert_text(std::string(view->username), "local:remote");
    g_assert_cmpuint(view->priority.value(), ==, 123);
    g_assert_cmpuint(view->controlling.value(), ==, 456);
    g_assert_true(view->use_candidate);

    for (const bool v6 : {false, true}) {
        Address address = Address::v4(192, 0, 2, 1, 32853);
        address.v6 = v6;
        StunWriter response(out, StunType::BindingSuccess, transaction());
        response.xor_mapped_address(address);
        message = std::span(out).first(response.finish(key("secret")));
        g_assert_true(parse_stun(message)->xor_mapped.value() == address);
    }

    StunWriter error(out, StunType::BindingError, transaction());
    error.error(487, "Role Conflict");
    error.unknown_attribute(0x7777);
    message = std::span(out).first(error.finish(key("secret")));
    view = parse_stun(message);
    g_assert_cmpuint(view->error_code.value(), ==, 487);

    StunWriter tiny({out.data(), 40}, StunType::BindingRequest, transaction());
    tiny.username("local:remote");
    g_assert_cmpuint(tiny.finish(key("secret")), ==, 0);
}

struct BadRow {
    const char *name;
    const char *bytes;
};

const BadRow kBadRows[] = {
    {"empty", ""},
    {"cut header", "00010000 2112a442 b7e7a701bc34d686fa87df"},
    {"no magic cookie", "00010000 2112a443 b7e7a701bc34d686fa87dfae"},
    {"length too large", "00010004 2112a442 b7e7a701bc34d686fa87dfae"},
    {"length too small", "00010000 2112a442 b7e7a701bc34d686fa87dfae 00250000"},
    {"length not of words", "00010002 2112a442 b7e7a701bc34d686fa87dfae 0025"},
    {"attribute lies", "00010004 2112a442 b7e7a701bc34d686fa87dfae 00060008"},
    {"padding missing", "00010006 2112a442 b7e7a701bc34d686fa87dfae 0006000161 00"},
    {"priority of wrong size", "00010004 2112a442 b7e7a701bc34d686fa87dfae 00240000"},
    {"tie-breaker of wrong size", "00010008 2112a442 b7e7a701bc34d686fa87dfae 802a0004 00000000"},
    {"error code cut", "01110004 2112a442 b7e7a701bc34d686fa87dfae 00090000"},
    {"integrity of wrong size", "00010008 2112a442 b7e7a701bc34d686fa87dfae 00080004 00000000"},
    {"fingerprint wrong", "00010008 2112a442 b7e7a701bc34d686fa87dfae 80280004 00000000"},
    {"address family 3", "0101000c 2112a442 b7e7a701bc34d686fa87dfae 00200008 0003a147e112a643"},
    {"short IPv6 address", "0101000c 2112a442 b7e7a701bc34d686fa87dfae 00200008 0002a147e112a643"},
};

void test_bad(gconstpointer data) {
    g_assert_false(parse_stun(unhex(static_cast<const BadRow *>(data)->bytes)).has_value());
}

void test_damage() {
    const auto message = unhex(kRequest);
    for (size_t i = 0; i < message.size() - 8; ++i) { // all that FINGERPRINT covers
        auto wrong = message;
        wrong[i] ^= 0x10;
        g_assert_false(parse_stun(wrong).has_value());
    }
    for (size_t size = 0; size < message.size(); ++size)
        g_assert_false(parse_stun(std::span(message).first(size)).has_value());
}

/// RFC 8489 §14.5: what follows MESSAGE-INTEGRITY is not authenticated and must not count.
void test_behind_integrity() {
    auto message = unhex(kRequest);
    message.resize(message.size() - 8); // FINGERPRINT
    const auto smuggled = unhex("00250000");
    message.insert(message.end(), smuggled.begin(), smuggled.end());
    message[3] = static_cast<uint8_t>(message.size() - 20);
    const auto view = parse_stun(message);
    g_assert_true(view.has_value());
    g_assert_false(view->use_candidate);
    g_assert_true(verify_integrity(message, *view, key(kPassword)));
}

void test_unknown_attribute() {
    const auto view = parse_stun(unhex("00010008 2112a442 b7e7a701bc34d686fa87dfae 77770000 c0570000"));
    g_assert_cmphex(view->unknown_required, ==, 0x7777);
    g_assert_cmpuint(view->integrity_at, ==, 0);
}

struct DemuxRow {
    const char *name;
    const char *bytes;
    DatagramKind kind;
};

const DemuxRow kDemuxRows[] = {
    {"empty", "", DatagramKind::Unknown},
    {"one byte", "80", DatagramKind::Unknown},
    {"stun", "0001", DatagramKind::Stun},
    {"zrtp", "1000", DatagramKind::Unknown},
    {"handshake", "16fe", DatagramKind::Dtls},
    {"turn channel", "4000", DatagramKind::Unknown},
    {"rtp", "8060", DatagramKind::Rtp},
    {"rtp with marker", "90e0", DatagramKind::Rtp},
    {"sender report", "80c8", DatagramKind::Rtcp},
    {"feedback", "81cd", DatagramKind::Rtcp},
    {"first byte too large", "c0c8", DatagramKind::Unknown},
};

void test_demux(gconstpointer data) {
    const auto &row = *static_cast<const DemuxRow *>(data);
    g_assert_cmpint(int(classify_datagram(unhex(row.bytes))), ==, int(row.kind));
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/stun/rfc5769/request", test_request_vector);
    g_test_add_func("/stun/rfc5769/responses", test_response_vectors);
    g_test_add_func("/stun/build", test_build);
    for (const auto &row : kBadRows)
        g_test_add_data_func((std::string("/stun/bad/") + row.name).c_str(), &row, test_bad);
    g_test_add_func("/stun/damage", test_damage);
    g_test_add_func("/stun/behind-integrity", test_behind_integrity);
    g_test_add_func("/stun/unknown-attribute", test_unknown_attribute);
    for (const auto &row : kDemuxRows)
        g_test_add_data_func((std::string("/demux/") + row.name).c_str(), &row, test_demux);
    return g_test_run();
}
