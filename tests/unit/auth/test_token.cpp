// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/auth/token.h"

#include "tools/rostrum/base/json.h"

#include <glib.h>
#include <openssl/hmac.h>

using rostrum::Claims;
using rostrum::Json;
using rostrum::Mode;
using rostrum::Refusal;

namespace {

void expect_text(const std::string &text, const std::string &expected) {
    g_assert_cmpstr(text.c_str(), ==, expected.c_str());
}

const rostrum::TokenKey kKey{"key-1", "secret-1-secret-1-secret-1-secret"};
const rostrum::KeyRing kRing({{kKey.api_key, {{kKey.secret}}}});
constexpr int64_t kNow = 1'800'000'000;

std::string base64url(const void *data, size_t size) {
    char *text = g_base64_encode(static_cast<const guchar *>(data), size);
    std::string result = text;
    g_free(text);
    for (char &c : result)
        c = c == '+' ? '-' : c == '/' ? '_' : c;
    while (!result.empty() && result.back() == '=')
        result.pop_back();
    return result;
}

std::string base64url(const std::string &text) {
    return base64url(text.data(), text.size());
}

/// A token made by hand, so that it can be wrong in any way.
std::string sign(const std::string &header, const std::string &claims, const std::string &secret = kKey.secret) {
    const std::string head = base64url(header) + "." + base64url(claims);
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
         reinterpret_cast<const unsigned char *>(head.data()), head.size(), mac, &size);
    return head + "." + base64url(mac, size);
}

const std::string kHeader = R"({"alg":"HS256","typ":"JWT"})";

std::string token(const std::string &members) {
    return sign(kHeader, R"({"apikey":"key-1","permissions":["allow_join"],"exp":1800000060)" + members + "}");
}

struct Row {
    const char *name;
    std::string token;
    int status, code;
    const char *says; ///< part of the message
};

