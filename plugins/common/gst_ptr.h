// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Owners of GStreamer references. `adopt` takes over a reference that the caller has, `ref` takes a new one.

#pragma once

#include <gst/gst.h>
#include <memory>

namespace rostrum {

struct GstUnref {
    void operator()(GstBuffer *p) const { gst_buffer_unref(p); }
    void operator()(GstCaps *p) const { gst_caps_unref(p); }
    void operator()(GstSample *p) const { gst_sample_unref(p); }
    void operator()(GstMessage *p) const { gst_message_unref(p); }
    void operator()(GstStructure *p) const { gst_structure_free(p); }
    void operator()(GstElement *p) const { gst_object_unref(p); }
    void operator()(GstBus *p) const { gst_object_unref(p); }
    void operator()(GstPad *p) const { gst_object_unref(p); }
    void operator()(GError *p) const { g_error_free(p); }
    void operator()(gchar *p) const { g_free(p); }
};

template <class T> using GstPtr = std::unique_ptr<T, GstUnref>;

template <class T> GstPtr<T> adopt(T *p) {
    return GstPtr<T>(p);
}

inline GstPtr<GstBuffer> ref(GstBuffer *p) {
    return adopt(p ? gst_buffer_ref(p) : nullptr);
}
inline GstPtr<GstCaps> ref(GstCaps *p) {
    return adopt(p ? gst_caps_ref(p) : nullptr);
}
inline GstPtr<GstElement> ref(GstElement *p) {
    return adopt(p ? GST_ELEMENT(gst_object_ref(p)) : nullptr);
}
inline GstPtr<GstPad> ref(GstPad *p) {
    return adopt(p ? GST_PAD(gst_object_ref(p)) : nullptr);
}

/// Sinks the floating reference of a new element.
inline GstPtr<GstElement> sink(GstElement *p) {
    return adopt(p ? GST_ELEMENT(gst_object_ref_sink(p)) : nullptr);
}

} // namespace rostrum
