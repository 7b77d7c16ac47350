// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// rostrum-testhost: a synthetic host. Publishes a test picture with a running clock, a flash and a beep each second
// by WHIP, for demos, lip-sync measurements and load tests without a browser.

#include "test_signal.h"
#include "whip_publisher.h"

#include <glib-unix.h>

#include <cstdio>

namespace {

struct Arguments {
    testhost::SignalOptions signal;
    std::string whip;
    std::string token;
    int seconds = 0;
};

char *env_or_empty(const char *name) {
    const char *value = g_getenv(name);
    return g_strdup(value != nullptr ? value : "");
}

bool parse(int *argc, char ***argv, Arguments &out) {
    g_autofree char *whip = nullptr;
    g_autofree char *codec = g_strdup("h264");
    g_autofree char *pattern = g_strdup("smpte");
    gboolean quiet = FALSE;
    const GOptionEntry entries[] = {
        {"whip", 0, 0, G_OPTION_ARG_STRING, &whip, "WHIP endpoint to publish to", "URL"},
        {"codec", 0, 0, G_OPTION_ARG_STRING, &codec, "h264 (default) or vp8", "CODEC"},
        {"pattern", 0, 0, G_OPTION_ARG_STRING, &pattern, "Pattern of videotestsrc (default smpte)", "NAME"},
        {"width", 0, 0, G_OPTION_ARG_INT, &out.signal.width, "Pixels (default 1280)", "N"},
        {"height", 0, 0, G_OPTION_ARG_INT, &out.signal.height, "Pixels (default 720)", "N"},
        {"framerate", 0, 0, G_OPTION_ARG_INT, &out.signal.framerate, "Frames per second (default 30)", "N"},
        {"bitrate", 0, 0, G_OPTION_ARG_INT, &out.signal.bitrate_kbps, "Video kbit/s (default 1500)", "N"},
        {"quiet", 0, 0, G_OPTION_ARG_NONE, &quiet, "Neither flash nor beep", nullptr},
        {"seconds", 0, 0, G_OPTION_ARG_INT, &out.seconds, "Leave after this time (default 0: on SIGINT)", "N"},
        {nullptr, 0, 0, G_OPTION_ARG_NONE, nullptr, nullptr, nullptr}};
    g_autoptr(GOptionContext) context = g_option_context_new("- a synthetic host");
    g_option_context_set_summary(context, "The token comes from the environment variable ROSTRUM_TOKEN.");
    g_option_context_add_main_entries(context, entries, nullptr);
    g_option_context_add_group(context, gst_init_get_option_group());
    g_autoptr(GError) error = nullptr;
    if (!g_option_context_parse(context, argc, argv, &error)) {
        std::fprintf(stderr, "rostrum-testhost: %s (see --help)\n", error->message);
        return false;
    }
    if (whip == nullptr) {
        std::fprintf(stderr, "rostrum-testhost: where to? give --whip http://host:port/whip/ROOM\n");
        return false;
    }
    out.whip = whip;
    out.signal.codec = codec;
    out.signal.pattern = pattern;
    out.signal.quiet = quiet;
    g_autofree char *token = env_or_empty("ROSTRUM_TOKEN");
    out.token = token;
    return true;
}

gboolean quit(gpointer loop) {
    g_main_loop_quit(static_cast<GMainLoop *>(loop));
    return G_SOURCE_CONTINUE;
}

struct Run {
    GMainLoop *loop;
    bool failed = false;
};

gboolean on_bus(GstBus *, GstMessage *message, gpointer data) {
    auto *run = static_cast<Run *>(data);
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
        g_autoptr(GError) error = nullptr;
        gst_message_parse_error(message, &error, nullptr);
        std::fprintf(stderr, "rostrum-testhost: %s\n", error->message);
        run->failed = true;
        g_main_loop_quit(run->loop);
    }
    return G_SOURCE_CONTINUE;
}

int publish(const Arguments &arguments) {
    const std::string description = testhost::describe_signal(arguments.signal) +
                                    "  webrtcbin name=rtc bundle-policy=max-bundle  video. ! rtc.  audio. ! rtc.";
    g_autoptr(GError) error = nullptr;
    GstElement *pipeline = gst_parse_launch(description.c_str(), &error);
    if (pipeline == nullptr || error != nullptr) {
        std::fprintf(stderr, "rostrum-testhost: %s\n", error != nullptr ? error->message : "no pipeline");
        gst_clear_object(&pipeline);
        return 1;
    }
    g_autoptr(GMainLoop) loop = g_main_loop_new(nullptr, FALSE);
    Run run{loop};
    GstBus *bus = gst_element_get_bus(pipeline);
    gst_bus_add_watch(bus, on_bus, &run);
    g_unix_signal_add(SIGINT, quit, loop);
    g_unix_signal_add(SIGTERM, quit, loop);
    g_unix_signal_add(
        SIGUSR1,
        [](gpointer halved) -> gboolean {
            testhost::halve_picture(GST_ELEMENT(halved));
            return G_SOURCE_CONTINUE;
        },
        pipeline);
    if (arguments.seconds > 0) {
        g_timeout_add_seconds(static_cast<guint>(arguments.seconds), quit, loop);
    }
    if (!arguments.signal.quiet) {
        testhost::install_flash(pipeline);
    }
    {
        testhost::WhipPublisher publisher(
            pipeline, arguments.whip, arguments.token, [&](bool failed, const std::string &text) {
                std::fprintf(failed ? stderr : stdout, "rostrum-testhost: %s\n", text.c_str());
                std::fflush(stdout);
                if (failed) {
                    run.failed = true;
                    g_main_loop_quit(run.loop);
                }
            });
        publisher.start();
        gst_element_set_state(pipeline, GST_STATE_PLAYING);
        g_main_loop_run(loop);
        publisher.stop();
        gst_element_set_state(pipeline, GST_STATE_NULL);
    }
    gst_bus_remove_watch(bus);
    gst_object_unref(bus);
    gst_object_unref(pipeline);
    return run.failed ? 1 : 0;
}

} // namespace

int main(int argc, char **argv) {
    Arguments arguments;
    if (!parse(&argc, &argv, arguments)) {
        return 2;
    }
    return publish(arguments);
}