void refused() {
    const std::string good = token("");
    std::string other_claims = good;
    other_claims.replace(good.find('.') + 1, good.rfind('.') - good.find('.') - 1,
                         base64url(R"({"apikey":"key-1","permissions":["allow_mod"],"exp":1800000060})"));
    const Row rows[] = {
        {"nothing", "", 401, 4002, "no token"},
        {"only the scheme", "Bearer   ", 401, 4002, "not a JWT"},
        {"garbage", "lorem ipsum", 401, 4002, "not a JWT"},
        {"two parts", "a.b", 401, 4002, "not a JWT"},
        {"four parts", "a.b.c.d", 401, 4002, "not a JWT"},
        {"oversized", std::string(9000, 'a'), 401, 4002, "too long"},
        {"padded", good + "=", 401, 4002, "signature"},
        {"crit", sign(R"({"alg":"HS256","crit":["b64"],"b64":false})", R"({"apikey":"key-1","exp":1800000060})"), 401,
         4002, "crit"},
        {"claims that are no JSON", sign(kHeader, "lorem"), 401, 4002, "claims cannot be read"},
        {"claims that are a list", sign(kHeader, "[]"), 401, 4002, "claims cannot be read"},
        {"unreadable header", "AAAA.BBBB.CCCC", 401, 4002, "header cannot be read"},
        {"deep header", base64url(std::string(5000, '[')) + ".e30.x", 401, 4002, "header cannot be read"},
        {"alg none", base64url(R"({"alg":"none"})") + "." + base64url("{}") + ".", 401, 4002,
         "algorithm is not allowed"},
        {"alg none signed", sign(R"({"alg":"none","typ":"JWT"})", "{}"), 401, 4002, "algorithm is not allowed"},
        {"alg HS512", sign(R"({"alg":"HS512","typ":"JWT"})", "{}"), 401, 4002, "algorithm is not allowed"},
        {"alg RS256", sign(R"({"alg":"RS256","typ":"JWT"})", "{}"), 401, 4002, "algorithm is not allowed"},
        {"alg in lower case", sign(R"({"alg":"hs256","typ":"JWT"})", "{}"), 401, 4002, "algorithm is not allowed"},
        {"other secret", sign(kHeader, R"({"apikey":"key-1","exp":1800000060})", "another"), 401, 4002, "signature"},
        {"changed claims", other_claims, 401, 4002, "signature"},
        {"cut signature", good.substr(0, good.size() - 4), 401, 4002, "signature"},
        {"no signature", good.substr(0, good.rfind('.') + 1), 401, 4002, "signature"},
        {"other apikey", sign(kHeader, R"({"apikey":"key-2","exp":1800000060})"), 401, 4001, "apikey"},
        {"alg none of another apikey", base64url(R"({"alg":"none"})") + "." + base64url(R"({"apikey":"key-2"})") + ".",
         401, 4002, "algorithm is not allowed"},
        {"no apikey", sign(kHeader, R"({"exp":1800000060})"), 401, 4001, "apikey"},
        {"expired", sign(kHeader, R"({"apikey":"key-1","exp":1799999999})"), 401, 4002, "expired at 2027-01-15"},
        {"expires now", sign(kHeader, R"({"apikey":"key-1","exp":1800000000})"), 401, 4002, "expired at"},
        {"no exp", sign(kHeader, R"({"apikey":"key-1"})"), 401, 4002, "no `exp`"},
        {"exp as text", sign(kHeader, R"({"apikey":"key-1","exp":"1800000060"})"), 401, 4002, "no `exp`"},
        {"exp with a fraction, past", sign(kHeader, R"({"apikey":"key-1","exp":1799999999.9})"), 401, 4002,
         "expired at"},
        {"nbf with a fraction", token(R"(,"nbf":1800000031.5)"), 401, 4002, "not valid yet"},
        {"exp of another world", sign(kHeader, R"({"apikey":"key-1","exp":1000000000000000000.5})"), 401, 4002,
         "cannot be read"},
        {"not yet", token(R"(,"nbf":1800000031)"), 401, 4002, "not valid yet"},
        {"nbf as text", token(R"(,"nbf":"0")"), 401, 4002, "not valid yet"},
        {"ask_join with allow_mod",
         sign(kHeader, R"({"apikey":"key-1","exp":1800000060,"permissions":["ask_join","allow_mod"]})"), 403, 4008,
         "ask_join"},
        {"version 1", token(R"(,"version":1)"), 401, 4002, "version"},
        {"unknown mode", token(R"(,"mode":"HOST")"), 401, 4002, "mode"},
        {"participant with a blank", token(R"(,"participantId":"a b")"), 401, 4004, "participantId"},
        {"room is a number", token(R"(,"roomId":7)"), 401, 4002, "roomId"},
    };
    for (const Row &row : rows) {
        g_test_message("%s", row.name);
        const auto result = rostrum::verify_token(row.token, kRing, kNow);
        const auto *refusal = std::get_if<Refusal>(&result);
        g_assert_nonnull(refusal);
        g_assert_cmpint(refusal->status, ==, row.status);
        g_assert_cmpint(refusal->code, ==, row.code);
        g_assert_nonnull(strstr(refusal->message.c_str(), row.says));
        g_assert_null(strstr(refusal->message.c_str(), "secret"));
    }
}

void accepted() {
    const std::string good = token(R"(,"roles":["rtc","crawler"],"roomId":"r","participantId":"p","mode":"RECV_ONLY")");
    for (const std::string &form : {good, "Bearer " + good, "bearer  " + good, "  " + good + " "}) {
        const auto result = rostrum::verify_token(form, kRing, kNow);
        const auto *claims = std::get_if<Claims>(&result);
        g_assert_nonnull(claims);
        g_assert_true(claims->allow_join);
        g_assert_false(claims->allow_mod);
        g_assert_false(claims->ask_join);
        g_assert_cmpuint(claims->roles.size(), ==, 2);
        expect_text(claims->room_id, "r");
        expect_text(claims->participant_id, "p");
        g_assert_true(claims->mode == Mode::RecvOnly);
        g_assert_cmpint(claims->expires_at, ==, kNow + 60);
    }
}

