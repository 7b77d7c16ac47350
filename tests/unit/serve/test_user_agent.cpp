// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/base/user_agent.h"

#include <glib.h>

namespace {

struct Row {
    const char *header, *browser, *browser_version, *os, *os_version, *platform;
};

#define MOZILLA "Mozilla/5.0 "
constexpr Row kRows[] = {
    {"", "", "", "", "", ""},
    {"OBS-Mozilla/5.0 (Windows; 30.2.0)", "OBS-Mozilla", "5.0", "", "", ""},
    {"GStreamer/1.22.0", "GStreamer", "1.22.0", "", "", ""},
    {MOZILLA "(X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox", "128.0", "Linux", "", "desktop"},
    {MOZILLA "(Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 "
             "Edg/131.0.2903.51",
     "Microsoft Edge", "131.0.2903.51", "Windows", "10.0", "desktop"},
    {MOZILLA "(iPhone; CPU iPhone OS 17_5_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 "
             "Mobile/15E148 Safari/604.1",
     "Safari", "17.5", "iOS", "17.5.1", "mobile"},
    {MOZILLA "(iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 "
             "Safari/604.1",
     "Safari", "16.6", "iOS", "16.6", "tablet"},
    {MOZILLA
     "(Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36",
     "Chrome", "131.0.0.0", "Android", "14", "mobile"},
    {MOZILLA
     "(Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15",
     "Safari", "17.4", "macOS", "10.15.7", "desktop"},
};

void known() {
    for (const Row &row : kRows) {
        const rostrum::UserAgent agent = rostrum::parse_user_agent(row.header);
        g_test_message("%s", row.header);
        g_assert_true(agent.browser == row.browser);
        g_assert_true(agent.browser_version == row.browser_version);
        g_assert_true(agent.os == row.os);
        g_assert_true(agent.os_version == row.os_version);
        g_assert_true(agent.platform == row.platform);
    }
}

void long_ones_are_cut() {
    const std::string header = "a" + std::string(100000, 'b') + "/" + std::string(100000, '1');
    const rostrum::UserAgent agent = rostrum::parse_user_agent(header);
    g_assert_cmpuint(agent.browser.size(), <=, 64);
    g_assert_cmpuint(agent.browser_version.size(), <=, 64);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/user-agent/known", known);
    g_test_add_func("/user-agent/long-ones-are-cut", long_ones_are_cut);
    return g_test_run();
}
