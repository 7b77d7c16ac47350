// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "webhooksink/stream_report.h"

#include <json-glib/json-glib.h>

namespace rostrum {

namespace {

/// Builds one event; compact, so that receivers that parse and write it again get the same bytes.
class EventBuilder {
  public:
    EventBuilder(const char *type, const std::string &element) : type_(type), builder_(json_builder_new()) {
        json_builder_begin_object(builder_);
        text("webhookType", type);
        json_builder_set_member_name(builder_, "data");
        json_builder_begin_object(builder_);
        text("element", element);
    }
    ~EventBuilder() { g_object_unref(builder_); }
    EventBuilder(const EventBuilder &) = delete;
    EventBuilder &operator=(const EventBuilder &) = delete;

    EventBuilder &text(const char *name, const std::string &value) {
        json_builder_set_member_name(builder_, name);
        json_builder_add_string_value(builder_, value.c_str());
        return *this;
    }
    EventBuilder &number(const char *name, int64_t value) {
        json_builder_set_member_name(builder_, name);
        json_builder_add_int_value(builder_, value);
        return *this;
    }
    StreamEvent done() {
        json_builder_end_object(builder_);
        json_builder_end_object(builder_);
        JsonNode *root = json_builder_get_root(builder_);
        g_autofree gchar *body = json_to_string(root, FALSE);
        json_node_unref(root);
        return {type_, body};
    }

  private:
    const char *const type_;
    JsonBuilder *const builder_;
};

} // namespace

std::optional<StreamEvent> StreamReport::on_caps(const std::string &caps) {
    if (caps == caps_)
        return std::nullopt;
    caps_ = caps;
    if (!started_)
        return std::nullopt;
    return EventBuilder("stream-caps-changed", name_).text("caps", caps_).done();
}

std::optional<StreamEvent> StreamReport::on_buffer(int64_t now_us, uint64_t bytes) {
    const int64_t silent_us = now_us - last_us_;
    last_us_ = now_us;
    buffers_++;
    bytes_ += bytes;
    if (!started_) {
        started_ = true;
        started_us_ = now_us;
        return EventBuilder("stream-started", name_).text("caps", caps_).done();
    }
    if (!stalled_)
        return std::nullopt;
    stalled_ = false;
    return EventBuilder("stream-resumed", name_).number("silentMs", silent_us / 1000).done();
}

std::optional<StreamEvent> StreamReport::on_tick(int64_t now_us) {
    if (stall_us_ == 0 || !started_ || stalled_ || !playing_ || now_us - last_us_ < stall_us_)
        return std::nullopt;
    stalled_ = true;
    return EventBuilder("stream-stalled", name_).number("silentMs", (now_us - last_us_) / 1000).done();
}

std::optional<StreamEvent> StreamReport::on_end(int64_t now_us, const char *reason) {
    if (!started_)
        return std::nullopt;
    started_ = stalled_ = false;
    EventBuilder event("stream-ended", name_);
    event.text("reason", reason).number("durationMs", (now_us - started_us_) / 1000);
    event.number("buffers", static_cast<int64_t>(buffers_)).number("bytes", static_cast<int64_t>(bytes_));
    buffers_ = bytes_ = 0;
    return event.done();
}

void StreamReport::set_playing(int64_t now_us, bool playing) {
    playing_ = playing;
    if (playing && !stalled_)
        last_us_ = now_us;
}

} // namespace rostrum
