// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/tls_stream.h"

#include <algorithm>
#include <climits>
#include <memory>
#include <openssl/err.h>
#include <utility>

namespace {

/// One connection. OpenSSL reads and writes through a BIO on the GSocket, whose timeout so goes on counting.
struct Tls {
    GSocketConnection *base = nullptr;
    GSocket *socket = nullptr;
    SSL *ssl = nullptr;
    GError *failure = nullptr; // of the socket, while OpenSSL has it
    GIOCondition read_waits_for = G_IO_IN, write_waits_for = G_IO_OUT;

    Tls() = default;
    Tls(const Tls &) = delete;
    Tls &operator=(const Tls &) = delete;
    ~Tls() {
        SSL_free(ssl);
        g_clear_error(&failure);
        g_clear_object(&base);
    }

    /// What SSL_read or SSL_write gave, as a stream gives it. 0: the end.
    gssize result(int size, GIOCondition *waits_for, GError **error) {
        if (size > 0)
            return size;
        switch (SSL_get_error(ssl, size)) {
        case SSL_ERROR_ZERO_RETURN:
            return 0;
        case SSL_ERROR_WANT_READ:
        case SSL_ERROR_WANT_WRITE:
            *waits_for = SSL_want_write(ssl) ? G_IO_OUT : G_IO_IN;
            g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "TLS waits for the socket");
            return -1;
        default:
            if (failure)
                g_propagate_error(error, std::exchange(failure, nullptr));
            else
                g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FAILED, "TLS failed");
            return -1;
        }
    }

    gssize read(void *buffer, gsize count, GError **error) {
        ERR_clear_error();
        g_clear_error(&failure);
        return result(SSL_read(ssl, buffer, static_cast<int>(std::min<gsize>(count, INT_MAX))), &read_waits_for, error);
    }

    gssize write(const void *buffer, gsize count, GError **error) {
        if (count == 0)
            return 0;
        ERR_clear_error();
        g_clear_error(&failure);
        const int size = SSL_write(ssl, buffer, static_cast<int>(std::min<gsize>(count, INT_MAX)));
        const gssize written = result(size, &write_waits_for, error);
        if (written != 0)
            return written;
        // Nothing written is no end for a writer: it would try again for ever.
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED, "the connection is closed");
        return -1;
    }

    /// Says goodbye if that is possible at once (RFC 8446 section 6.1).
    gboolean close(GError **error) {
        ERR_clear_error();
        if (SSL_is_init_finished(ssl) && !g_socket_is_closed(socket))
            SSL_shutdown(ssl);
        return g_io_stream_close(G_IO_STREAM(base), nullptr, error);
    }

    GSource *source(GObject *stream, GIOCondition condition, bool ready, GCancellable *cancellable) const {
        GSource *base_source = g_socket_create_source(socket, condition, cancellable);
        GSource *source = g_pollable_source_new_full(stream, base_source, nullptr);
        g_source_unref(base_source);
        if (ready) { // OpenSSL has it already: the socket would not tell
            GSource *at_once = g_timeout_source_new(0);
            g_source_set_dummy_callback(at_once);
            g_source_add_child_source(source, at_once);
            g_source_unref(at_once);
        }
        return source;
    }
};

