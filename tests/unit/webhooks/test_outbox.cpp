// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The outbox of `rostrum serve` between its store and its receivers.

#include "directory.h"
#include "dispatching.h"

#include "tools/rostrum/live/webhook_outbox.h"

using namespace rostrum;
using namespace test;

namespace {

constexpr char kNoRoom[] = "";

class Fixture {
  public:
    explicit Fixture(const std::string &key = "") {
        WebhookSettings settings;
        settings.secrets = kSecret;
        settings.policy = quick_policy();
        if (!key.empty()) {
            settings.signing_key = directory_ / "key.pem";
            set_key(key);
        }
        store_ = std::make_unique<Store>(path());
        outbox_ = std::make_unique<WebhookOutbox>(*store_, settings);
        g_assert_true(outbox_->start().empty());
    }
    ~Fixture() {
        outbox_.reset();
        store_.reset();
    }
    Fixture(const Fixture &) = delete;
    Fixture &operator=(const Fixture &) = delete;

    void set_key(const std::string &pem) {
        const std::string file = directory_ / "key.pem";
        g_assert_true(g_file_set_contents(file.c_str(), pem.c_str(), -1, nullptr));
    }
    std::string path() const { return directory_ / "test.db"; }
    WebhookOutbox &outbox() { return *outbox_; }
    Store &store() { return *store_; }
    void post(const std::string &url, const std::string &room = kNoRoom) {
        outbox_->post(url, {"test", room, "", "", [](const std::string &, int64_t) { return "{}"; }});
    }
    int64_t endpoint(const std::string &url) { return store_->webhook_endpoints.open(url, 0).id; }
    int64_t count(const char *state) { return store_->webhook_deliveries.count(0, state); }
    void wait_for_count(const char *state, int64_t wanted) {
        wait_for(state, [&] { return count(state) == wanted; });
    }

  private:
    const Directory directory_;
    std::unique_ptr<Store> store_;
    std::unique_ptr<WebhookOutbox> outbox_;
};

/// A backup or a shell has the database locked when it is to be stored that something was delivered.
void a_locked_database_repeats_nothing() {
    Fixture fixture;
    sqlite3 *other = nullptr;
    g_assert_cmpint(sqlite3_open(fixture.path().c_str(), &other), ==, SQLITE_OK);
    HostileServer server([&](const Request &) {
        g_assert_cmpint(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), ==, SQLITE_OK);
        return Answer();
    });
    fixture.post(server.url());
    fixture.post(server.url());
    g_test_expect_message("webhooks", G_LOG_LEVEL_WARNING, "*cannot be stored*");
    g_test_expect_message(G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "*kept until it can be*");
    g_test_expect_message("webhooks", G_LOG_LEVEL_WARNING, "*cannot be stored*");
    wait_for("the first one's arrival", [&] { return server.count() == 1; });
    server.behave([](const Request &) { return Answer(); });
    run_for_ms(1500); // it is asked again meanwhile
    g_test_assert_expected_messages();
    g_assert_cmpuint(server.count(), ==, 1);
    g_assert_cmpint(sqlite3_exec(other, "COMMIT", nullptr, nullptr, nullptr), ==, SQLITE_OK);
    fixture.wait_for_count("delivered", 2);
    g_assert_cmpuint(server.count(), ==, 2);
    sqlite3_close(other);
}

/// One that is disabled hears nothing more, also while much is given up of another.
void a_disabled_receiver_is_left_alone() {
    Fixture fixture;
    HostileServer server([](const Request &) { return status(503); });
    const std::string first = server.url("/first"), second = server.url("/second");
    for (int64_t n = 0; n < 3 * WebhookOutbox::kMostAtOnce; n++)
        fixture.post(first);
    fixture.post(second);
    wait_for("the second to be tried", [&] { return fixture.outbox().status(fixture.endpoint(second)).failures > 0; });
    fixture.outbox().disable(fixture.endpoint(first), "by request");
    fixture.outbox().disable(fixture.endpoint(second), "by request");
    g_assert_cmpuint(fixture.outbox().status(fixture.endpoint(second)).failures, ==, 0); // nobody knows of it
    fixture.wait_for_count("dead", 3 * WebhookOutbox::kMostAtOnce + 1);
    g_assert_cmpint(fixture.count("waiting"), ==, 0);
}

/// Each dead letter is counted once.
void a_receiver_that_is_gone() {
    Fixture fixture;
    HostileServer server([](const Request &) { return status(410); });
    for (int n = 0; n < 3; n++)
        fixture.post(server.url());
    fixture.wait_for_count("dead", 3);
    g_assert_cmpuint(fixture.outbox().counters().dead, ==, 3);
    fixture.post(server.url());
    g_assert_cmpuint(fixture.outbox().counters().dead, ==, 4);
    g_assert_cmpuint(server.count(), ==, 1);
}

std::string new_key() {
    g_autofree gchar *pem = nullptr;
    g_assert_true(g_spawn_command_line_sync("openssl genrsa 2048", &pem, nullptr, nullptr, nullptr));
    return pem;
}

/// The file of the key may be another one meanwhile: that counts from the next start on.
void another_secret_keeps_the_key() {
    const std::string key = new_key();
    Fixture fixture(key);
    fixture.set_key(new_key());
    const std::string fresh = "whsec_AAAAAAAA";
    g_assert_true(fixture.outbox().set_secrets(fresh).empty());
    HostileServer server([](const Request &) { return Answer(); });
    fixture.post(server.url());
    fixture.wait_for_count("delivered", 1);
    const Request request = server.requests().front();
    const auto signer = Signer::create(fresh, key);
    const std::string signature = signer.value().sign_body("{}");
    g_assert_cmpstr(request.headers.at("videosdk-signature").c_str(), ==, signature.c_str());
    const auto headers = signer.value().sign(request.headers.at("webhook-id"),
                                             std::stoll(request.headers.at("webhook-timestamp")), "{}", "");
    g_assert_cmpstr(headers.back().second.c_str(), ==, request.headers.at("webhook-signature").c_str());
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/outbox/a-locked-database-repeats-nothing", a_locked_database_repeats_nothing);
    g_test_add_func("/outbox/a-disabled-receiver-is-left-alone", a_disabled_receiver_is_left_alone);
    g_test_add_func("/outbox/a-receiver-that-is-gone", a_receiver_that_is_gone);
    g_test_add_func("/outbox/another-secret-keeps-the-key", another_secret_keeps_the_key);
    return g_test_run();
}
