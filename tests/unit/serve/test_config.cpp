// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/base/config.h"
#include "tools/rostrum/base/keys.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <sys/stat.h>

namespace {

void expect_text(const std::string &text, const std::string &expected) {
    g_assert_cmpstr(text.c_str(), ==, expected.c_str());
}

struct Directory {
    Directory() : path(g_dir_make_tmp("rostrum-config-XXXXXX", nullptr)) {}
    ~Directory() {
        for (const char *name : {"rostrum.conf", "webhook-rsa.pem", "master.key"})
            g_unlink((std::string(path) + "/" + name).c_str());
        g_rmdir(path);
        g_free(path);
    }
    std::string file(const char *name, const char *text = nullptr) const {
        const std::string full = std::string(path) + "/" + name;
        if (text)
            g_assert_true(g_file_set_contents(full.c_str(), text, -1, nullptr));
        return full;
    }
    char *path;
};

bool mentions(const std::vector<std::string> &errors, const std::string &text) {
    for (const auto &error : errors)
        if (error.find(text) != std::string::npos)
            return true;
    return false;
}

void precedence() {
    const Directory state;
    state.file("rostrum.conf", "[rostrum]\napi-key=from-file\nempty-timeout=1\npublic-address=1.2.3.4\n");
    g_setenv("ROSTRUM_EMPTY_TIMEOUT", "2", TRUE);
    g_setenv("ROSTRUM_PUBLIC_ADDRESS", "5.6.7.8", TRUE);
    const auto result = rostrum::read_config({"--state", state.path, "--empty-timeout=3"});
    g_unsetenv("ROSTRUM_EMPTY_TIMEOUT");
    g_unsetenv("ROSTRUM_PUBLIC_ADDRESS");
    g_assert_cmpuint(result.errors.size(), ==, 0);
    g_assert_cmpuint(result.config.count("empty-timeout"), ==, 3);
    expect_text(result.config.text("public-address"), "5.6.7.8");
    expect_text(result.config.text("api-key"), "from-file");
    expect_text(result.config.text("listen"), "http://127.0.0.1:8080");
}

void every_error_at_once() {
    const Directory state;
    const std::string file =
        state.file("rostrum.conf", "[rostrum]\n# fine\nlisten = ftp://x\nno value here\nlistn = 1\n"
                                   "[other]\nport-range = 9-3\n");
    const auto result =
        rostrum::read_config({"--state", state.path, "--api-secret", "hush", "--turn-secret=hush", "--max-sessions",
                              "many", "--public-address", "127.0.0.1,host", "--ice-servers", "turn:", "--empty"});
    const char *expected[] = {":3: listen: 'ftp://x' will not do",
                              ":4: write `key = value`",
                              ":5: listn: no such setting; did you mean 'listen'?",
                              ":6: the only group is [rostrum]",
                              ":7: port-range: '9-3' will not do",
                              "--api-secret: a secret on the command line",
                              "--turn-secret: a secret on the command line",
                              "--max-sessions: 'many' will not do; write a whole number",
                              "--public-address: '127.0.0.1,host' will not do; write IP addresses",
                              "--ice-servers: 'turn:' will not do; turn: needs HOST",
                              "--empty: no such setting"};
    for (const char *text : expected) {
        g_test_message("%s", text);
        g_assert_true(mentions(result.errors, text));
    }
    g_assert_cmpuint(result.errors.size(), ==, G_N_ELEMENTS(expected));
    g_assert_false(mentions(result.errors, "hush"));
}

void what_stands_before_it() {
    const Directory state;
    const auto result = rostrum::read_config(
        {"--state", state.path, "--listen", "https://0.0.0.0:8443, ftp://x", "--trusted-proxies", "10.0.0.0/33",
         "--proxy-headers", "xff", "--cors-origins", "https://a.example/path", "--requests-per-address", "500",
         "--failures-per-address", "0,1", "--requests-per-key", "many", "--unlimited-addresses", "localhost"});
    const char *expected[] = {"--listen: 'https://0.0.0.0:8443, ftp://x' will not do; write URLs",
                              "--trusted-proxies: '10.0.0.0/33' will not do; write addresses and networks",
                              "--proxy-headers: 'xff' will not do; write x-forwarded or forwarded",
                              "--cors-origins: 'https://a.example/path' will not do; write * or origins",
                              "--requests-per-address: '500' will not do; write two numbers",
                              "--failures-per-address: '0,1' will not do; write two numbers",
                              "--requests-per-key: 'many' will not do; write two numbers",
                              "--unlimited-addresses: 'localhost' will not do; write addresses"};
    for (const char *text : expected) {
        g_test_message("%s", text);
        g_assert_true(mentions(result.errors, text));
    }
    g_assert_cmpuint(result.errors.size(), ==, G_N_ELEMENTS(expected));
    const auto good = rostrum::read_config({"--state", state.path, "--listen", "http://127.0.0.1:0,https://[::1]:0",
                                            "--requests-per-address", "0", "--requests-per-key", "10,20"});
    g_assert_true(good.errors.empty());
    g_assert_cmpuint(rostrum::split_list(good.config.text("listen")).size(), ==, 2);
}

void generated_keys() {
    const Directory state;
    auto first = rostrum::read_config({"--state", state.path});
    expect_text(rostrum::ensure_keys(first.config), "");
    auto second = rostrum::read_config({"--state", state.path});
    expect_text(rostrum::ensure_keys(second.config), "");
    for (const char *key : {"api-key", "api-secret", "webhook-secret"}) {
        g_assert_cmpuint(first.config.text(key).size(), >, 12);
        expect_text(first.config.text(key), second.config.text(key));
    }
    g_assert_true(first.config.text("webhook-secret").rfind("whsec_", 0) == 0);
    for (const char *name : {"rostrum.conf", "webhook-rsa.pem"}) {
        GStatBuf status;
        g_assert_cmpint(g_stat(state.file(name).c_str(), &status), ==, 0);
        g_assert_cmpuint(status.st_mode & 0777, ==, 0600);
    }
    g_assert_nonnull(strstr(rostrum::rsa_public_key(first.config.text("webhook-key")).c_str(), "BEGIN PUBLIC KEY"));
}

void two_first_starts() {
    const Directory state;
    auto first = rostrum::read_config({"--state", state.path}), second = rostrum::read_config({"--state", state.path});
    expect_text(rostrum::ensure_keys(first.config), "");
    expect_text(rostrum::ensure_keys(second.config), ""); // that has read the directory while it was empty
    for (const char *key : {"api-key", "api-secret", "webhook-secret", "master-key"})
        expect_text(first.config.text(key), second.config.text(key));
    const auto kept = rostrum::read_config({"--state", state.path});
    expect_text(first.config.text("api-secret"), kept.config.text("api-secret"));
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/config/precedence", precedence);
    g_test_add_func("/config/every-error-at-once", every_error_at_once);
    g_test_add_func("/config/what-stands-before-it", what_stands_before_it);
    g_test_add_func("/config/generated-keys", generated_keys);
    g_test_add_func("/config/two-first-starts", two_first_starts);
    return g_test_run();
}
