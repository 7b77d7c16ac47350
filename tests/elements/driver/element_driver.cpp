// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// An application around one pipeline, for tests in other languages: runs the gst-launch description of its arguments,
// prints every element message, warning, error and EOS as one line of JSON, and obeys lines on stdin:
//   add ID URL [KEY]   remove ID   on the element "out" (rtmpegress)
//   push TEXT          one application/json buffer into the appsrc "in"
//   eos                end of stream for the whole pipeline (appsrc "in" included)
//   stats              prints property "stats" of "out"
//   paced              prints how many buffers the element "pace" passed so far
//   rendered           prints property "stats" of the sink "pace"
//   dead-letters N     prints them, of the webhooksink "pace"
//   resend [ID]        prints how many dead letters "pace" sends again
//   stop               to NULL at once, and exit

#include "common/gst_ptr.h"

#include <atomic>
#include <cstdio>
#include <glib-unix.h>
#include <gst/app/gstappsrc.h>
#include <json-glib/json-glib.h>
#include <string>
#include <unistd.h>

namespace {

using rostrum::adopt;
using rostrum::GstPtr;

struct Driver {
    GstElement *pipeline = nullptr;
    GMainLoop *loop = nullptr;
    std::string input; // of stdin, not yet a line
    std::atomic<guint64> paced = 0;
    int exit_code = 0;

    GstPtr<GstElement> child(const char *name) const { return adopt(gst_bin_get_by_name(GST_BIN(pipeline), name)); }
};

void add_value(JsonBuilder *json, const GValue *value);

gboolean add_field(GQuark field, const GValue *value, gpointer json) {
    json_builder_set_member_name(JSON_BUILDER(json), g_quark_to_string(field));
    add_value(JSON_BUILDER(json), value);
    return TRUE;
}

void add_structure(JsonBuilder *json, const GstStructure *structure, const char *name_field) {
    json_builder_begin_object(json);
    json_builder_set_member_name(json, name_field);
    json_builder_add_string_value(json, gst_structure_get_name(structure));
    gst_structure_foreach(structure, add_field, json);
    json_builder_end_object(json);
}

void add_value(JsonBuilder *json, const GValue *value) {
    if (G_VALUE_HOLDS_STRING(value)) {
        json_builder_add_string_value(json, g_value_get_string(value));
    } else if (G_VALUE_HOLDS_BOOLEAN(value)) {
        json_builder_add_boolean_value(json, g_value_get_boolean(value));
    } else if (G_VALUE_HOLDS_UINT(value)) {
        json_builder_add_int_value(json, g_value_get_uint(value));
    } else if (G_VALUE_HOLDS_UINT64(value)) {
        json_builder_add_int_value(json, static_cast<gint64>(g_value_get_uint64(value)));
    } else if (GST_VALUE_HOLDS_STRUCTURE(value)) {
        add_structure(json, gst_value_get_structure(value), "name");
    } else if (GST_VALUE_HOLDS_ARRAY(value)) {
        json_builder_begin_array(json);
        for (guint i = 0; i < gst_value_array_get_size(value); i++)
            add_value(json, gst_value_array_get_value(value, i));
        json_builder_end_array(json);
    } else {
        g_autofree gchar *text = gst_value_serialize(value);
        json_builder_add_string_value(json, text ? text : "");
    }
}

void print(const GstStructure *structure) {
    g_autoptr(JsonBuilder) builder = json_builder_new();
    add_structure(builder, structure, "message");
    JsonNode *root = json_builder_get_root(builder);
    g_autofree gchar *text = json_to_string(root, FALSE);
    json_node_unref(root);
    std::printf("%s\n", text);
    std::fflush(stdout);
}

void print_text(const char *message, const char *field, const char *text) {
    const auto structure = adopt(gst_structure_new(message, field, G_TYPE_STRING, text, nullptr));
    print(structure.get());
}

void print_trouble(const char *kind, GstMessage *message, void (*parse)(GstMessage *, GError **, gchar **)) {
    g_autoptr(GError) error = nullptr;
    g_autofree gchar *debug = nullptr;
    parse(message, &error, &debug);
    g_autofree gchar *text = g_strdup_printf("%s: %s", error->message, debug ? debug : "");
    print_text(kind, "text", text);
}

gboolean on_message(GstBus *, GstMessage *message, gpointer data) {
    auto &driver = *static_cast<Driver *>(data);
    switch (GST_MESSAGE_TYPE(message)) {
    case GST_MESSAGE_ELEMENT:
        print(gst_message_get_structure(message));
        break;
    case GST_MESSAGE_WARNING:
        print_trouble("warning", message, gst_message_parse_warning);
        break;
    case GST_MESSAGE_ERROR:
        print_trouble("error", message, gst_message_parse_error);
        driver.exit_code = 1;
        g_main_loop_quit(driver.loop);
        break;
    case GST_MESSAGE_EOS:
        print_text("eos", "source", GST_MESSAGE_SRC_NAME(message));
        g_main_loop_quit(driver.loop);
        break;
    default:
        break;
    }
    return G_SOURCE_CONTINUE;
}

void on_removed(GstElement *, const char *id, gpointer) {
    print_text("destination-removed", "id", id);
}

void add_destination(const Driver &driver, char **words) {
    const auto out = driver.child("out");
    gboolean added = FALSE;
    g_signal_emit_by_name(out.get(), "add-destination", words[1], words[2], words[3], &added);
    g_autofree gchar *error = nullptr;
    g_object_get(out.get(), "last-error", &error, nullptr);
    const auto answer = adopt(gst_structure_new("added", "id", G_TYPE_STRING, words[1], "added", G_TYPE_BOOLEAN, added,
                                                "error", G_TYPE_STRING, error, nullptr));
    print(answer.get());
}

void push(const Driver &driver, const char *text) {
    const auto in = driver.child("in");
    GstBuffer *buffer = gst_buffer_new_memdup(text, strlen(text));
    gst_app_src_push_buffer(GST_APP_SRC(in.get()), buffer);
}

void end_stream(const Driver &driver) {
    if (const auto in = driver.child("in"))
        gst_app_src_end_of_stream(GST_APP_SRC(in.get()));
    else
        gst_element_send_event(driver.pipeline, gst_event_new_eos());
}

void print_stats(const Driver &driver, const char *element) {
    GstStructure *stats = nullptr;
    g_object_get(driver.child(element).get(), "stats", &stats, nullptr);
    const auto owned = adopt(stats);
    print(stats);
}

void print_dead_letters(const Driver &driver, const char *limit) {
    g_autofree gchar *json = nullptr;
    g_signal_emit_by_name(driver.child("pace").get(), "dead-letters", static_cast<guint>(atoi(limit)), &json);
    print_text("dead-letters", "json", json ? json : "");
}

void resend(const Driver &driver, const char *id) {
    gint64 count = 0;
    g_signal_emit_by_name(driver.child("pace").get(), "resend-dead-letters", id, &count);
    print(adopt(gst_structure_new("resent", "count", G_TYPE_INT, static_cast<int>(count), nullptr)).get());
}

void obey(Driver &driver, const std::string &line) {
    g_auto(GStrv) words = g_strsplit(line.c_str(), " ", 4);
    const std::string command = words[0] ? words[0] : "";
    if (command == "add" && words[1] && words[2])
        add_destination(driver, words);
    else if (command == "remove" && words[1])
        g_signal_emit_by_name(driver.child("out").get(), "remove-destination", words[1]);
    else if (command == "push")
        push(driver, line.c_str() + 5);
    else if (command == "eos")
        end_stream(driver);
    else if (command == "stats")
        print_stats(driver, "out");
    else if (command == "rendered")
        print_stats(driver, "pace");
    else if (command == "dead-letters" && words[1])
        print_dead_letters(driver, words[1]);
    else if (command == "resend")
        resend(driver, words[1]);
    else if (command == "paced")
        print(adopt(gst_structure_new("paced", "buffers", G_TYPE_UINT64, driver.paced.load(), nullptr)).get());
    else if (command == "stop")
        g_main_loop_quit(driver.loop);
    else
        print_text("unknown-command", "line", line.c_str());
}

gboolean on_stdin(gint fd, GIOCondition, gpointer data) {
    auto &driver = *static_cast<Driver *>(data);
    char buffer[65536];
    const ssize_t size = read(fd, buffer, sizeof buffer);
    if (size <= 0)
        return G_SOURCE_REMOVE;
    driver.input.append(buffer, static_cast<size_t>(size));
    for (size_t end; (end = driver.input.find('\n')) != std::string::npos;) {
        const std::string line = driver.input.substr(0, end);
        driver.input.erase(0, end + 1);
        obey(driver, line);
    }
    return G_SOURCE_CONTINUE;
}

void count_paced(Driver &driver) {
    const auto pace = driver.child("pace");
    if (!pace)
        return;
    const auto pad = adopt(gst_element_get_static_pad(pace.get(), "sink"));
    gst_pad_add_probe(
        pad.get(), GST_PAD_PROBE_TYPE_BUFFER,
        [](GstPad *, GstPadProbeInfo *, gpointer data) {
            static_cast<Driver *>(data)->paced++;
            return GST_PAD_PROBE_OK;
        },
        &driver, nullptr);
}

} // namespace