int socket_read(BIO *bio, char *buffer, int size) {
    auto *tls = static_cast<Tls *>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    g_clear_error(&tls->failure);
    const auto count = static_cast<gsize>(size);
    const gssize read = g_socket_receive_with_blocking(tls->socket, buffer, count, FALSE, nullptr, &tls->failure);
    if (g_error_matches(tls->failure, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        BIO_set_retry_read(bio);
    return static_cast<int>(read);
}

int socket_write(BIO *bio, const char *buffer, int size) {
    auto *tls = static_cast<Tls *>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    g_clear_error(&tls->failure);
    const auto count = static_cast<gsize>(size);
    const gssize sent = g_socket_send_with_blocking(tls->socket, buffer, count, FALSE, nullptr, &tls->failure);
    if (g_error_matches(tls->failure, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        BIO_set_retry_write(bio);
    return static_cast<int>(sent);
}

long socket_control(BIO *, int command, long, void *) {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

const BIO_METHOD *socket_method() {
    static BIO_METHOD *const method = [] {
        BIO_METHOD *made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "GSocket");
        BIO_meth_set_read(made, socket_read);
        BIO_meth_set_write(made, socket_write);
        BIO_meth_set_ctrl(made, socket_control);
        return made;
    }();
    return method;
}

using TlsRef = std::shared_ptr<Tls>;

struct TlsInput {
    GInputStream parent;
    TlsRef *tls;
};
struct TlsInputClass {
    GInputStreamClass parent;
};
struct TlsOutput {
    GOutputStream parent;
    TlsRef *tls;
};
struct TlsOutputClass {
    GOutputStreamClass parent;
};
struct TlsStream {
    GIOStream parent;
    TlsRef *tls;
    GInputStream *input;
    GOutputStream *output;
};
struct TlsStreamClass {
    GIOStreamClass parent;
};

Tls &of_input(gpointer stream) {
    return **static_cast<TlsInput *>(stream)->tls;
}
Tls &of_output(gpointer stream) {
    return **static_cast<TlsOutput *>(stream)->tls;
}

void make_input_pollable(GPollableInputStreamInterface *interface) {
    interface->is_readable = [](GPollableInputStream *stream) -> gboolean {
        const Tls &tls = of_input(stream);
        return SSL_pending(tls.ssl) > 0 || g_socket_condition_check(tls.socket, tls.read_waits_for) != 0;
    };
    interface->create_source = [](GPollableInputStream *stream, GCancellable *cancellable) {
        const Tls &tls = of_input(stream);
        return tls.source(G_OBJECT(stream), tls.read_waits_for, SSL_pending(tls.ssl) > 0, cancellable);
    };
    interface->read_nonblocking = [](GPollableInputStream *stream, void *buffer, gsize count, GError **error) {
        return of_input(stream).read(buffer, count, error);
    };
}

void make_output_pollable(GPollableOutputStreamInterface *interface) {
    interface->is_writable = [](GPollableOutputStream *stream) -> gboolean {
        const Tls &tls = of_output(stream);
        return g_socket_condition_check(tls.socket, tls.write_waits_for) != 0;
    };
    interface->create_source = [](GPollableOutputStream *stream, GCancellable *cancellable) {
        const Tls &tls = of_output(stream);
        return tls.source(G_OBJECT(stream), tls.write_waits_for, false, cancellable);
    };
    interface->write_nonblocking = [](GPollableOutputStream *stream, const void *buffer, gsize count, GError **error) {
        return of_output(stream).write(buffer, count, error);
    };
}

G_DEFINE_TYPE_WITH_CODE(TlsInput, tls_input, G_TYPE_INPUT_STREAM,
                        G_IMPLEMENT_INTERFACE(G_TYPE_POLLABLE_INPUT_STREAM, make_input_pollable))
G_DEFINE_TYPE_WITH_CODE(TlsOutput, tls_output, G_TYPE_OUTPUT_STREAM,
                        G_IMPLEMENT_INTERFACE(G_TYPE_POLLABLE_OUTPUT_STREAM, make_output_pollable))
G_DEFINE_TYPE(TlsStream, tls_stream, G_TYPE_IO_STREAM)

void tls_input_init(TlsInput *) {}
void tls_output_init(TlsOutput *) {}
void tls_stream_init(TlsStream *) {}

void tls_input_class_init(TlsInputClass *klass) {
    klass->parent.read_fn = [](GInputStream *stream, void *buffer, gsize count, GCancellable *, GError **error) {
        return of_input(stream).read(buffer, count, error);
    };
    G_OBJECT_CLASS(klass)->finalize = [](GObject *object) {
        delete reinterpret_cast<TlsInput *>(object)->tls;
        G_OBJECT_CLASS(tls_input_parent_class)->finalize(object);
    };
}

void tls_output_class_init(TlsOutputClass *klass) {
    klass->parent.write_fn = [](GOutputStream *stream, const void *buffer, gsize count, GCancellable *,
                                GError **error) { return of_output(stream).write(buffer, count, error); };
    G_OBJECT_CLASS(klass)->finalize = [](GObject *object) {
        delete reinterpret_cast<TlsOutput *>(object)->tls;
        G_OBJECT_CLASS(tls_output_parent_class)->finalize(object);
    };
}

gboolean close_stream(GIOStream *stream, GCancellable *, GError **error) {
    return (*reinterpret_cast<TlsStream *>(stream)->tls)->close(error);
}

/// GIO would close in a thread, and OpenSSL is for one.
void close_stream_async(GIOStream *stream, int, GCancellable *cancellable, GAsyncReadyCallback done, gpointer data) {
    GTask *task = g_task_new(stream, cancellable, done, data);
    GError *error = nullptr;
    if (close_stream(stream, nullptr, &error))
        g_task_return_boolean(task, TRUE);
    else
        g_task_return_error(task, error);
    g_object_unref(task);
}

void tls_stream_class_init(TlsStreamClass *klass) {
    auto *stream = G_IO_STREAM_CLASS(klass);
    stream->get_input_stream = [](GIOStream *self) { return reinterpret_cast<TlsStream *>(self)->input; };
    stream->get_output_stream = [](GIOStream *self) { return reinterpret_cast<TlsStream *>(self)->output; };
    stream->close_fn = close_stream;
    stream->close_async = close_stream_async;
    stream->close_finish = [](GIOStream *, GAsyncResult *result, GError **error) {
        return g_task_propagate_boolean(G_TASK(result), error);
    };
    G_OBJECT_CLASS(klass)->finalize = [](GObject *object) {
        auto *self = reinterpret_cast<TlsStream *>(object);
        G_OBJECT_CLASS(tls_stream_parent_class)->finalize(object); // closes
        g_clear_object(&self->input);
        g_clear_object(&self->output);
        delete self->tls;
    };
}

} // namespace

namespace rostrum {

GIOStream *new_tls_stream(GSocketConnection *base, SSL_CTX *context) {
    const auto tls = std::make_shared<Tls>();
    tls->base = G_SOCKET_CONNECTION(g_object_ref(base));
    tls->socket = g_socket_connection_get_socket(base);
    tls->ssl = SSL_new(context);
    BIO *bio = BIO_new(socket_method());
    BIO_set_data(bio, tls.get());
    BIO_set_init(bio, 1);
    SSL_set_bio(tls->ssl, bio, bio);
    SSL_set_accept_state(tls->ssl);

    auto *stream = reinterpret_cast<TlsStream *>(g_object_new(tls_stream_get_type(), nullptr));
    stream->tls = new TlsRef(tls);
    stream->input = G_INPUT_STREAM(g_object_new(tls_input_get_type(), nullptr));
    reinterpret_cast<TlsInput *>(stream->input)->tls = new TlsRef(tls);
    stream->output = G_OUTPUT_STREAM(g_object_new(tls_output_get_type(), nullptr));
    reinterpret_cast<TlsOutput *>(stream->output)->tls = new TlsRef(tls);
    return G_IO_STREAM(stream);
}

} // namespace rostrum
