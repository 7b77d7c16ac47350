// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "webhooksink/gstwebhooksink.h"

#include "webhooksink/dead_letters.h"
#include "webhooksink/debug.h"
#include "webhooksink/outbox_slot.h"

using peerwire::MutexLock;
using rostrum::Body;
using rostrum::BodyJoiner;
using rostrum::DeliveryReport;
using rostrum::Outbox;
using rostrum::OutboxConfig;

namespace {

enum {
    PROP_LOCATION = 1,
    PROP_SECRET,
    PROP_SIGNING_KEY,
    PROP_SPOOL,
    PROP_MAX_AGE,
    PROP_RETRY_BASE,
    PROP_RETRY_MAX,
    PROP_TIMEOUT,
    PROP_DRAIN_TIMEOUT,
    PROP_STALL_TIMEOUT,
    PROP_MAX_BYTES,
    PROP_ALLOW_PRIVATE,
    PROP_CA_FILE,
};

enum { SIGNAL_DEAD_LETTERS, SIGNAL_RESEND, LAST_SIGNAL };
guint signals[LAST_SIGNAL];

constexpr guint kMaxAgeSeconds = 3 * 24 * 3600;
constexpr guint kRetryBaseMs = 1000, kRetryMaxMs = 600'000;
constexpr guint kTimeoutMs = 10'000, kDrainMs = 5000, kStallMs = 5000;
constexpr guint64 kSpoolBytes = 256u << 20;

GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

struct Settings {
    std::string location, secret, signing_key, spool, ca_file;
    guint max_age_s = kMaxAgeSeconds;
    guint retry_base_ms = kRetryBaseMs, retry_max_ms = kRetryMaxMs;
    guint timeout_ms = kTimeoutMs, drain_ms = kDrainMs, stall_ms = kStallMs;
    guint64 max_bytes = kSpoolBytes;
    bool allow_private = true; // whoever sets the location runs this machine
};

/// What the element has that needs a destructor.
struct Impl {
    peerwire::Mutex mutex; // never held while calling out
    Settings settings GUARDED_BY(mutex);
    rostrum::OutboxSlot outbox; // while the element is PAUSED or PLAYING

    // Streaming thread.
    BodyJoiner joiner;
    bool is_json = false;

    Settings copy() {
        MutexLock lock(mutex);
        return settings;
    }
};

} // namespace

struct _GstWebhookSink {
    GstBaseSink parent;
    Impl *impl;
};

G_DEFINE_TYPE(GstWebhookSink, gst_webhook_sink, GST_TYPE_BASE_SINK)
GST_ELEMENT_REGISTER_DEFINE_WITH_CODE(webhooksink, "webhooksink", GST_RANK_NONE, GST_TYPE_WEBHOOK_SINK,
                                      GST_DEBUG_CATEGORY_INIT(gst_webhook_sink_debug, "webhooksink", 0, "webhook sink"))