/// The signature is good with a secret of that pair and no other, as long as that secret is.
void rings() {
    const std::string first(40, '1'), second(40, '2'), old(40, 'o'), expired(40, 'x');
    const rostrum::KeyRing ring({{"key-1", {{first}, {old, kNow + 1}, {expired, kNow}}},
                                 {"key-2", {{second}}},
                                 {"off", {{first}}, true},
                                 {"empty", {}}});
    const auto signed_by = [](const char *key, const std::string &secret) {
        return sign(kHeader, std::string(R"({"apikey":")") + key + R"(","exp":1800000060})", secret);
    };
    const struct {
        const char *name;
        std::string token;
        int64_t now;
        int code;
    } rows[] = {
        {"newest secret", signed_by("key-1", first), kNow, 0},
        {"old secret in its time", signed_by("key-1", old), kNow, 0},
        {"old secret after its time", signed_by("key-1", old), kNow + 1, 4002},
        {"secret whose time is over", signed_by("key-1", expired), kNow, 4002},
        {"other pair", signed_by("key-2", second), kNow, 0},
        {"secret of another pair", signed_by("key-2", first), kNow, 4002},
        {"unknown key", signed_by("key-3", first), kNow, 4001},
        {"disabled", signed_by("off", first), kNow, 4053},
        {"disabled, wrong secret", signed_by("off", second), kNow, 4002},
        {"pair without secrets", signed_by("empty", ""), kNow, 4002},
    };
    for (const auto &row : rows) {
        g_test_message("%s", row.name);
        const auto result = rostrum::verify_token(row.token, ring, row.now);
        const auto *refusal = std::get_if<Refusal>(&result);
        g_assert_cmpint(refusal ? refusal->code : 0, ==, row.code);
    }
}

/// As Python's time.time() makes them.
void times_with_a_fraction() {
    const std::string times = R"({"apikey":"key-1","iat":1799999999.5,"nbf":1799999999.5,"exp":1800000060.75})";
    const auto result = rostrum::verify_token(sign(kHeader, times), kRing, kNow);
    const auto *claims = std::get_if<Claims>(&result);
    g_assert_nonnull(claims);
    g_assert_cmpint(claims->issued_at, ==, 1799999999);
    g_assert_cmpint(claims->expires_at, ==, 1800000060);
}

/// An app server whose clock is ahead of ours, or behind.
void clock_skew() {
    const auto code_at = [](const std::string &claims) {
        const auto result = rostrum::verify_token(token(claims), kRing, kNow);
        const auto *refusal = std::get_if<Refusal>(&result);
        return refusal ? refusal->code : 0;
    };
    g_assert_cmpint(code_at(R"(,"nbf":1800000030)"), ==, 0);
    g_assert_cmpint(code_at(R"(,"nbf":1800000031)"), ==, 4002);
    g_assert_cmpint(code_at(R"(,"iat":1800000500)"), ==, 0);
}

void minted() {
    Claims claims;
    claims.allow_join = claims.allow_mod = true;
    claims.roles = {"rtc"};
    claims.room_id = "room";
    claims.participant_id = "ann";
    claims.mode = Mode::SignallingOnly;
    claims.issued_at = kNow;
    claims.expires_at = kNow + 10;
    const std::string text = rostrum::mint_token(claims, kKey);
    const auto result = rostrum::verify_token(text, kRing, kNow);
    const auto *back = std::get_if<Claims>(&result);
    g_assert_nonnull(back);
    g_assert_true(back->permissions() == claims.permissions());
    g_assert_true(back->roles == claims.roles);
    expect_text(back->room_id, "room");
    expect_text(back->participant_id, "ann");
    g_assert_true(back->mode == Mode::SignallingOnly);
    g_assert_cmpint(back->issued_at, ==, kNow);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/token/refused", refused);
    g_test_add_func("/token/accepted", accepted);
    g_test_add_func("/token/rings", rings);
    g_test_add_func("/token/times-with-a-fraction", times_with_a_fraction);
    g_test_add_func("/token/clock-skew", clock_skew);
    g_test_add_func("/token/minted", minted);
    return g_test_run();
}
