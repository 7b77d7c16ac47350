// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "layout_check.h"

#include "gst_ptr.h"

namespace rostrum::session {

namespace {

/// The first warning on the bus; "" when there is none.
std::string warning_on(GstBus *bus) {
    GstMessage *message = gst_bus_pop_filtered(bus, GST_MESSAGE_WARNING);
    if (!message)
        return "";
    g_autoptr(GError) error = nullptr;
    gst_message_parse_warning(message, &error, nullptr);
    gst_message_unref(message);
    return error->message;
}

} // namespace

peerwire::Result<bool> check_layout(const std::string &layout) {
    GstElement *made = gst_element_factory_make("livecompositor", nullptr);
    if (!made)
        return peerwire::Error{500, "element 'livecompositor' is not installed"};
    const auto compositor = adopt(GST_ELEMENT(gst_object_ref_sink(made)));
    const auto bus = adopt(gst_bus_new());
    gst_element_set_bus(compositor.get(), bus.get());
    g_object_set(compositor.get(), "layout", layout.c_str(), nullptr);
    const std::string complaint = warning_on(bus.get());
    gst_element_set_bus(compositor.get(), nullptr);
    if (!complaint.empty())
        return peerwire::Error{400, complaint};
    return true;
}

} // namespace rostrum::session
