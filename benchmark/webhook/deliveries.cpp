// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// webhook_deliveries [N]: pushes N events through `appsrc ! webhooksink` to a receiver on loopback, in several ways to
// keep and sign them, and prints a row of the table in README.md for each.

#include "receiver.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <gst/app/gstappsrc.h>
#include <string>
#include <sys/resource.h>
#include <vector>

namespace {

constexpr char kSecret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr char kEvent[] =
    R"({"webhookType":"participant-joined","data":{"meetingId":"abcd-efgh-ijkl","sessionId":"65f0c0ffee65f0c0ffee65f0",)"
    R"("participantId":"host-1","participantName":"Ann"},"timestamp":"2026-01-01T00:00:00.000Z"})";

struct Way {
    const char *name;
    bool spool, hmac, rsa;
};

constexpr Way kWays[] = {{"in memory", false, false, false},
                         {"spool", true, false, false},
                         {"spool, HMAC", true, true, false},
                         {"spool, HMAC, RSA 2048", true, true, true}};

double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval &t) { return static_cast<double>(t.tv_sec) + t.tv_usec * 1e-6; };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double percentile(std::vector<double> &values, double share) {
    std::sort(values.begin(), values.end());
    return values.empty() ? 0 : values[static_cast<size_t>(share * static_cast<double>(values.size() - 1))];
}

std::string new_key() {
    g_autofree gchar *pem = nullptr;
    g_spawn_command_line_sync("openssl genrsa 2048", &pem, nullptr, nullptr, nullptr);
    return pem ? pem : "";
}

void measure(const Way &way, unsigned count, const std::string &directory, const std::string &key) {
    Receiver receiver;
    gst_init(nullptr, nullptr);
    GstElement *pipeline = gst_pipeline_new(nullptr);
    GstElement *source = gst_element_factory_make("appsrc", nullptr);
    GstElement *sink = gst_element_factory_make("webhooksink", nullptr);
    if (!source || !sink)
        g_error("webhooksink is not found; set GST_PLUGIN_PATH to the plugins of the build");
    GstCaps *caps = gst_caps_new_empty_simple("application/json");
    g_object_set(source, "caps", caps, "max-buffers", guint64{1}, "block", TRUE, nullptr);
    const std::string url = "http://127.0.0.1:" + std::to_string(receiver.port()) + "/hook";
    g_object_set(sink, "location", url.c_str(), "drain-timeout", 120'000u, nullptr);
    if (way.spool)
        g_object_set(sink, "spool", (directory + "/spool.db").c_str(), nullptr);
    if (way.hmac)
        g_object_set(sink, "secret", kSecret, nullptr);
    if (way.rsa)
        g_object_set(sink, "signing-key", key.c_str(), nullptr);
    gst_bin_add_many(GST_BIN(pipeline), source, sink, nullptr);
    gst_element_link(source, sink);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);

    const double cpu = cpu_seconds();
    const gint64 begun_us = g_get_monotonic_time();
    std::vector<double> waits_ms;
    for (unsigned n = 0; n < count; n++) {
        const gint64 before_us = g_get_monotonic_time();
        gst_app_src_push_buffer(GST_APP_SRC(source), gst_buffer_new_memdup(kEvent, sizeof kEvent - 1));
        waits_ms.push_back(static_cast<double>(g_get_monotonic_time() - before_us) / 1000);
    }
    const double pushed_s = static_cast<double>(g_get_monotonic_time() - begun_us) * 1e-6;
    gst_app_src_end_of_stream(GST_APP_SRC(source));
    GstBus *bus = gst_element_get_bus(pipeline);
    gst_message_unref(gst_bus_timed_pop_filtered(bus, GST_CLOCK_TIME_NONE,
                                                 static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
    const double seconds = static_cast<double>(g_get_monotonic_time() - begun_us) * 1e-6;
    const double spent = cpu_seconds() - cpu;
    gst_element_set_state(pipeline, GST_STATE_NULL);
    const auto counts = receiver.counts();
    std::printf("| %-22s | %12.0f | %7.0f | %14.0f | %6.2f / %5.2f    | %llu of %u, %llu gaps |\n", way.name,
                static_cast<double>(counts.requests) / seconds, count / pushed_s, spent * 1e6 / count,
                percentile(waits_ms, 0.5), percentile(waits_ms, 0.99), static_cast<unsigned long long>(counts.requests),
                count, static_cast<unsigned long long>(counts.gaps));
    std::fflush(stdout);
    gst_object_unref(bus);
    gst_object_unref(pipeline);
    gst_caps_unref(caps);
}

} // namespace

int main(int argc, char **argv) {
    const unsigned count = argc > 1 ? static_cast<unsigned>(std::stoul(argv[1])) : 10'000;
    const std::string key = new_key();
    double load = 0;
    if (getloadavg(&load, 1) == 1)
        std::printf("load at the start: %.1f\n\n", load);
    std::printf("| kept and signed        | deliveries/s | taken/s | µs of CPU each | put ms p50 / p99 | received |\n"
                "| ---------------------- | ------------ | ------- | -------------- | ---------------- | -------- |\n");
    for (const Way &way : kWays) {
        g_autofree gchar *directory = g_dir_make_tmp("rostrum-webhook-XXXXXX", nullptr);
        measure(way, count, directory, key);
        std::filesystem::remove_all(directory);
    }
    return 0;
}
