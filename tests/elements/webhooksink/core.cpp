// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "webhooksink/body_joiner.h"
#include "webhooksink/endpoint_lock.h"
#include "webhooksink/retry_rule.h"
#include "webhooksink/signature.h"
#include "webhooksink/spool.h"
#include "webhooksink/stream_report.h"

#include <gio/gio.h>
#include <glib/gstdio.h>

using namespace rostrum;

namespace {

void assert_text(const std::string &text, const char *expected) {
    g_assert_cmpstr(text.c_str(), ==, expected);
}

/// A directory that is gone after the test.
class Directory {
  public:
    Directory() : path_(g_dir_make_tmp("rostrum-spool-XXXXXX", nullptr)) {}
    ~Directory() {
        g_autoptr(GFile) directory = g_file_new_for_path(path_);
        g_autoptr(GFileEnumerator) files =
            g_file_enumerate_children(directory, "standard::name", G_FILE_QUERY_INFO_NONE, nullptr, nullptr);
        GFile *file = nullptr;
        while (g_file_enumerator_iterate(files, nullptr, &file, nullptr, nullptr) && file)
            g_file_delete(file, nullptr, nullptr);
        g_file_delete(directory, nullptr, nullptr);
        g_free(path_);
    }
    std::string file(const char *name) const { return std::string(path_) + "/" + name; }

  private:
    gchar *const path_;
};

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
    const Headers headers = signer.value().sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, "{\"test\": 2432232314}");
    assert_text(header(headers, "webhook-id"), "msg_p5jXN8AQM9LWM0D4loKWxJek");
    assert_text(header(headers, "webhook-timestamp"), "1614265330");
    assert_text(header(headers, "webhook-signature"), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    assert_text(header(headers, "videosdk-signature"), "(none)");

    const auto rotating = Signer::create("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw whsec_AAAA", "");
    const std::string two =
        header(rotating.value().sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, "{\"test\": 2432232314}"),
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
}

std::unique_ptr<Spool> open_spool(const std::string &path, const char *location, uint64_t max_bytes = 0) {
    auto spool = Spool::open(path, location, max_bytes);
    g_assert_true(spool.ok());
    return std::move(spool).value();
}

Delivery first_of(Spool &spool) {
    auto front = spool.front();
    g_assert_true(front.ok());
    g_assert_true(front.value().has_value());
    return std::move(*front.value());
}

void test_spool() {
    const Directory directory;
    const std::string path = directory.file("spool.db");
    std::string first_id;
    {
        const auto a = open_spool(path, "http://a/"), b = open_spool(path, "http://b/");
        g_assert_false(a->front().value().has_value());
        const auto one = a->put("{\"n\":1}", "x", 1000);
        first_id = one.value().id;
        g_assert_true(g_str_has_prefix(first_id.c_str(), "msg_"));
        g_assert_cmpint(a->put("two", "y", 1001).value().sequence, ==, 2);
        g_assert_cmpint(b->put("other", "", 1002).value().sequence, ==, 1); // each location counts for itself
        Delivery front = first_of(*a);
        front.attempts = 3;
        g_assert_true(a->postpone(front, 5000));
    }
    const auto a = open_spool(path, "http://a/"); // as after a restart
    Delivery front = first_of(*a);
    assert_text(front.id, first_id.c_str());
    assert_text(front.body, "{\"n\":1}");
    assert_text(front.type, "x");
    g_assert_cmpint(front.sequence, ==, 1);
    g_assert_cmpint(front.created_ms, ==, 1000);
    g_assert_cmpint(front.due_ms, ==, 5000);
    g_assert_cmpuint(front.attempts, ==, 3);
    g_assert_true(a->remove(front));
    front = first_of(*a);
    g_assert_cmpint(front.sequence, ==, 2);
    g_assert_true(a->remove(front));
    g_assert_cmpint(a->put("three", "", 1).value().sequence, ==, 3); // numbers are not used again
    g_assert_cmpint(a->clear(), ==, 1);
    g_assert_false(a->front().value().has_value());
    assert_text(first_of(*open_spool(path, "http://b/")).body, "other");

    GStatBuf info;
    g_assert_cmpint(g_stat(path.c_str(), &info), ==, 0);
    g_assert_cmpint(info.st_mode & 077, ==, 0); // bodies are private
}

void test_spool_limits() {
    const auto spool = open_spool("", "http://a/", 10);
    g_assert_true(spool->put("12345678", "", 1).ok());
    const auto full = spool->put("123", "", 1);
    g_assert_false(full.ok());
    g_assert_cmpint(full.error().code, ==, 503);
    g_assert_true(spool->remove(first_of(*spool)));
    g_assert_true(spool->put("123", "", 1).ok());

    const std::string binary("\0\xff{\n", 4); // any bytes come back as they went in
    g_assert_true(spool->remove(first_of(*spool)));
    g_assert_true(spool->put(binary, "", 1).ok());
    g_assert_true(first_of(*spool).body == binary);
}

void test_spool_corrupt() {
    const Directory directory;
    const std::string path = directory.file("spool.db");
    g_assert_true(g_file_set_contents(path.c_str(), "this is no database, whatever its name says", -1, nullptr));
    const auto spool = Spool::open(path, "http://a/", 0);
    g_assert_false(spool.ok());
    g_assert_nonnull(strstr(spool.error().text.c_str(), "not a database"));
    g_assert_false(Spool::open("/nonexistent/spool.db", "http://a/", 0).ok());
}

void test_endpoint_lock() {
    const Directory directory;
    const std::string path = directory.file("spool.db");
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
    g_test_add_func("/webhooksink/spool/order-and-restart", test_spool);
    g_test_add_func("/webhooksink/spool/limits", test_spool_limits);
    g_test_add_func("/webhooksink/spool/corrupt", test_spool_corrupt);
    g_test_add_func("/webhooksink/endpoint-lock", test_endpoint_lock);
    g_test_add_func("/webhooksink/stream-report", test_stream_report);
    return g_test_run();
}