namespace {

const char *message_name(DeliveryReport::Outcome outcome) {
    switch (outcome) {
    case DeliveryReport::Outcome::Delivered:
        return "webhooksink-delivered";
    case DeliveryReport::Outcome::Retrying:
        return "webhooksink-retrying";
    case DeliveryReport::Outcome::Dead:
        break;
    }
    return "webhooksink-failed";
}

void post_report(GstWebhookSink *self, const DeliveryReport &report) {
    GST_DEBUG_OBJECT(self, "%s #%" G_GINT64_FORMAT " attempt %u: %u %s", report.id.c_str(), report.sequence,
                     report.attempts, report.status, report.error.c_str());
    GstStructure *s = gst_structure_new(message_name(report.outcome), "id", G_TYPE_STRING, report.id.c_str(),
                                        "sequence", G_TYPE_UINT64, static_cast<guint64>(report.sequence), "attempts",
                                        G_TYPE_UINT, report.attempts, "type", G_TYPE_STRING, report.type.c_str(),
                                        "status", G_TYPE_UINT, report.status, nullptr);
    if (report.outcome != DeliveryReport::Outcome::Delivered)
        gst_structure_set(s, "error", G_TYPE_STRING, report.error.c_str(), "retry-in", G_TYPE_UINT64,
                          static_cast<guint64>(report.retry_in_ms), "endpoint-gone", G_TYPE_BOOLEAN,
                          report.endpoint_gone, nullptr);
    gst_element_post_message(GST_ELEMENT(self), gst_message_new_element(GST_OBJECT(self), s));
}

OutboxConfig make_config(GstWebhookSink *self) {
    const Settings settings = self->impl->copy();
    OutboxConfig config;
    config.spool = {settings.spool, settings.location, settings.max_bytes};
    config.policy.max_age_ms = gint64{settings.max_age_s} * 1000;
    config.policy.retry = {settings.retry_base_ms, settings.retry_max_ms};
    config.policy.timeout_ms = settings.timeout_ms;
    config.policy.allow_private = settings.allow_private;
    config.policy.ca_file = settings.ca_file;
    config.secret = settings.secret;
    config.signing_key = settings.signing_key;
    config.stall_us = gint64{settings.stall_ms} * 1000;
    g_autofree gchar *name = gst_object_get_name(GST_OBJECT(self));
    config.element = name;
    return config;
}

std::string describe_caps(const GstCaps *caps) {
    GstCaps *copy = gst_caps_copy(caps);
    for (guint i = 0; i < gst_caps_get_size(copy); i++)
        gst_structure_remove_fields(gst_caps_get_structure(copy, i), "codec_data", "streamheader", nullptr);
    g_autofree gchar *text = gst_caps_to_string(copy);
    gst_caps_unref(copy);
    return text;
}

void put(Outbox &outbox, const std::optional<Body> &body) {
    if (body)
        outbox.put(*body);
}

} // namespace

static gboolean gst_webhook_sink_start(GstBaseSink *sink) {
    auto *self = GST_WEBHOOK_SINK(sink);
    self->impl->joiner.reset();
    self->impl->is_json = false;
    auto outbox =
        Outbox::open(make_config(self), {[self](const DeliveryReport &report) { post_report(self, report); },
                                         [self](const std::string &text) {
                                             GST_ELEMENT_WARNING(self, RESOURCE, WRITE, ("Webhook spool trouble"),
                                                                 ("%s", text.c_str()));
                                         }});
    if (!outbox) {
        GST_ELEMENT_ERROR(self, RESOURCE, SETTINGS, ("Cannot deliver webhooks"), ("%s", outbox.error().text.c_str()));
        return FALSE;
    }
    self->impl->outbox.put(std::move(outbox).value());
    return TRUE;
}

static gboolean gst_webhook_sink_stop(GstBaseSink *sink) {
    if (const auto outbox = GST_WEBHOOK_SINK(sink)->impl->outbox.take())
        outbox->on_end("stopped");
    return TRUE;
}

static gboolean gst_webhook_sink_unlock(GstBaseSink *sink) {
    if (const auto outbox = GST_WEBHOOK_SINK(sink)->impl->outbox.current())
        outbox->interrupt(true);
    return TRUE;
}

static gboolean gst_webhook_sink_unlock_stop(GstBaseSink *sink) {
    if (const auto outbox = GST_WEBHOOK_SINK(sink)->impl->outbox.current())
        outbox->interrupt(false);
    return TRUE;
}

static gboolean gst_webhook_sink_set_caps(GstBaseSink *sink, GstCaps *caps) {
    Impl &impl = *GST_WEBHOOK_SINK(sink)->impl;
    impl.is_json = gst_structure_has_name(gst_caps_get_structure(caps, 0), "application/json");
    if (const auto outbox = impl.outbox.current(); outbox && !impl.is_json)
        outbox->on_caps(describe_caps(caps));
    return TRUE;
}

