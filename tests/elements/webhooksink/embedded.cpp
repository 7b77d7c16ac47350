// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// An application that asks the element something from a bus handler, in a thread of the element, while it is stopped.

#include <filesystem>
#include <future>
#include <gio/gio.h>
#include <gst/gst.h>
#include <sqlite3.h>
#include <string>
#include <utility>

namespace {

/// Where nobody listens any more.
std::string dead_url() {
    GSocketListener *listener = g_socket_listener_new();
    const guint16 port = g_socket_listener_add_any_inet_port(listener, nullptr, nullptr);
    g_object_unref(listener);
    return "http://127.0.0.1:" + std::to_string(port) + "/";
}

struct Application {
    std::promise<void> asks, answered;
    bool asked = false;
    sqlite3 *spool = nullptr;
};

/// The spool is locked meanwhile, so that the answer takes its time.
GstBusSyncReply on_message(GstBus *, GstMessage *message, gpointer data) {
    auto &application = *static_cast<Application *>(data);
    if (!gst_message_has_name(message, "webhooksink-retrying") || std::exchange(application.asked, true))
        return GST_BUS_PASS;
    g_assert_cmpint(sqlite3_exec(application.spool, "BEGIN EXCLUSIVE", nullptr, nullptr, nullptr), ==, SQLITE_OK);
    application.asks.set_value();
    g_autofree gchar *letters = nullptr;
    g_signal_emit_by_name(GST_MESSAGE_SRC(message), "dead-letters", 10u, &letters);
    sqlite3_exec(application.spool, "COMMIT", nullptr, nullptr, nullptr);
    application.answered.set_value();
    return GST_BUS_PASS;
}

void test_stopped_while_asked() {
    g_autofree gchar *directory = g_dir_make_tmp("rostrum-embedded-XXXXXX", nullptr);
    const std::string spool = std::string(directory) + "/spool.db";
    const std::string description =
        "videotestsrc num-buffers=1 ! webhooksink name=sink drain-timeout=0 spool=" + spool + " location=" + dead_url();
    GstElement *pipeline = gst_parse_launch(description.c_str(), nullptr);
    g_assert_nonnull(pipeline);
    Application application;
    g_assert_cmpint(sqlite3_open(spool.c_str(), &application.spool), ==, SQLITE_OK);
    sqlite3_busy_timeout(application.spool, 10'000);
    GstBus *bus = gst_element_get_bus(pipeline);
    gst_bus_set_sync_handler(bus, on_message, &application, nullptr);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    const auto begun = application.asks.get_future().wait_for(std::chrono::seconds(15));
    g_assert_true(begun == std::future_status::ready);
    const auto answered = application.answered.get_future();
    gst_element_set_state(pipeline, GST_STATE_NULL);
    g_assert_true(answered.wait_for(std::chrono::seconds(0)) == std::future_status::ready);
    gst_object_unref(bus);
    gst_object_unref(pipeline);
    sqlite3_close(application.spool);
    std::filesystem::remove_all(directory);
}

} // namespace

int main(int argc, char **argv) {
    gst_init(&argc, &argv);
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/webhooksink/stopped-while-asked", test_stopped_while_asked);
    return g_test_run();
}
