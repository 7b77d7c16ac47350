// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/http_connection.h"

using rostrum::HttpConnection;

namespace {

constexpr char kCutShort = 'x'; // no method begins with it, and nothing follows

struct HttpInput {
    GFilterInputStream parent;
    std::shared_ptr<HttpConnection> *connection;
};
struct HttpInputClass {
    GFilterInputStreamClass parent;
};

GPollableInputStream *base_of(GPollableInputStream *stream) {
    return G_POLLABLE_INPUT_STREAM(g_filter_input_stream_get_base_stream(G_FILTER_INPUT_STREAM(stream)));
}

gboolean can_poll(GPollableInputStream *stream) {
    return g_pollable_input_stream_can_poll(base_of(stream));
}

gboolean is_readable(GPollableInputStream *stream) {
    return g_pollable_input_stream_is_readable(base_of(stream));
}

GSource *create_source(GPollableInputStream *stream, GCancellable *cancellable) {
    GSource *base = g_pollable_input_stream_create_source(base_of(stream), cancellable);
    GSource *source = g_pollable_source_new_full(stream, base, nullptr);
    g_source_unref(base);
    return source;
}

gssize read_nonblocking(GPollableInputStream *stream, void *buffer, gsize count, GError **error) {
    auto &connection = **reinterpret_cast<HttpInput *>(stream)->connection;
    if (connection.over)
        return 0;
    GError *failure = nullptr;
    const gssize size = g_pollable_input_stream_read_nonblocking(base_of(stream), buffer, count, nullptr, &failure);
    const bool waits = g_error_matches(failure, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
    if (size <= 0 && !waits && connection.between && count > 0) {
        g_clear_error(&failure);
        connection.between = false;
        connection.over = true;
        // Of one that was idle for too long: a request that comes at this moment finds it closed, and is not taken for
        // the rest of this one.
        g_socket_shutdown(connection.socket, FALSE, TRUE, nullptr);
        *static_cast<char *>(buffer) = kCutShort;
        return 1;
    }
    if (size > 0 && connection.between && connection.began)
        connection.began();
    if (size > 0 && connection.heard && !connection.heard(buffer, static_cast<size_t>(size)))
        connection.over = true;
    if (failure)
        g_propagate_error(error, failure);
    return size;
}

void make_pollable(GPollableInputStreamInterface *interface) {
    interface->can_poll = can_poll;
    interface->is_readable = is_readable;
    interface->create_source = create_source;
    interface->read_nonblocking = read_nonblocking;
}

G_DEFINE_TYPE_WITH_CODE(HttpInput, http_input, G_TYPE_FILTER_INPUT_STREAM,
                        G_IMPLEMENT_INTERFACE(G_TYPE_POLLABLE_INPUT_STREAM, make_pollable))

void http_input_init(HttpInput *) {}

void http_input_class_init(HttpInputClass *klass) {
    G_OBJECT_CLASS(klass)->finalize = [](GObject *object) {
        delete reinterpret_cast<HttpInput *>(object)->connection;
        G_OBJECT_CLASS(http_input_parent_class)->finalize(object);
    };
}

struct HttpStream {
    GIOStream parent;
    GIOStream *base;
    GInputStream *input;
};
struct HttpStreamClass {
    GIOStreamClass parent;
};

G_DEFINE_TYPE(HttpStream, http_stream, G_TYPE_IO_STREAM)

void http_stream_init(HttpStream *) {}

void http_stream_class_init(HttpStreamClass *klass) {
    auto *stream = G_IO_STREAM_CLASS(klass);
    stream->get_input_stream = [](GIOStream *self) { return reinterpret_cast<HttpStream *>(self)->input; };
    stream->get_output_stream = [](GIOStream *self) {
        return g_io_stream_get_output_stream(reinterpret_cast<HttpStream *>(self)->base);
    };
    stream->close_fn = [](GIOStream *self, GCancellable *cancellable, GError **error) {
        return g_io_stream_close(reinterpret_cast<HttpStream *>(self)->base, cancellable, error);
    };
    G_OBJECT_CLASS(klass)->finalize = [](GObject *object) {
        G_OBJECT_CLASS(http_stream_parent_class)->finalize(object); // closes
        g_clear_object(&reinterpret_cast<HttpStream *>(object)->input);
        g_clear_object(&reinterpret_cast<HttpStream *>(object)->base);
    };
}

} // namespace

namespace rostrum {

GIOStream *new_http_stream(GIOStream *base, std::shared_ptr<HttpConnection> connection) {
    auto *stream = reinterpret_cast<HttpStream *>(g_object_new(http_stream_get_type(), nullptr));
    stream->base = base;
    stream->input = G_INPUT_STREAM(g_object_new(
        http_input_get_type(), "base-stream", g_io_stream_get_input_stream(base), "close-base-stream", FALSE, nullptr));
    reinterpret_cast<HttpInput *>(stream->input)->connection =
        new std::shared_ptr<HttpConnection>(std::move(connection));
    return G_IO_STREAM(stream);
}

} // namespace rostrum