static GstFlowReturn gst_webhook_sink_render(GstBaseSink *sink, GstBuffer *buffer) {
    Impl &impl = *GST_WEBHOOK_SINK(sink)->impl;
    const auto outbox = impl.outbox.current();
    if (!impl.is_json) {
        outbox->on_buffer(gst_buffer_get_size(buffer));
        return GST_FLOW_OK;
    }
    GstMapInfo map;
    if (!gst_buffer_map(buffer, &map, GST_MAP_READ)) {
        GST_ELEMENT_ERROR(sink, RESOURCE, READ, ("Cannot read a JSON buffer"), ("gst_buffer_map failed"));
        return GST_FLOW_ERROR;
    }
    const auto output = impl.joiner.add({reinterpret_cast<const char *>(map.data), map.size}, GST_BUFFER_OFFSET(buffer),
                                        GST_BUFFER_OFFSET_END(buffer));
    gst_buffer_unmap(buffer, &map);
    put(*outbox, output.stale);
    put(*outbox, output.body);
    if (output.too_large)
        GST_ELEMENT_WARNING(sink, STREAM, FORMAT, ("A webhook body is too large"), ("limit is 16 MiB"));
    return GST_FLOW_OK;
}

static gboolean gst_webhook_sink_event(GstBaseSink *sink, GstEvent *event) {
    Impl &impl = *GST_WEBHOOK_SINK(sink)->impl;
    const auto outbox = impl.outbox.current();
    if (outbox && GST_EVENT_TYPE(event) == GST_EVENT_EOS) {
        put(*outbox, impl.joiner.flush());
        outbox->on_end("eos");
        // The EOS message makes applications stop the pipeline: what can be delivered now should be.
        if (!outbox->wait_idle(std::chrono::milliseconds(impl.copy().drain_ms)))
            GST_INFO_OBJECT(sink, "end of stream with deliveries waiting");
    } else if (outbox && GST_EVENT_TYPE(event) == GST_EVENT_GAP && !impl.is_json) {
        outbox->on_buffer(0);
    } else if (GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_STOP) {
        impl.joiner.reset();
    }
    return GST_BASE_SINK_CLASS(gst_webhook_sink_parent_class)->event(sink, event);
}

static GstStateChangeReturn gst_webhook_sink_change_state(GstElement *element, GstStateChange transition) {
    const auto result = GST_ELEMENT_CLASS(gst_webhook_sink_parent_class)->change_state(element, transition);
    if (const auto outbox = GST_WEBHOOK_SINK(element)->impl->outbox.current()) {
        if (transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING)
            outbox->set_playing(true);
        else if (transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED)
            outbox->set_playing(false);
    }
    return result;
}

static void gst_webhook_sink_set_property(GObject *object, guint id, const GValue *value, GParamSpec *pspec) {
    Impl &impl = *GST_WEBHOOK_SINK(object)->impl;
    const auto text = [value] {
        const char *string = g_value_get_string(value);
        return std::string(string ? string : "");
    };
    MutexLock lock(impl.mutex);
    Settings &settings = impl.settings;
    switch (id) {
    case PROP_LOCATION:
        settings.location = text();
        break;
    case PROP_SECRET:
        settings.secret = text();
        break;
    case PROP_SIGNING_KEY:
        settings.signing_key = text();
        break;
    case PROP_SPOOL:
        settings.spool = text();
        break;
    case PROP_MAX_AGE:
        settings.max_age_s = g_value_get_uint(value);
        break;
    case PROP_RETRY_BASE:
        settings.retry_base_ms = g_value_get_uint(value);
        break;
    case PROP_RETRY_MAX:
        settings.retry_max_ms = g_value_get_uint(value);
        break;
    case PROP_TIMEOUT:
        settings.timeout_ms = g_value_get_uint(value);
        break;
    case PROP_DRAIN_TIMEOUT:
        settings.drain_ms = g_value_get_uint(value);
        break;
    case PROP_STALL_TIMEOUT:
        settings.stall_ms = g_value_get_uint(value);
        break;
    case PROP_MAX_BYTES:
        settings.max_bytes = g_value_get_uint64(value);
        break;
    case PROP_ALLOW_PRIVATE:
        settings.allow_private = g_value_get_boolean(value);
        break;
    case PROP_CA_FILE:
        settings.ca_file = text();
        break;
    default:
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
    }
}

