// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Known answers of RFC 3711 appendix B and RFC 7714 §16, §17, then the rules around them: rollover, replay, bounds.

#include "wire/srtp.h"
#include "support/hex.h"
#include "wire/bytes.h"

#include <glib.h>

#include <algorithm>

using namespace peerwire;
using test::assert_text;
using test::hex;
using test::unhex;

namespace {

constexpr char kKey128[] = "000102030405060708090a0b0c0d0e0f";
constexpr char kKey256[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
constexpr char kGcmSalt[] = "517569642070726f2071756f";
constexpr char kRtp[] = "8040f17b8041f8d35501a0b2"
                        "47616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573";
constexpr char kRtcp[] = "81c8000d4d617273"
                         "4e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef";

/// The vectors of RFC 7714 give session keys, not master keys.
SrtpSessionKeys session_keys(SrtpProfile profile, const char *key, const char *salt) {
    SrtpSessionKeys keys;
    keys.profile = profile;
    const auto key_bytes = unhex(key), salt_bytes = unhex(salt);
    std::copy(key_bytes.begin(), key_bytes.end(), keys.key.begin());
    std::copy(salt_bytes.begin(), salt_bytes.end(), keys.salt.begin());
    return keys;
}

struct GcmRow {
    const char *name;
    SrtpProfile profile;
    const char *key;
    const char *srtp;  ///< RFC 7714 §16
    const char *srtcp; ///< RFC 7714 §17, SRTCP index 0x5d4
};

const GcmRow kGcmRows[] = {
    {"128", SrtpProfile::AeadAes128Gcm, kKey128,
     "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833"
     "899d7f27beb16a9152cf765ee4390cce",
     "81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded0bb9275b"
     "c84aa45896cf4d2fc5abf87245d9eade800005d4"},
    {"256", SrtpProfile::AeadAes256Gcm, kKey256,
     "8040f17b8041f8d35501a0b232b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b"
     "7aa3db36dfffd6b0f9bb7878d7a76c13",
     "81c8000d4d617273d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be8415f658c61de0476f1b6fad"
     "1d1eb30c4446839f57ff6f6cb26ac3be800005d4"},
};

void test_gcm_vectors(gconstpointer data) {
    const auto &row = *static_cast<const GcmRow *>(data);
    const auto keys = session_keys(row.profile, row.key, kGcmSalt);
    const auto sealer = SrtpCipher::create(keys, CipherDirection::Seal);
    const auto opener = SrtpCipher::create(keys, CipherDirection::Open);

    auto packet = unhex(kRtp);
    const size_t size = packet.size();
    packet.resize(size + kMaxSrtpTrailer);
    packet.resize(sealer->seal_rtp(packet, size, 12, 0x5501a0b2, 0xf17b));
    assert_text(hex(packet), row.srtp);
    g_assert_cmpuint(opener->open_rtp(packet, 12, 0x5501a0b2, 0xf17b).value(), ==, size);
    assert_text(hex(std::span(packet).first(size)), kRtp);

    auto control = unhex(kRtcp);
    const size_t control_size = control.size();
    control.resize(control_size + kMaxSrtpTrailer);
    control.resize(sealer->seal_rtcp(control, control_size, 0x4d617273, 0x5d4));
    assert_text(hex(control), row.srtcp);
    g_assert_cmphex(opener->rtcp_index(control).value(), ==, 0x800005d4);
    g_assert_cmpuint(opener->open_rtcp(control, 0x4d617273, 0x800005d4).value(), ==, control_size);
    assert_text(hex(std::span(control).first(control_size)), kRtcp);
}

/// RFC 7714 §17.3: tagged, not encrypted.
void test_gcm_clear_rtcp() {
    const auto opener =
        SrtpCipher::create(session_keys(SrtpProfile::AeadAes128Gcm, kKey128, kGcmSalt), CipherDirection::Open);
    auto packet = unhex(std::string(kRtcp) + "841dd9683dd78ec92ae58790125f62b3000005d4");
    g_assert_cmpuint(opener->open_rtcp(packet, 0x4d617273, 0x5d4).value(), ==, unhex(kRtcp).size());
}

/// RFC 3711 §B.2: the keystream is what encrypting zeros gives. The vector's IV is the salt alone: SSRC and index 0.
void test_cm_keystream() {
    const auto sealer =
        SrtpCipher::create(session_keys(SrtpProfile::Aes128CmHmacSha1_80, "2b7e151628aed2a6abf7158809cf4f3c",
                                        "f0f1f2f3f4f5f6f7f8f9fafbfcfd"),
                           CipherDirection::Seal);
    std::vector<uint8_t> packet(12 + 48 + kMaxSrtpTrailer);
    g_assert_cmpuint(sealer->seal_rtp(packet, 12 + 48, 12, 0, 0), ==, 12 + 48 + 10);
    assert_text(hex(std::span(packet).subspan(12, 48)),
                "e03ead0935c95e80e166b16dd92b4eb4d23513162b02d0f72a43a2fe4a5f97ab"
                "41e95b3bb0a2e8dd477901e4fca894c0");
}

/// RFC 3711 §B.3.
void test_key_derivation() {
    const auto keys = derive_session_keys(SrtpProfile::Aes128CmHmacSha1_80, unhex("e1f97a0d3e018be0d64fa32c06de4139"),
                                          unhex("0ec675ad498afeebb6960b3aabe6"), SrtpKeyUse::Rtp);
    g_assert_true(keys.has_value());
    assert_text(hex(keys->key_bytes()), "c61e7a93744f39ee10734afe3ff7a087");
    assert_text(hex(keys->salt_bytes()), "30cbbc08863d8c85d49db34a9ae1");
    assert_text(hex(keys->auth), "cebe321f6ff7716b6fd4ab49af256a156d38baa4");
    g_assert_false(derive_session_keys(SrtpProfile::AeadAes128Gcm, unhex("00"), unhex(kGcmSalt), SrtpKeyUse::Rtp));
    g_assert_false(derive_session_keys(SrtpProfile::AeadAes128Gcm, unhex(kKey128), unhex("00"), SrtpKeyUse::Rtp));
}

/// RFC 2202 §3, cases 1, 2 and 6 (a key longer than a block).
void test_hmac() {
    const std::vector<uint8_t> long_key(80, 0xaa);
    const auto mac = [](std::span<const uint8_t> key, std::string_view text) {
        return hex(HmacSha1(key).mac({{reinterpret_cast<const uint8_t *>(text.data()), text.size()}}));
    };
    assert_text(mac(std::vector<uint8_t>(20, 0x0b), "Hi There"), "b617318655057264e28bc0b6fb378c8ef146be00");
    assert_text(mac(unhex("4a656665"), "what do ya want for nothing?"), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    assert_text(mac(long_key, "Test Using Larger Than Block-Size Key - Hash Key First"),
                "aa4ae5e15272d00e95705637ce8a3b55ed402112");
}

struct Pair {
    std::unique_ptr<SrtpSender> sender;
    std::unique_ptr<SrtpReceiver> receiver;

    explicit Pair(SrtpProfile profile) {
        const std::vector<uint8_t> key(srtp_key_size(profile), 0x11), salt(srtp_salt_size(profile), 0x22);
        sender = SrtpSender::create(profile, key, salt);
        receiver = SrtpReceiver::create(profile, key, salt);
    }

    std::vector<uint8_t> rtp(uint16_t sequence, uint32_t ssrc = 1, size_t payload = 20) const {
        std::vector<uint8_t> packet(12 + payload + kMaxSrtpTrailer, 0x5a);
        packet[0] = 0x80;
        packet[1] = 96;
        store_be16(&packet[2], sequence);
        store_be32(&packet[8], ssrc);
        packet.resize(sender->protect_rtp(packet, 12 + payload));
        return packet;
    }

    std::vector<uint8_t> rtcp(uint32_t ssrc = 1) const {
        auto packet = unhex("80c90001 00000000");
        store_be32(&packet[4], ssrc);
        packet.resize(8 + kMaxSrtpTrailer);
        packet.resize(sender->protect_rtcp(packet, 8));
        return packet;
    }

    bool opens(std::vector<uint8_t> packet) const { return !receiver->unprotect_rtp(packet).error; }
    SrtpError error(std::vector<uint8_t> packet) const { return receiver->unprotect_rtp(packet).error.value(); }
};

const SrtpProfile kProfiles[] = {SrtpProfile::AeadAes128Gcm, SrtpProfile::AeadAes256Gcm,
                                 SrtpProfile::Aes128CmHmacSha1_80};

void test_rollover(gconstpointer data) {
    const Pair pair(*static_cast<const SrtpProfile *>(data));
    // Three times around the 16 bits in steps that lose packets, with one packet of the last round arriving late.
    std::vector<uint8_t> late;
    for (uint32_t i = 30000; i < 30000 + 3 * 65536; i += 97) {
        auto packet = pair.rtp(static_cast<uint16_t>(i));
        if (i + 97 >= 65536 && late.empty()) {
            late = packet;
            continue;
        }
        g_assert_true(pair.opens(packet));
        if (!late.empty() && late != std::vector<uint8_t>{0}) {
            g_assert_true(pair.opens(late)); // sequence 65535-ish after the roll
            late = {0};
        }
    }
}

void test_replay(gconstpointer data) {
    const Pair pair(*static_cast<const SrtpProfile *>(data));
    const auto first = pair.rtp(1000), second = pair.rtp(1001), third = pair.rtp(1000 + ReplayWindow::kBits);
    const auto control = pair.rtcp();
    g_assert_true(pair.opens(second));
    g_assert_cmpint(int(pair.error(second)), ==, int(SrtpError::Replayed));
    g_assert_true(pair.opens(third));
    g_assert_cmpint(int(pair.error(first)), ==, int(SrtpError::Replayed)); // just outside of the window
    g_assert_cmpint(int(pair.error(second)), ==, int(SrtpError::Replayed));

    auto copy = control;
    g_assert_cmpuint(pair.receiver->unprotect_rtcp(copy).size, ==, 8);
    copy = control;
    g_assert_cmpint(int(pair.receiver->unprotect_rtcp(copy).error.value()), ==, int(SrtpError::Replayed));
}

void test_tampering(gconstpointer data) {
    const Pair pair(*static_cast<const SrtpProfile *>(data));
    const auto packet = pair.rtp(1);
    for (size_t i = 0; i < packet.size(); ++i) {
        auto wrong = packet;
        wrong[i] ^= i == 0 ? 0x20 : 0x01; // the version must stay 2 to get as far as the tag
        g_assert_cmpint(int(pair.error(wrong)), ==, int(SrtpError::AuthFailed));
    }
    for (size_t size = 0; size < packet.size(); ++size)
        g_assert_false(pair.opens({packet.begin(), packet.begin() + std::ptrdiff_t(size)}));
    g_assert_true(pair.opens(packet)); // the forgeries left no trace

    const auto control = pair.rtcp();
    for (size_t i = 1; i < control.size(); ++i) {
        auto wrong = control;
        wrong[i] ^= 0x01;
        g_assert_true(pair.receiver->unprotect_rtcp(wrong).error.has_value());
    }
    for (size_t size = 0; size < control.size(); ++size) {
        auto cut = control;
        cut.resize(size);
        g_assert_true(pair.receiver->unprotect_rtcp(cut).error.has_value());
    }
}

void test_bounds() {
    const Pair pair(SrtpProfile::AeadAes128Gcm);
    for (uint32_t ssrc = 1; ssrc <= kMaxSrtpSsrcs; ++ssrc)
        g_assert_true(pair.opens(pair.rtp(1, ssrc)));
    g_assert_cmpuint(pair.rtp(1, 1000).size(), ==, 0);
    g_assert_true(pair.opens(pair.rtp(2, 1)));

    std::vector<uint8_t> room(40);
    room[0] = 0x80;
    g_assert_cmpuint(pair.sender->protect_rtp(room, 40), ==, 0); // no room for the tag
    g_assert_cmpuint(pair.sender->protect_rtp(room, 11), ==, 0);
    g_assert_cmpuint(pair.sender->protect_rtcp(room, 7), ==, 0);
}

void test_window() {
    ReplayWindow window;
    g_assert_false(window.seen_or_too_old(0));
    window.add(5);
    g_assert_true(window.seen_or_too_old(5));
    g_assert_false(window.seen_or_too_old(4));
    window.add(5 + ReplayWindow::kBits - 1);
    g_assert_true(window.seen_or_too_old(5));
    g_assert_false(window.seen_or_too_old(6));
    window.add(5 + ReplayWindow::kBits);
    g_assert_true(window.seen_or_too_old(5));
    window.add(1'000'000);
    g_assert_false(window.seen_or_too_old(999'999));
    g_assert_true(window.seen_or_too_old(5 + ReplayWindow::kBits));
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    for (const auto &row : kGcmRows)
        g_test_add_data_func((std::string("/srtp/rfc7714/") + row.name).c_str(), &row, test_gcm_vectors);
    g_test_add_func("/srtp/rfc7714/clear-rtcp", test_gcm_clear_rtcp);
    g_test_add_func("/srtp/rfc3711/keystream", test_cm_keystream);
    g_test_add_func("/srtp/rfc3711/key-derivation", test_key_derivation);
    g_test_add_func("/srtp/rfc2202/hmac-sha1", test_hmac);
    for (const auto &profile : kProfiles) {
        const auto id = std::to_string(static_cast<unsigned>(profile));
        g_test_add_data_func(("/srtp/rollover/profile-" + id).c_str(), &profile, test_rollover);
        g_test_add_data_func(("/srtp/replay/profile-" + id).c_str(), &profile, test_replay);
        g_test_add_data_func(("/srtp/tampering/profile-" + id).c_str(), &profile, test_tampering);
    }
    g_test_add_func("/srtp/bounds", test_bounds);
    g_test_add_func("/srtp/window", test_window);
    return g_test_run();
}
