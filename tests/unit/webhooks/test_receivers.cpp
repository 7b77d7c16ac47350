// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Receivers that answer late, wrongly, without end or not at all, and places that nothing may be sent to.

#include "directory.h"
#include "dispatching.h"

#include <atomic>
#include <dlfcn.h>
#include <netdb.h>

using namespace rostrum;
using namespace test;

/// Also for libraries: a name that is asked for once has one meaning, a name server that changes its mind
/// notwithstanding.
static std::atomic<unsigned> look_ups = 0;
extern "C" int getaddrinfo(const char *name, const char *service, const addrinfo *hints, addrinfo **list) {
    static const auto real = reinterpret_cast<decltype(&::getaddrinfo)>(dlsym(RTLD_NEXT, "getaddrinfo"));
    const bool is_ours = name && g_str_equal(name, "rebinding.test");
    look_ups += is_ours;
    return real(is_ours ? "127.0.0.1" : name, service, hints, list);
}

namespace {

using State = MemoryStore::State;

Answer silence() {
    Answer answer{""};
    answer.hangs = true;
    return answer;
}

Answer bytes(std::string text, bool closes = true) {
    Answer answer{std::move(text)};
    answer.closes = closes;
    return answer;
}

Answer by_byte(std::string text, unsigned ms) {
    Answer answer{std::move(text)};
    answer.byte_ms = ms;
    return answer;
}

Answer endless() {
    Answer answer{"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"};
    answer.pours = 1'000'000'000;
    return answer;
}

struct Row {
    const char *name;
    Answer answer;
    bool delivered;
    const char *error; // a part of it
};

void test_answer(gconstpointer data) {
    const Row &row = *static_cast<const Row *>(data);
    HostileServer server([&](const Request &) { return row.answer; });
    DispatchPolicy policy = quick_policy();
    if (!row.delivered)
        policy.timeout_ms = 300;
    policy.retry = {100'000, 100'000};
    Dispatching all(policy);
    all.store.put(1, "room", "{}");
    all.dispatcher->add_endpoint(1, server.url(), false);
    wait_for("a report", [&] { return !all.reports.empty(); });
    const DeliveryReport &report = all.reports.front();
    g_test_message("%s: %s", row.name, report.error.c_str());
    g_assert_true((report.outcome == DeliveryReport::Outcome::Delivered) == row.delivered);
    g_assert_nonnull(strstr(report.error.c_str(), row.error));
    g_assert_null(strstr(report.error.c_str(), "xyzzy")); // what a receiver writes is told to nobody
    g_assert_cmpuint(server.poured(), <, 16u << 20);      // what fits into the sockets' buffers
}

const Row kRows[] = {
    {"silence", silence(), false, "in time"},
    {"head-by-byte", by_byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 50), false, "in time"},
    {"endless-interim", by_byte(std::string(1000, ' ') + "\r\n", 20), false, ""},
    {"body-by-byte", by_byte("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nxxxxxxxxxxxxxxxx", 5), true, ""},
    {"endless-body", endless(), true, ""},
    {"half-a-head", bytes("HTTP/1.1 200 OK\r\nContent-Le"), false, ""},
    {"half-a-body", bytes("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"), true, ""},
    {"no-http", bytes("SSH-2.0-OpenSSH_9.2 xyzzy\r\n"), false, ""},
    {"nothing", bytes(""), false, ""},
    {"huge-head", bytes("HTTP/1.1 200 OK\r\nX: " + std::string(1 << 20, 'x') + "\r\n\r\n"), false, ""},
    {"accepted", bytes("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n", false), true, ""},
    {"redirect", bytes("HTTP/1.1 308 Moved\r\nLocation: /xyzzy\r\nContent-Length: 0\r\n\r\n", false), false,
     "HTTP 308: redirects are not followed"},
    {"told-off", bytes("HTTP/1.1 401 xyzzy\r\nContent-Length: 5\r\n\r\nxyzzy", false), false, "HTTP 401"},
    {"proxy-login",
     bytes("HTTP/1.1 407 Login\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n", false), false,
     "HTTP 407"},
};