int main(int argc, char **argv) {
    gst_init(nullptr, nullptr);
    g_autoptr(GError) error = nullptr;
    Driver driver;
    driver.pipeline = gst_parse_launchv(const_cast<const gchar **>(argv + 1), &error);
    if (!driver.pipeline || error) {
        std::fprintf(stderr, "%s\n", argc < 2 ? "usage: element_driver PIPELINE" : error->message);
        return 2;
    }
    driver.loop = g_main_loop_new(nullptr, FALSE);
    if (const auto out = driver.child("out"); out && g_signal_lookup("destination-removed", G_OBJECT_TYPE(out.get())))
        g_signal_connect(out.get(), "destination-removed", G_CALLBACK(on_removed), nullptr);
    count_paced(driver);
    const auto bus = adopt(gst_element_get_bus(driver.pipeline));
    gst_bus_add_watch(bus.get(), on_message, &driver);
    g_unix_fd_add(STDIN_FILENO, static_cast<GIOCondition>(G_IO_IN | G_IO_HUP), on_stdin, &driver);
    gst_element_set_state(driver.pipeline, GST_STATE_PLAYING);
    print_text("playing", "pipeline", GST_OBJECT_NAME(driver.pipeline));
    g_main_loop_run(driver.loop);
    gst_element_set_state(driver.pipeline, GST_STATE_NULL);
    gst_bus_remove_watch(bus.get());
    gst_object_unref(driver.pipeline);
    g_main_loop_unref(driver.loop);
    return driver.exit_code;
}