static void gst_webhook_sink_get_property(GObject *object, guint id, GValue *value, GParamSpec *pspec) {
    const Settings settings = GST_WEBHOOK_SINK(object)->impl->copy();
    switch (id) {
    case PROP_LOCATION:
        g_value_set_string(value, settings.location.empty() ? nullptr : settings.location.c_str());
        break;
    case PROP_SPOOL:
        g_value_set_string(value, settings.spool.c_str());
        break;
    case PROP_MAX_AGE:
        g_value_set_uint(value, settings.max_age_s);
        break;
    case PROP_RETRY_BASE:
        g_value_set_uint(value, settings.retry_base_ms);
        break;
    case PROP_RETRY_MAX:
        g_value_set_uint(value, settings.retry_max_ms);
        break;
    case PROP_TIMEOUT:
        g_value_set_uint(value, settings.timeout_ms);
        break;
    case PROP_DRAIN_TIMEOUT:
        g_value_set_uint(value, settings.drain_ms);
        break;
    case PROP_STALL_TIMEOUT:
        g_value_set_uint(value, settings.stall_ms);
        break;
    case PROP_MAX_BYTES:
        g_value_set_uint64(value, settings.max_bytes);
        break;
    case PROP_ALLOW_PRIVATE:
        g_value_set_boolean(value, settings.allow_private);
        break;
    case PROP_CA_FILE:
        g_value_set_string(value, settings.ca_file.c_str());
        break;
    default:
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
    }
}

static void gst_webhook_sink_init(GstWebhookSink *self) {
    self->impl = new Impl;
    gst_base_sink_set_sync(GST_BASE_SINK(self), FALSE);
    gst_base_sink_set_async_enabled(GST_BASE_SINK(self), FALSE); // events are sparse: no pipeline waits for the first
    gst_base_sink_set_last_sample_enabled(GST_BASE_SINK(self), FALSE);
}

static void gst_webhook_sink_finalize(GObject *object) {
    delete GST_WEBHOOK_SINK(object)->impl;
    G_OBJECT_CLASS(gst_webhook_sink_parent_class)->finalize(object);
}

/// What was given up, newest first, as a JSON array; NULL when the spool does not answer or the element is stopped.
static gchar *gst_webhook_sink_dead_letters(GstWebhookSink *self, guint limit) {
    const auto outbox = self->impl->outbox.current();
    if (!outbox)
        return nullptr;
    const auto letters = outbox->dead_letters(limit);
    if (!letters) {
        GST_WARNING_OBJECT(self, "dead letters: %s", letters.error().text.c_str());
        return nullptr;
    }
    return g_strdup(rostrum::to_json(letters.value()).c_str());
}

/// How many are sent again; -1 when the spool does not answer or the element is stopped.
static gint64 gst_webhook_sink_resend(GstWebhookSink *self, const gchar *id) {
    const auto outbox = self->impl->outbox.current();
    if (!outbox)
        return -1;
    const auto count = outbox->resend(id ? id : "");
    if (!count)
        GST_WARNING_OBJECT(self, "dead letters: %s", count.error().text.c_str());
    return count ? count.value() : -1;
}

static void install_text(GObjectClass *klass, guint id, const char *name, const char *blurb, GParamFlags access) {
    g_object_class_install_property(
        klass, id,
        g_param_spec_string(name, name, blurb, nullptr,
                            static_cast<GParamFlags>(access | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY)));
}

static void install_uint(GObjectClass *klass, guint id, const char *name, const char *blurb, guint min, guint def) {
    g_object_class_install_property(
        klass, id,
        g_param_spec_uint(
            name, name, blurb, min, G_MAXUINT, def,
            static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY)));
}

