// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/job/report.h"

#include <algorithm>
#include <cstdio>
#include <glib.h>

namespace rostrum::job {

constexpr int64_t kProgressUs = 500'000; // more often nobody looks

void Report::say(const Json &line) {
    std::printf("%s\n", line.dump().c_str());
    std::fflush(stdout);
}

void Report::progress(double done) {
    done_ = std::clamp(done, 0.0, 1.0);
    const int64_t now = g_get_monotonic_time();
    if (now - last_us_ < kProgressUs)
        return;
    last_us_ = now;
    say(Json::object({{"progress", done_}}));
}

void Report::state(const Json &state) {
    say(Json::object({{"state", state}}));
}
void Report::result(const Json &result) {
    say(Json::object({{"result", result}}));
}
void Report::error(const std::string &text, bool permanent) {
    say(Json::object({{"error", text}, {"permanent", permanent}}));
}

} // namespace rostrum::job