/// Of an endpoint that answers, with or without a body, in the ways there are to say so.
void test_kept_connection() {
    const std::string answers[] = {"HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
                                   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
                                   "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"};
    for (const std::string &text : answers) {
        std::atomic<unsigned> failures = 3;
        HostileServer server([&](const Request &) {
            return bytes(text.find("500") != text.npos && failures-- == 0 ? Answer().bytes : text, false);
        });
        Dispatching all;
        for (unsigned n = 0; n < 10; n++)
            all.store.put(1, "room");
        all.dispatcher->add_endpoint(1, server.url(), false);
        wait_for("attempts", [&] { return all.reports.size() >= 4; });
        g_assert_cmpuint(server.connections(), ==, 1);
    }
}

void test_retry_after() {
    for (const bool as_date : {false, true}) {
        const gint64 asked_s = g_get_real_time() / G_USEC_PER_SEC + 2;
        g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(asked_s);
        g_autofree gchar *text = g_date_time_format(date, "%a, %d %b %Y %H:%M:%S GMT");
        const std::string header = "Retry-After: " + std::string(as_date ? text : "1") + "\r\n";
        HostileServer server([&](const Request &) { return status(429, header); });
        Dispatching all;
        all.store.put(1, "a");
        all.store.put(1, "b"); // the receiver asked for all of it to wait
        all.dispatcher->add_endpoint(1, server.url(), false);
        wait_for("the first answer", [&] { return !all.reports.empty(); });
        g_assert_cmpint(all.reports.front().retry_in_ms, >=, as_date ? 1 : 1000);
        server.behave([](const Request &) { return Answer(); });
        all.wait_delivered(2);
        const auto requests = server.requests();
        g_assert_cmpuint(requests.size(), ==, 3);
        if (as_date)
            g_assert_cmpint(g_get_real_time() / G_USEC_PER_SEC, >=, asked_s);
        else
            g_assert_cmpint(requests[1].at_us - requests[0].at_us, >=, 1'000'000);
    }
}