static void install_properties(GObjectClass *klass) {
    install_text(klass, PROP_LOCATION, "location", "http:// or https:// URL of the receiver", G_PARAM_READWRITE);
    install_text(klass, PROP_SECRET, "secret",
                 "Standard Webhooks secret: \"whsec_\" and base64; several with spaces between while one is replaced",
                 G_PARAM_WRITABLE);
    install_text(klass, PROP_SIGNING_KEY, "signing-key",
                 "RSA private key for videosdk-signature: PEM, or the path of a PEM file", G_PARAM_WRITABLE);
    install_text(
        klass, PROP_SPOOL, "spool",
        "SQLite file that holds deliveries until they are made, also over a restart; several sinks may share one. "
        "Empty: in memory",
        G_PARAM_READWRITE);
    install_uint(klass, PROP_MAX_AGE, "max-age", "A delivery is given up when it is older than this, in s", 1,
                 kMaxAgeSeconds);
    install_uint(
        klass, PROP_RETRY_BASE, "retry-base",
        "Wait before the first retry, in ms; doubles with each (with jitter) unless the receiver says Retry-After", 1,
        kRetryBaseMs);
    install_uint(klass, PROP_RETRY_MAX, "retry-max", "Longest wait between retries, in ms", 1, kRetryMaxMs);
    install_uint(klass, PROP_TIMEOUT, "timeout", "How long one attempt may take, in ms", 1, kTimeoutMs);
    install_uint(klass, PROP_DRAIN_TIMEOUT, "drain-timeout",
                 "How long the end of the stream waits for deliveries, in ms; 0 = not at all", 0, kDrainMs);
    install_uint(klass, PROP_STALL_TIMEOUT, "stall-timeout",
                 "Silence after which a stream that is not JSON is reported as stalled, in ms; 0 = never", 0, kStallMs);
    g_object_class_install_property(
        klass, PROP_MAX_BYTES,
        g_param_spec_uint64(
            "max-bytes", "max-bytes",
            "Bodies that may wait for this location, in bytes; newer ones fail. As many dead letters are kept. 0 = no "
            "limit",
            0, G_MAXUINT64, kSpoolBytes,
            static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY)));
    g_object_class_install_property(
        klass, PROP_ALLOW_PRIVATE,
        g_param_spec_boolean(
            "allow-private", "allow-private",
            "Whether the location may lead to an address that is not public; false when somebody else names it", TRUE,
            static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY)));
    install_text(klass, PROP_CA_FILE, "ca-file",
                 "PEM file of the certificate authorities to trust instead of the system's", G_PARAM_READWRITE);
}

static void install_signals(GObjectClass *klass) {
    const auto action = static_cast<GSignalFlags>(G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION);
    signals[SIGNAL_DEAD_LETTERS] = g_signal_new_class_handler("dead-letters", G_TYPE_FROM_CLASS(klass), action,
                                                              G_CALLBACK(gst_webhook_sink_dead_letters), nullptr,
                                                              nullptr, nullptr, G_TYPE_STRING, 1, G_TYPE_UINT);
    signals[SIGNAL_RESEND] = g_signal_new_class_handler("resend-dead-letters", G_TYPE_FROM_CLASS(klass), action,
                                                        G_CALLBACK(gst_webhook_sink_resend), nullptr, nullptr, nullptr,
                                                        G_TYPE_INT64, 1, G_TYPE_STRING);
}

static void gst_webhook_sink_class_init(GstWebhookSinkClass *klass) {
    GObjectClass *object = G_OBJECT_CLASS(klass);
    object->set_property = gst_webhook_sink_set_property;
    object->get_property = gst_webhook_sink_get_property;
    object->finalize = gst_webhook_sink_finalize;
    install_properties(object);
    install_signals(object);

    GstElementClass *element = GST_ELEMENT_CLASS(klass);
    element->change_state = gst_webhook_sink_change_state;
    gst_element_class_add_static_pad_template(element, &sink_template);
    gst_element_class_set_static_metadata(element, "Webhook sink", "Sink/Network",
                                          "Delivers JSON, or the life of a stream, as signed HTTP callbacks",
                                          "Rostrum contributors");

    GstBaseSinkClass *sink = GST_BASE_SINK_CLASS(klass);
    sink->start = gst_webhook_sink_start;
    sink->stop = gst_webhook_sink_stop;
    sink->unlock = gst_webhook_sink_unlock;
    sink->unlock_stop = gst_webhook_sink_unlock_stop;
    sink->set_caps = gst_webhook_sink_set_caps;
    sink->render = gst_webhook_sink_render;
    sink->event = gst_webhook_sink_event;
}
