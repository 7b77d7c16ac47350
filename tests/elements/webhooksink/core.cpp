// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "spool_in_directory.h"
#include "webhooks/endpoint_lock.h"
#include "webhooks/retry_rule.h"
#include "webhooks/signature.h"
#include "webhooksink/body_joiner.h"
#include "webhooksink/stream_report.h"

#include <glib/gstdio.h>

using namespace rostrum;

namespace {

void assert_text(const std::string &text, const char *expected) {
    g_assert_cmpstr(text.c_str(), ==, expected);
}

void test_json_scan() {
    const struct {
        const char *text;
        bool blank, complete;
        const char *type;
    } rows[] = {
        {"", true, false, ""},
        {" \n\t", true, false, ""},
        {"{\"webhookType\":\"a\",\"type\":\"b\"}", false, true, "a"},
        {"{\"type\" : \"b\" , \"webhookType\":\"a\"}\n", false, true, "a"},
        {"{\"data\":{\"type\":\"inner\"},\"type\":\"outer\"}", false, true, "outer"},
        {"{\"data\":[{\"webhookType\":\"inner\"}]}", false, true, ""},
        {"{\"x\":\"type\",\"y\":\"z\"}", false, true, ""},
        {"{\"a\":\"}\\\"]\",\"type\":\"t\"}", false, true, "t"},
        {"{\"a\":\"\\\\\"}", false, true, ""},
        {"{\"a\":[1,2", false, false, ""},
        {"{\"a\":\"x", false, false, ""},
        {"[\"webhookType\",\"no\"]", false, true, ""},
        {"12", false, true, ""},
        {"}}}{", false, false, ""},
    };
    for (const auto &row : rows) {
        JsonScan whole, by_byte;
        whole.feed(row.text);
        for (const char *c = row.text; *c; c++)
            by_byte.feed({c, 1});
        for (const JsonScan *scan : {&whole, &by_byte}) {
            g_assert_cmpint(scan->is_blank(), ==, row.blank);
            g_assert_cmpint(scan->is_complete(), ==, row.complete);
            assert_text(scan->type(), row.type);
        }
    }
    JsonScan deep; // as deep as anybody likes
    deep.feed(std::string(1 << 20, '['));
    deep.feed(std::string(1 << 20, ']'));
    g_assert_true(deep.is_complete());
}

void test_one_buffer_one_body() {
    BodyJoiner joiner;
    for (const char *text : {"{\"type\":\"x\"}", "{\"broken\":", "12", "  {\"a\" : 1}\n"}) {
        const auto output = joiner.add(text, BodyJoiner::kNoOffset, BodyJoiner::kNoOffset);
        g_assert_false(output.stale.has_value());
        g_assert_true(output.body.has_value());
        assert_text(output.body->bytes, text);
    }
    g_assert_false(joiner.add(" \n", BodyJoiner::kNoOffset, BodyJoiner::kNoOffset).body.has_value());
    g_assert_false(joiner.flush().has_value());
}

void test_file_in_blocks() {
    BodyJoiner joiner;
    g_assert_false(joiner.add("{\"type\":", 0, 8).body.has_value());
    g_assert_false(joiner.add("\"a\"", 8, 11).body.has_value());
    const auto end = joiner.add("}\n", 11, 13);
    assert_text(end.body->bytes, "{\"type\":\"a\"}\n");
    assert_text(end.body->type, "a");

    g_assert_false(joiner.add("{\"a\"", 0, 4).body.has_value()); // cut off: what follows is another file
    const auto next = joiner.add("{}", 0, 2);
    assert_text(next.stale->bytes, "{\"a\"");
    assert_text(next.body->bytes, "{}");

    g_assert_false(joiner.add("{\"a\"", 0, 4).body.has_value());
    assert_text(joiner.flush()->bytes, "{\"a\""); // the end of the stream sends what there is

    const std::string block(1 << 20, ' ');
    bool too_large = joiner.add("{", 0, 1).too_large;
    for (uint64_t at = 1; at < 2 * kMaxBodyBytes; at += block.size())
        too_large = joiner.add(block, at, at + block.size()).too_large || too_large;
    g_assert_true(too_large);
    g_assert_false(joiner.flush().has_value());
    assert_text(joiner.add("{}", 0, 2).body->bytes, "{}");
}

std::string header(const Headers &headers, const char *name) {
    for (const auto &[key, value] : headers)
        if (key == name)
            return value;
    return "(none)";
}

void test_signature() {
    // The example of the Standard Webhooks specification's reference libraries.
    const auto signer = Signer::create("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "");
    g_assert_true(signer.ok());
    const Headers headers =
        signer.value().sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, "{\"test\": 2432232314}", "");
    assert_text(header(headers, "webhook-id"), "msg_p5jXN8AQM9LWM0D4loKWxJek");
    assert_text(header(headers, "webhook-timestamp"), "1614265330");
    assert_text(header(headers, "webhook-signature"), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    assert_text(header(headers, "videosdk-signature"), "(none)");

    const auto rotating = Signer::create("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw whsec_AAAA", "");
    const std::string two =
        header(rotating.value().sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, "{\"test\": 2432232314}", ""),
               "webhook-signature");
    g_assert_true(g_str_has_prefix(two.c_str(), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= v1,"));

    for (const char *secret : {"whsec_", "whsec_AAA", "whsec_A!AA", "not base64"}) {
        const auto refused = Signer::create(secret, "");
        g_assert_false(refused.ok());
        g_assert_null(strstr(refused.error().text.c_str(), "A!AA"));
    }
    for (const char *key : {"/nonexistent/key.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"})
        g_assert_false(Signer::create("", key).ok());
}

void test_retry_rule() {
    g_assert_true(judge(200) == Verdict::Delivered);
    g_assert_true(judge(204) == Verdict::Delivered);
    g_assert_true(judge(410) == Verdict::Stop);
    for (const unsigned status : {0u, 301u, 400u, 404u, 429u, 500u, 503u})
        g_assert_true(judge(status) == Verdict::Retry);

    const struct {
        const char *value;
        int64_t ms; // -1: none
    } rows[] = {
        {"120", 120'000},
        {"0", 0},
        {"-5", 0},
        {"", -1},
        {"soon", -1},
        {"12 monkeys", -1},
        {"999999999999999999999999", -1},
        {"99999999", 86'400'000},
        {"Sun, 06 Nov 1994 08:49:37 GMT", 37'000},
        {"Sat, 05 Nov 1994 08:49:37 GMT", 0},
    };
    constexpr int64_t now_s = 784111740; // 1994-11-06 08:49:00
    for (const auto &row : rows)
        g_assert_cmpint(parse_retry_after_ms(row.value, now_s).value_or(-1), ==, row.ms);

    const BackoffPolicy policy{1000, 600'000};
    g_assert_cmpint(retry_wait_ms(policy, 3, std::nullopt, 1.0), ==, 4000);
    g_assert_cmpint(retry_wait_ms(policy, 3, 120'000, 1.0), ==, 120'000);
    g_assert_cmpint(retry_wait_ms(policy, 3, 0, 1.0), ==, 1000);
}

Delivery body(const char *text) {
    Delivery delivery;
    delivery.id = std::string("msg_") + text;
    delivery.type = "x";
    delivery.created_ms = 1000;
    delivery.body = text;
    return delivery;
}

/// What waits, as "sequence:body" with commas between.
std::string waiting(SpoolFile &file) {
    std::string text;
    g_assert_true(file.sync());
    const auto deliveries = file.read(0, 100, 1 << 20);
    for (const Delivery &each : deliveries.value())
        text += (text.empty() ? "" : ",") + std::to_string(each.sequence) + ":" + each.body;
    return text;
}

void test_spool_file() {
    const Directory directory;
    const std::string path = directory / "spool.db";
    {
        const auto a = open_file(path, "http://a/"), b = open_file(path, "http://b/");
        g_assert_true(a->begin() && a->insert(body("one")) && a->insert(body("two")) && a->commit() && a->sync());
        g_assert_true(b->begin() && b->insert(body("other")) && b->commit());
        assert_text(waiting(*b), "1:other"); // each location counts for itself
        g_assert_true(a->begin() && a->postpone(1, 3, 5000) && a->commit());
        g_assert_true(a->begin() && a->insert(body("never")));
        a->rollback();
        g_assert_true(a->is_changed_by_others());
    }
    const auto a = open_file(path, "http://a/"); // as after a restart
    g_assert_true(a->sync());
    const auto read = a->read(0, 1, 1);
    g_assert_cmpuint(read.value().size(), ==, 1);
    const Delivery &front = read.value().front();
    assert_text(front.id, "msg_one");
    assert_text(front.type, "x");
    g_assert_cmpint(front.created_ms, ==, 1000);
    g_assert_cmpint(front.due_ms, ==, 5000);
    g_assert_cmpuint(front.attempts, ==, 3);
    g_assert_true(a->begin() && a->remove(1) && a->insert(body("three")) && a->commit());
    assert_text(waiting(*a), "2:two,3:three");
    g_assert_true(a->begin() && a->remove(2) && a->remove(3) && a->insert(body("four")) && a->commit());
    assert_text(waiting(*a), "4:four"); // numbers are not used again
    assert_text(waiting(*open_file(path, "http://b/")), "1:other");

    GStatBuf info;
    g_assert_cmpint(g_stat(path.c_str(), &info), ==, 0);
    g_assert_cmpint(info.st_mode & 077, ==, 0); // bodies are private
}

void test_dead_letters() {
    const auto file = open_file("", "http://a/");
    g_assert_true(file->begin() && file->insert(body("one")) && file->insert(body("two")) &&
                  file->insert(body("three")) && file->commit());
    Delivery one = body("");
    one.sequence = 1;
    one.attempts = 7;
    g_assert_true(file->begin() && file->bury(one, "HTTP 500", 500, 2000) && file->commit());
    assert_text(waiting(*file), "2:two,3:three");
    auto letters = file->dead_letters(10);
    g_assert_cmpuint(letters.value().size(), ==, 1);
    const DeadLetter &letter = letters.value().front();
    assert_text(letter.id, "msg_one");
    assert_text(letter.error, "HTTP 500");
    g_assert_cmpuint(letter.status, ==, 500);
    g_assert_cmpuint(letter.attempts, ==, 7);
    g_assert_cmpint(letter.sequence, ==, 1);
    g_assert_cmpint(letter.created_ms, ==, 1000);
    g_assert_cmpint(letter.died_ms, ==, 2000);

    int64_t revived = -1;
    g_assert_true(file->begin() && file->revive("msg_unknown", 3000, revived) && file->commit());
    g_assert_cmpint(revived, ==, 0);
    g_assert_true(file->begin() && file->revive("msg_one", 3000, revived) && file->commit());
    g_assert_cmpint(revived, ==, 1);
    assert_text(waiting(*file), "1:one,2:two,3:three"); // under its number again, and as if it were new
    g_assert_cmpint(file->read(0, 1, 1).value().front().created_ms, ==, 3000);
    g_assert_cmpuint(file->read(0, 1, 1).value().front().attempts, ==, 0);

    g_assert_true(file->begin() && file->bury_all("gone", 410, 4000) && file->limit_dead(8) && file->commit());
    assert_text(waiting(*file), "");
    letters = file->dead_letters(10);
    g_assert_cmpuint(letters.value().size(), ==, 2); // "three" and "two", the newest, have 8 bytes
    assert_text(letters.value().front().id, "msg_three");
    g_assert_true(file->begin() && file->revive("", 5000, revived) && file->commit());
    g_assert_cmpint(revived, ==, 2);
}

void test_spool() {
    const Directory directory;
    const std::string path = directory / "spool.db";
    {
        const auto spool = open_spool(path);
        for (const char *text : {"one", "two", "three"})
            g_assert_true(spool->put(text, "x", 1000).ok());
        Delivery front = first_of(*spool);
        assert_text(front.body, "one");
        g_assert_true(spool->delivered(front, 200));
        front = first_of(*spool);
        assert_text(front.body, "two");
        front.attempts = 3;
        g_assert_true(spool->postpone(front, 5000, "HTTP 500", 500));
        g_assert_cmpuint(first_of(*spool).attempts, ==, 3);
        g_assert_true(spool->heads(1, {""}, 8).value().empty()); // it is under way
        g_assert_false(spool->wait_idle(std::chrono::milliseconds(0)));
    }
    const auto spool = open_spool(path); // as after a restart
    Delivery front = first_of(*spool);
    assert_text(front.body, "two");
    g_assert_cmpuint(front.attempts, ==, 3);
    g_assert_cmpint(front.due_ms, ==, 5000);
    g_assert_true(spool->dead(front, "HTTP 500", 500));
    front = first_of(*spool);
    assert_text(front.body, "three");
    g_assert_true(spool->delivered(front, 200));
    g_assert_true(spool->wait_idle(std::chrono::seconds(10)));
    g_assert_cmpuint(spool->dead_letters(10).value().size(), ==, 1);
    g_assert_cmpint(spool->resend("").value(), ==, 1);
    assert_text(first_of(*spool).body, "two");

    g_assert_true(spool->endpoint_disabled(1, "gone"));
    g_assert_true(spool->put("late", "x", 1000).ok());
    g_assert_true(spool->wait_idle(std::chrono::seconds(10)));
    g_assert_cmpuint(spool->dead_letters(10).value().size(), ==, 2);
}

/// Another process has the file locked: nobody waits for it longer than is said, nothing is lost, and the order holds.
void test_spool_locked() {
    const Directory directory;
    const std::string path = directory / "spool.db";
    const auto spool = open_spool(path);
    sqlite3 *other = nullptr;
    g_assert_cmpint(sqlite3_open(path.c_str(), &other), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(other, "BEGIN EXCLUSIVE", nullptr, nullptr, nullptr), ==, SQLITE_OK);
    const gint64 begun_us = g_get_monotonic_time();
    for (const char *text : {"1", "2", "3", "4", "5", "6", "7", "8", "9", "10"})
        g_assert_true(spool->put(text, "", 1000).ok());
    g_assert_cmpint(g_get_monotonic_time() - begun_us, <, 1'000'000); // one waited, the others did not
    g_assert_cmpint(sqlite3_exec(other, "COMMIT", nullptr, nullptr, nullptr), ==, SQLITE_OK);
    for (int n = 1; n <= 10; n++) {
        const Delivery front = first_of(*spool);
        assert_text(front.body, std::to_string(n).c_str());
        g_assert_cmpint(front.sequence, ==, n);
        g_assert_true(spool->delivered(front, 200));
    }
    sqlite3_close(other);
}

void test_spool_limits() {
    const auto spool = open_spool("", 10);
    g_assert_true(spool->put("12345678", "", 1).ok());
    const auto full = spool->put("123", "", 1);
    g_assert_false(full.ok());
    g_assert_cmpint(full.error().code, ==, 503);
    g_assert_true(spool->delivered(first_of(*spool), 200));
    g_assert_true(spool->wait_idle(std::chrono::seconds(10)));
    const std::string binary("\0\xff{\n", 4); // any bytes come back as they went in
    g_assert_true(spool->put(binary, "", 1).ok());
    g_assert_true(first_of(*spool).body == binary);
}

void test_spool_corrupt() {
    const Directory directory;
    const std::string path = directory / "spool.db";
    g_assert_true(g_file_set_contents(path.c_str(), "this is no database, whatever its name says", -1, nullptr));
    const auto spool = Spool::open({path, "http://a/", 0}, {});
    g_assert_false(spool.ok());
    g_assert_nonnull(strstr(spool.error().text.c_str(), "not a database"));
    g_assert_false(Spool::open({"/nonexistent/spool.db", "http://a/", 0}, {}).ok());
}

void test_endpoint_lock() {
    const Directory directory;
    const std::string path = directory / "spool.db";
    EndpointLock other(path, 2);
    g_assert_true(other.acquire());
    EndpointLock second(path, 1);
    {
        EndpointLock first(path, 1);
        g_assert_true(first.acquire());
        g_assert_true(first.acquire());
        g_assert_false(second.acquire()); // also within one process
    }
    g_assert_true(second.acquire());
    g_assert_true(EndpointLock("", 1).acquire());
}

std::string type_of(const std::optional<StreamEvent> &event) {
    return event ? event->type : "";
}

void test_stream_report() {
    constexpr int64_t ms = 1000;
    StreamReport report("hook", 500 * ms);
    report.set_playing(0, true);
    assert_text(type_of(report.on_caps("video/x-raw, width=1")), "");
    assert_text(type_of(report.on_tick(900 * ms)), ""); // nothing has begun
    const auto started = report.on_buffer(1000 * ms, 10);
    assert_text(started->body,
                "{\"webhookType\":\"stream-started\",\"data\":{\"element\":\"hook\",\"caps\":\"video/x-raw, "
                "width=1\"}}");
    assert_text(type_of(report.on_buffer(1100 * ms, 10)), "");
    assert_text(type_of(report.on_caps("video/x-raw, width=1")), "");
    assert_text(type_of(report.on_caps("video/x-raw, width=2")), "stream-caps-changed");
    assert_text(type_of(report.on_tick(1599 * ms)), "");
    assert_text(report.on_tick(1600 * ms)->body,
                "{\"webhookType\":\"stream-stalled\",\"data\":{\"element\":\"hook\",\"silentMs\":500}}");
    assert_text(type_of(report.on_tick(1700 * ms)), ""); // told once
    assert_text(report.on_buffer(2100 * ms, 10)->body,
                "{\"webhookType\":\"stream-resumed\",\"data\":{\"element\":\"hook\",\"silentMs\":1000}}");
    report.set_playing(2200 * ms, false); // a pause is no stall
    assert_text(type_of(report.on_tick(9000 * ms)), "");
    report.set_playing(9000 * ms, true);
    assert_text(type_of(report.on_tick(9400 * ms)), "");
    assert_text(
        report.on_end(9500 * ms, "eos")->body,
        "{\"webhookType\":\"stream-ended\",\"data\":{\"element\":\"hook\",\"reason\":\"eos\",\"durationMs\":8500,"
        "\"buffers\":3,\"bytes\":30}}");
    assert_text(type_of(report.on_end(9600 * ms, "stopped")), "");
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/webhooksink/json-scan", test_json_scan);
    g_test_add_func("/webhooksink/body/one-buffer", test_one_buffer_one_body);
    g_test_add_func("/webhooksink/body/file-in-blocks", test_file_in_blocks);
    g_test_add_func("/webhooksink/signature", test_signature);
    g_test_add_func("/webhooksink/retry-rule", test_retry_rule);
    g_test_add_func("/webhooksink/spool/file", test_spool_file);
    g_test_add_func("/webhooksink/spool/dead-letters", test_dead_letters);
    g_test_add_func("/webhooksink/spool/order-and-restart", test_spool);
    g_test_add_func("/webhooksink/spool/locked", test_spool_locked);
    g_test_add_func("/webhooksink/spool/limits", test_spool_limits);
    g_test_add_func("/webhooksink/spool/corrupt", test_spool_corrupt);
    g_test_add_func("/webhooksink/endpoint-lock", test_endpoint_lock);
    g_test_add_func("/webhooksink/stream-report", test_stream_report);
    return g_test_run();
}