/// "At once" is no reason to be asked without a pause.
void test_retry_after_nothing() {
    HostileServer server([](const Request &) { return status(503, "Retry-After: 0\r\n"); });
    DispatchPolicy policy = quick_policy();
    policy.retry = {200, 200};
    policy.break_after = 1000;
    Dispatching all(policy);
    all.store.put(1, "room");
    all.dispatcher->add_endpoint(1, server.url(), false);
    wait_for("attempts", [&] { return server.count() >= 3; });
    const auto requests = server.requests();
    for (size_t n = 1; n < 3; n++)
        g_assert_cmpint(requests[n].at_us - requests[n - 1].at_us, >=, 90'000); // half of the wait is jitter
}

/// Waits may be longer than a day when the policy says so.
void test_long_wait() {
    HostileServer server([](const Request &) { return status(503); });
    DispatchPolicy policy = quick_policy();
    policy.max_age_ms = INT64_MAX / 2;
    policy.retry = {200'000'000, 200'000'000};
    Dispatching all(policy);
    all.store.put(1, "room");
    all.dispatcher->add_endpoint(1, server.url(), false);
    wait_for("the first answer", [&] { return !all.reports.empty(); });
    run_for_ms(100);
    g_assert_cmpuint(server.count(), ==, 1);
}

/// Each attempt is signed anew with both secrets.
void test_signatures() {
    std::atomic<int> answers = 0;
    HostileServer server([&](const Request &) { return status(++answers < 3 ? 500 : 200); });
    MemoryStore store;
    g_autofree gchar *pem = nullptr;
    g_autoptr(GError) error = nullptr;
    g_assert_true(g_spawn_command_line_sync("openssl genrsa 2048", &pem, nullptr, nullptr, &error));
    const auto signer = Signer::create(std::string(kSecret) + " whsec_AAAAAAAA", pem);
    auto dispatcher = Dispatcher::create(nullptr, store, signer.value(), quick_policy(), nullptr);
    const int64_t row = store.put(1, "room", "{\"a\":1}");
    dispatcher.value()->prepare(store.row(row).delivery.id, "{\"a\":1}");
    dispatcher.value()->add_endpoint(1, server.url(), false);
    wait_for("the delivery", [&] { return store.count(State::Delivered) == 1; });
    const auto requests = server.requests();
    g_assert_cmpuint(requests.size(), ==, 3);
    unsigned attempt = 0;
    for (const Request &request : requests) {
        const auto expected = signer.value().sign("msg_1", std::stoll(request.headers.at("webhook-timestamp")),
                                                  "{\"a\":1}", signer.value().sign_body("{\"a\":1}"));
        for (const auto &[name, value] : expected)
            g_assert_cmpstr(request.headers.at(name).c_str(), ==, value.c_str());
        g_assert_nonnull(strstr(request.headers.at("webhook-signature").c_str(), " v1,"));
        g_assert_cmpint(std::stoi(request.headers.at("webhook-attempt")), ==, static_cast<int>(++attempt));
        g_assert_cmpstr(request.headers.at("content-type").c_str(), ==, "application/json");
    }
}

void test_addresses() {
    HostileServer server([](const Request &) { return Answer(); });
    const struct {
        const char *host;
        bool trusted, allow_private, arrives;
    } rows[] = {
        {"127.0.0.1", false, false, false},
        {"localhost", false, false, false},
        {"127.1", false, false, false},
        {"2130706433", false, false, false},
        {"[::ffff:127.0.0.1]", false, false, false},
        {"LOCALHOST", false, false, false},
        {"0.0.0.0", false, false, false},
        {"localhost", true, false, true},
        {"127.0.0.1", true, false, true},
        {"localhost", false, true, true},
    };
    size_t arrived = 0;
    for (const auto &row : rows) {
        g_test_message("%s", row.host);
        DispatchPolicy policy = quick_policy();
        policy.allow_private = row.allow_private;
        policy.retry = {100'000, 100'000};
        Dispatching all(policy);
        all.store.put(1, "room");
        all.dispatcher->add_endpoint(1, server.url("/", row.host), row.trusted);
        wait_for("a report", [&] { return !all.reports.empty(); });
        g_assert_cmpuint(server.count(), ==, arrived += row.arrives);
        if (!row.arrives)
            g_assert_nonnull(strstr(all.reports.front().error.c_str(), "address; destinations there are refused"));
    }
}

/// What is connected to is what was checked, and each connection is checked.
void test_rebinding() {
    HostileServer server([](const Request &) {
        Answer answer = status(200, "Connection: close\r\n");
        answer.closes = true;
        return answer;
    });
    const std::string url = server.url("/", "rebinding.test");
    Dispatching all;
    for (unsigned n = 1; n <= 3; n++) {
        all.store.put(1, "room");
        all.dispatcher->add_endpoint(1, url, false);
        all.wait_delivered(n);
        g_assert_cmpuint(look_ups, ==, n);
    }
    DispatchPolicy policy = quick_policy();
    policy.allow_private = false;
    policy.retry = {100'000, 100'000};
    Dispatching guarded(policy);
    guarded.store.put(1, "room");
    guarded.dispatcher->add_endpoint(1, url, false);
    wait_for("a report", [&] { return !guarded.reports.empty(); });
    g_assert_nonnull(strstr(guarded.reports.front().error.c_str(), "rebinding.test is a loopback address"));
    g_assert_cmpuint(look_ups, ==, 4);
    g_assert_cmpuint(server.count(), ==, 3);
}

void test_unknown_name() {
    DispatchPolicy policy = quick_policy();
    Dispatching all(policy);
    all.store.put(1, "room");
    all.dispatcher->add_endpoint(1, "http://rostrum.invalid/", false);
    wait_for("a report", [&] { return !all.reports.empty(); });
    g_assert_nonnull(strstr(all.reports.front().error.c_str(), "name has no address"));
}

/// Environment variables of proxies mean nothing, unless it is asked for.
void test_proxy() {
    HostileServer proxy([](const Request &) { return Answer(); }), server([](const Request &) { return Answer(); });
    g_setenv("http_proxy", proxy.url().c_str(), TRUE);
    g_setenv("no_proxy", "", TRUE);
    Dispatching all;
    all.store.put(1, "room");
    all.dispatcher->add_endpoint(1, server.url(), false);
    all.wait_delivered(1);
    g_assert_cmpuint(proxy.count(), ==, 0);
    g_assert_cmpuint(server.count(), ==, 1);
    g_unsetenv("http_proxy");
}

class Certificate {
  public:
    Certificate() : file_(directory_ / "both.pem") {
        const std::string command =
            "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=test -addext subjectAltName=IP:127.0.0.1 "
            "-keyout " +
            file_ + ".key -out " + file_;
        g_autofree gchar *told = nullptr;
        g_assert_true(g_spawn_command_line_sync(command.c_str(), nullptr, &told, nullptr, nullptr));
        g_autofree gchar *key = nullptr, *certificate = nullptr;
        g_assert_true(g_file_get_contents((file_ + ".key").c_str(), &key, nullptr, nullptr));
        g_assert_true(g_file_get_contents(file_.c_str(), &certificate, nullptr, nullptr));
        const std::string both = std::string(key) + certificate;
        g_assert_true(g_file_set_contents(file_.c_str(), both.c_str(), -1, nullptr));
    }
    const std::string &file() const { return file_; }

  private:
    const Directory directory_;
    const std::string file_;
};

void test_tls() {
    const Certificate certificate, other;
    HostileServer server([](const Request &) { return Answer(); }, certificate.file());
    const struct {
        std::string ca_file;
        const char *host;
        bool arrives;
    } rows[] = {
        {"", "127.0.0.1", false},
        {other.file(), "127.0.0.1", false},
        {certificate.file(), "localhost", false}, // somebody else's certificate
        {certificate.file(), "127.0.0.1", true},
    };
    for (const auto &row : rows) {
        DispatchPolicy policy = quick_policy();
        policy.ca_file = row.ca_file;
        policy.retry = {100'000, 100'000};
        Dispatching all(policy);
        all.store.put(1, "a");
        all.store.put(1, "a");
        all.dispatcher->add_endpoint(1, server.url("/", row.host), false);
        wait_for("a report", [&] { return !all.reports.empty(); });
        if (row.arrives)
            all.wait_delivered(2);
        else
            g_assert_nonnull(strstr(all.reports.front().error.c_str(), "certificate"));
        g_assert_cmpuint(server.count(), ==, row.arrives ? 2 : 0);
    }
    DispatchPolicy policy;
    policy.ca_file = "/nonexistent.pem";
    MemoryStore store;
    const auto signer = Signer::create(kSecret, "");
    g_assert_false(Dispatcher::create(nullptr, store, signer.value(), policy, nullptr).ok());
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    for (const Row &row : kRows)
        g_test_add_data_func((std::string("/receivers/answer/") + row.name).c_str(), &row, test_answer);
    g_test_add_func("/receivers/kept-connection", test_kept_connection);
    g_test_add_func("/receivers/retry-after", test_retry_after);
    g_test_add_func("/receivers/retry-after-nothing", test_retry_after_nothing);
    g_test_add_func("/receivers/long-wait", test_long_wait);
    g_test_add_func("/receivers/signatures", test_signatures);
    g_test_add_func("/receivers/addresses", test_addresses);
    g_test_add_func("/receivers/rebinding", test_rebinding);
    g_test_add_func("/receivers/unknown-name", test_unknown_name);
    g_test_add_func("/receivers/proxy", test_proxy);
    g_test_add_func("/receivers/tls", test_tls);
    return g_test_run();
}
