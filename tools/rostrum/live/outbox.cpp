// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/live/outbox.h"

#include "tools/rostrum/base/glib_handles.h"

#include <gst/app/gstappsrc.h>
#include <gst/gst.h>

namespace rostrum {
namespace {

GstElement *make(const char *factory) {
    GstElement *element = gst_element_factory_make(factory, nullptr);
    if (!element)
        g_warning("webhooks are off: GStreamer has no element '%s'; set GST_PLUGIN_PATH to Rostrum's plugins", factory);
    return element;
}

} // namespace

class WebhookOutbox::Endpoint {
  public:
    Endpoint(const std::string &url, const OutboxSettings &settings, Counters &counters) : counters_(counters) {
        GstElement *source = make("appsrc"), *sink = make("webhooksink");
        if (!source || !sink) {
            gst_clear_object(&source);
            gst_clear_object(&sink);
            return;
        }
        GstCaps *caps = gst_caps_new_empty_simple("application/json");
        // Bodies are small and must not be dropped: the spool is the bound, not this queue.
        g_object_set(source, "caps", caps, "format", GST_FORMAT_TIME, "max-bytes", guint64{0}, nullptr);
        gst_caps_unref(caps);
        g_object_set(sink, "location", url.c_str(), "secret", settings.secret.c_str(), "signing-key",
                     settings.signing_key.c_str(), "spool", settings.spool.c_str(), nullptr);
        pipeline_ = ObjectRef<GstElement>::adopt(GST_ELEMENT(gst_object_ref_sink(gst_pipeline_new(nullptr))));
        source_ = ObjectRef<GstElement>::ref(source);
        gst_bin_add_many(GST_BIN(pipeline_.get()), source, sink, nullptr);
        gst_element_link(source, sink);
        watch_bus();
        gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
    }

    ~Endpoint() {
        if (!pipeline_)
            return;
        if (watch_)
            g_source_remove(watch_);
        gst_element_set_state(pipeline_.get(), GST_STATE_NULL); // what is not delivered stays in the spool
    }

    void post(const std::string &body) {
        if (!source_)
            return;
        GstBuffer *buffer = gst_buffer_new_memdup(body.data(), body.size());
        if (gst_app_src_push_buffer(GST_APP_SRC(source_.get()), buffer) == GST_FLOW_OK)
            ++counters_.posted;
    }

  private:
    void watch_bus() {
        const auto bus = ObjectRef<GstBus>::adopt(gst_pipeline_get_bus(GST_PIPELINE(pipeline_.get())));
        auto on_message = [](GstBus *, GstMessage *message, gpointer data) -> gboolean {
            static_cast<Endpoint *>(data)->handle(message);
            return G_SOURCE_CONTINUE;
        };
        watch_ = gst_bus_add_watch(bus.get(), on_message, this);
    }

    void handle(GstMessage *message) {
        if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
            GError *error = nullptr;
            gst_message_parse_error(message, &error, nullptr);
            g_warning("webhooks: %s", take_error(error).c_str());
        }
        const GstStructure *structure = gst_message_get_structure(message);
        if (GST_MESSAGE_TYPE(message) != GST_MESSAGE_ELEMENT || !structure)
            return;
        counters_.delivered += gst_structure_has_name(structure, "webhooksink-delivered");
        counters_.retries += gst_structure_has_name(structure, "webhooksink-retrying");
        counters_.failed += gst_structure_has_name(structure, "webhooksink-failed");
    }

    Counters &counters_;
    ObjectRef<GstElement> pipeline_, source_;
    unsigned watch_ = 0;
};

WebhookOutbox::WebhookOutbox(OutboxSettings settings) : settings_(std::move(settings)) {}
WebhookOutbox::~WebhookOutbox() = default;

WebhookOutbox::Endpoint *WebhookOutbox::endpoint(const std::string &url) {
    auto &endpoint = endpoints_[url];
    if (!endpoint)
        endpoint = std::make_unique<Endpoint>(url, settings_, counters_);
    return endpoint.get();
}

void WebhookOutbox::post(const std::string &url, const std::string &body) {
    endpoint(url)->post(body);
}
void WebhookOutbox::resume(const std::string &url) {
    endpoint(url);
}

} // namespace rostrum
