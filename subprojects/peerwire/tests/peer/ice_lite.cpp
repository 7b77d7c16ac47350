// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "peer/ice_lite.h"
#include "support/hex.h"

#include <glib.h>

#include <array>
#include <string>
#include <vector>

using namespace peerwire;

namespace {

const IceCredentials kLocal{"local", "local-password-of-32-characters!"};
const IceCredentials kFresh{"fresh", "fresh-password-of-32-characters!"};
const Address kFrom = Address::v4(192, 0, 2, 7, 4242);

HmacSha1 key(std::string_view password) {
    return HmacSha1({reinterpret_cast<const uint8_t *>(password.data()), password.size()});
}

struct CheckRow {
    const char *name;
    const char *username;
    const std::string &password;
    bool controlled;
    bool use_candidate;
    uint16_t extra_attribute; ///< 0 for none
    bool authentic, checked, nominated;
    int error; ///< code in the response; 0 for a success response, -1 for none
};

const std::string kWrong = "wrong";

const CheckRow kCheckRows[] = {
    {"nominated", "local:remote", kLocal.pwd, false, true, 0, true, true, true, 0},
    {"plain", "local:remote", kLocal.pwd, false, false, 0, true, true, false, 0},
    {"wrong password", "local:remote", kWrong, false, true, 0, false, false, false, -1},
    {"other receiver", "other:remote", kLocal.pwd, false, true, 0, false, false, false, -1},
    {"other sender", "local:other", kLocal.pwd, false, true, 0, false, false, false, -1},
    {"longer sender", "local:remote2", kLocal.pwd, false, true, 0, false, false, false, -1},
    {"no colon", "localremote", kLocal.pwd, false, true, 0, false, false, false, -1},
    {"no username", "", kLocal.pwd, false, true, 0, false, false, false, -1},
    {"controlled sender", "local:remote", kLocal.pwd, true, true, 0, true, false, false, 487},
    {"unknown required attribute", "local:remote", kLocal.pwd, false, true, 0x7777, true, false, false, 420},
    {"unknown optional attribute", "local:remote", kLocal.pwd, false, true, 0xc057, true, true, true, 0},
};

std::vector<uint8_t> make_check(const CheckRow &row) {
    std::vector<uint8_t> message(256);
    StunWriter writer(message, StunType::BindingRequest, {1, 2, 3});
    writer.username(row.username);
    if (row.controlled)
        writer.controlled(99);
    else
        writer.controlling(99);
    if (row.use_candidate)
        writer.use_candidate();
    if (row.extra_attribute != 0)
        writer.empty_attribute(row.extra_attribute);
    message.resize(writer.finish(key(row.password)));
    return message;
}

void test_check(gconstpointer data) {
    const auto &row = *static_cast<const CheckRow *>(data);
    IceLite ice(kLocal, "remote");
    std::array<uint8_t, 256> room;
    const auto outcome = ice.handle(make_check(row), kFrom, room);
    g_assert_cmpint(outcome.authentic, ==, row.authentic);
    g_assert_cmpint(outcome.checked, ==, row.checked);
    g_assert_cmpint(outcome.nominated, ==, row.nominated);
    g_assert_cmpint(outcome.response > 0, ==, row.error >= 0);
    if (row.error < 0)
        return;
    const auto bytes = std::span(room).first(outcome.response);
    const auto response = parse_stun(bytes);
    g_assert_true(response.has_value());
    g_assert_true(verify_integrity(bytes, *response, key(kLocal.pwd)));
    g_assert_cmpuint(response->transaction[2], ==, 3);
    g_assert_cmpint(response->error_code.value_or(0), ==, row.error);
    g_assert_cmpint(response->xor_mapped.has_value(), ==, row.error == 0);
    if (row.error == 0)
        g_assert_true(*response->xor_mapped == kFrom);
}

void test_not_checks() {
    IceLite ice(kLocal, "remote");
    std::array<uint8_t, 256> room;
    for (const auto type : {StunType::BindingSuccess, StunType::BindingError, StunType::BindingIndication}) {
        std::vector<uint8_t> message(256);
        StunWriter writer(message, type, {});
        writer.username("local:remote");
        message.resize(writer.finish(key(kLocal.pwd)));
        g_assert_false(ice.handle(message, kFrom, room).authentic);
    }
    g_assert_false(ice.handle({}, kFrom, room).authentic);
}

void test_restart() {
    IceLite ice(kLocal, "remote");
    const CheckRow old{"", "local:remote", kLocal.pwd, false, true, 0, true, true, true, 0};
    const CheckRow fresh_plain{"", "fresh:remote2", kFresh.pwd, false, false, 0, true, true, false, 0};
    const CheckRow fresh{"", "fresh:remote2", kFresh.pwd, false, true, 0, true, true, true, 0};
    std::array<uint8_t, 256> room;
    g_assert_false(ice.handle(make_check(fresh), kFrom, room).authentic);
    ice.restart(kFresh, "remote2");
    g_assert_true(ice.handle(make_check(old), kFrom, room).checked);
    g_assert_true(ice.handle(make_check(fresh_plain), kFrom, room).checked);
    g_assert_true(ice.handle(make_check(old), kFrom, room).checked); // still: nothing new is nominated
    g_assert_true(ice.handle(make_check(fresh), kFrom, room).nominated);
    g_assert_false(ice.handle(make_check(old), kFrom, room).authentic);
    test::assert_text(ice.local().ufrag, "fresh");
}

void test_credentials() {
    const auto first = make_ice_credentials(), second = make_ice_credentials();
    g_assert_true(valid_ice_credentials(first.ufrag, first.pwd));
    g_assert_true(first.ufrag != second.ufrag && first.pwd != second.pwd);
    g_assert_false(valid_ice_credentials("abc", first.pwd));
    g_assert_false(valid_ice_credentials(std::string(257, 'a'), first.pwd));
    g_assert_false(valid_ice_credentials("ab:cd", first.pwd));
    g_assert_false(valid_ice_credentials("abcd", std::string(21, 'a')));
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    for (const auto &row : kCheckRows)
        g_test_add_data_func((std::string("/ice-lite/check/") + row.name).c_str(), &row, test_check);
    g_test_add_func("/ice-lite/not-checks", test_not_checks);
    g_test_add_func("/ice-lite/restart", test_restart);
    g_test_add_func("/ice-lite/credentials", test_credentials);
    return g_test_run();
}
