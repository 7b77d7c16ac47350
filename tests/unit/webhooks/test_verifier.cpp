// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "webhooks/verifier.h"

#include <glib.h>

using namespace rostrum;

namespace {

// The example of the Standard Webhooks specification's reference libraries.
constexpr char kSecret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr int64_t kSentS = 1614265330;

ReceivedWebhook example() {
    return {{{"webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"},
             {"webhook-timestamp", "1614265330"},
             {"webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}},
            "{\"test\": 2432232314}"};
}

void set(ReceivedWebhook &webhook, const std::string &name, const std::string &value) {
    for (auto &[key, old] : webhook.headers)
        if (key == name)
            old = value;
}

void assert_check(const Result<SignatureCheck> &check, bool holds, const char *text) {
    g_assert_true(check.ok());
    g_test_message("%s", check.value().text.c_str());
    g_assert_cmpint(check.value().holds, ==, holds);
    g_assert_nonnull(strstr(check.value().text.c_str(), text));
}

void test_hmac() {
    const ReceivedWebhook good = example();
    assert_check(check_hmac(good, kSecret, kSentS + 7, 300), true, "secret 1 of 1, 7 s old");
    assert_check(check_hmac(good, std::string("whsec_AAAA\n") + kSecret + "\n", kSentS, 300), true, "secret 2 of 2");
    assert_check(check_hmac(good, "whsec_AAAA", kSentS, 300), false, "not those that were signed");
    assert_check(check_hmac(good, kSecret, kSentS + 301, 300), false, "301 s old, and 300 s are allowed");
    assert_check(check_hmac(good, kSecret, kSentS - 301, 300), false, "301 s in the future");

    ReceivedWebhook rotated = good;
    set(rotated, "webhook-signature", "v1,AAAA v1a,BBBB  " + std::string(*good.header("webhook-signature")));
    assert_check(check_hmac(rotated, kSecret, kSentS, 300), true, "secret 1 of 1");

    ReceivedWebhook edited = good;
    edited.body += "\r\n";
    assert_check(check_hmac(edited, kSecret, kSentS, 300), false, "without the line end after the body");
    edited.body = "{\"test\": 2432232315}";
    assert_check(check_hmac(edited, kSecret, kSentS, 300), false, "not those that were signed");
    for (const char *name : {"webhook-id", "webhook-timestamp"}) {
        ReceivedWebhook changed = good;
        set(changed, name, "1614265331");
        assert_check(check_hmac(changed, kSecret, kSentS, 300), false, "not those that were signed");
    }
    for (const char *timestamp : {"", "-1", "soon", "99999999999999999999", "1614265330.5"}) {
        ReceivedWebhook changed = good;
        set(changed, "webhook-timestamp", timestamp);
        assert_check(check_hmac(changed, kSecret, kSentS, 300), false, "no number");
    }
    for (const auto &[name, value] : good.headers) {
        ReceivedWebhook without = good;
        std::erase_if(without.headers, [&name = name](const auto &header) { return header.first == name; });
        assert_check(check_hmac(without, kSecret, kSentS, 300), false, "there is no header");
    }
    g_assert_false(check_hmac(good, "not base64!", kSentS, 300).ok());
    g_assert_false(check_hmac(good, " \n", kSentS, 300).ok());
}

std::string output_of(const std::string &command, const std::string &input) {
    g_autofree gchar *directory = g_dir_make_tmp("rostrum-verifier-XXXXXX", nullptr);
    const std::string file = std::string(directory) + "/in";
    g_assert_true(g_file_set_contents(file.c_str(), input.c_str(), static_cast<gssize>(input.size()), nullptr));
    g_autofree gchar *output = nullptr;
    g_assert_true(g_spawn_command_line_sync((command + " " + file).c_str(), &output, nullptr, nullptr, nullptr));
    g_assert_cmpint(remove(file.c_str()), ==, 0);
    g_assert_cmpint(remove(directory), ==, 0);
    return output;
}

std::string new_key() {
    g_autofree gchar *pem = nullptr;
    g_assert_true(g_spawn_command_line_sync("openssl genrsa 2048", &pem, nullptr, nullptr, nullptr));
    return pem;
}

void test_rsa() {
    const std::string key = new_key(), other = new_key();
    const std::string public_key = output_of("openssl rsa -pubout -in", key);
    const std::string other_key = output_of("openssl rsa -pubout -in", other);
    ReceivedWebhook webhook{{}, "{\"a\":1}"};
    assert_check(check_rsa(webhook, public_key), false, "there is no header videosdk-signature");
    const auto signer = Signer::create("", key);
    webhook.headers.emplace_back("videosdk-signature", signer.value().sign_body(webhook.body));
    assert_check(check_rsa(webhook, public_key), true, "RSA 2048");
    assert_check(check_rsa(webhook, other_key), false, "another key");
    ReceivedWebhook edited = webhook;
    edited.body += "\n";
    assert_check(check_rsa(edited, public_key), false, "without the line end");
    edited.body = "{\"a\":2}";
    assert_check(check_rsa(edited, public_key), false, "not what was signed");
    set(edited, "videosdk-signature", "AAAA");
    assert_check(check_rsa(edited, public_key), false, "3 bytes, and one of this key has 256");
    for (const std::string &wrong : {std::string("no key"), std::string(), key})
        g_assert_false(check_rsa(webhook, wrong).ok());
}

void test_request() {
    const struct {
        const char *bytes;
        const char *body; // NULL: no request
        const char *told; // the value of X-Told, or a part of the error
    } rows[] = {
        {"POST / HTTP/1.1\r\nX-Told: yes\r\n\r\nbody\n", "body\n", "yes"},
        {"POST /hook?a=b HTTP/1.0\nx-told:  a: b \t\nContent-Length: 2\n\nbody", "bo", "a: b"},
        {"POST / HTTP/1.1\r\nX-Told:\r\n\r\n", "", ""},
        {"POST / HTTP/1.1\r\nX-Told: x\r\nContent-Length: 5\r\n\r\nbody", nullptr, "4 bytes, which is less"},
        {"POST / HTTP/1.1\r\nX-Told: x\r\nContent-Length: -1\r\n\r\nbody", nullptr, "less than"},
        {"POST / HTTP/1.1\r\nX-Told: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", nullptr, "in chunks"},
        {"POST / HTTP/1.1\r\nX-Told: x\r\n", nullptr, "no empty line"},
        {"POST / HTTP/1.1\r\nX Told: x\r\n\r\n", nullptr, "line 2 is no header"},
        {"POST / HTTP/1.1\r\nX-Told: x\r\n: x\r\n\r\n", nullptr, "line 3 is no header"},
        {"HTTP/1.1 200 OK\r\n\r\n", nullptr, "request line"},
        {"", nullptr, "request line"},
    };
    for (const auto &row : rows) {
        g_test_message("%s", row.bytes);
        const auto request = parse_request(row.bytes);
        g_assert_cmpint(request.ok(), ==, row.body != nullptr);
        if (request.ok()) {
            const std::string told(*request.value().header("x-told"));
            g_assert_cmpstr(request.value().body.c_str(), ==, row.body);
            g_assert_cmpstr(told.c_str(), ==, row.told);
        } else {
            g_assert_nonnull(strstr(request.error().text.c_str(), row.told));
        }
    }
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/verifier/hmac", test_hmac);
    g_test_add_func("/verifier/rsa", test_rsa);
    g_test_add_func("/verifier/request", test_request);
    return g_test_run();
}
