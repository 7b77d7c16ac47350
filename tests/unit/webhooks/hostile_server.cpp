// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "hostile_server.h"

#include <algorithm>
#include <chrono>

namespace test {

namespace {

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](char c) { return g_ascii_tolower(c); });
    return text;
}

void parse(const std::string &head, Request &request) {
    size_t at = head.find("\r\n");
    const std::string line = head.substr(0, at);
    const size_t from = line.find(' ') + 1;
    request.path = line.substr(from, line.rfind(' ') - from);
    while (at + 2 < head.size()) {
        const size_t end = head.find("\r\n", at + 2);
        const std::string field = head.substr(at + 2, end - at - 2);
        if (const size_t colon = field.find(": "); colon != field.npos)
            request.headers[lower(field.substr(0, colon))] = field.substr(colon + 2);
        at = end;
    }
}

} // namespace

HostileServer::HostileServer(Behaviour behave, const std::string &certificate, int max_threads)
    : is_tls_(!certificate.empty()), service_(g_threaded_socket_service_new(max_threads)), behave_(std::move(behave)) {
    g_autoptr(GError) error = nullptr;
    if (is_tls_)
        certificate_ = g_tls_certificate_new_from_file(certificate.c_str(), &error);
    g_assert_no_error(error);
    g_socket_listener_set_backlog(G_SOCKET_LISTENER(service_), 1024);
    g_autoptr(GInetAddress) loopback = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
    g_autoptr(GSocketAddress) any = g_inet_socket_address_new(loopback, 0);
    g_autoptr(GSocketAddress) bound = nullptr;
    g_socket_listener_add_address(G_SOCKET_LISTENER(service_), any, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP,
                                  nullptr, &bound, &error);
    g_assert_no_error(error);
    port_ = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(bound));
    g_signal_connect(
        service_, "run",
        G_CALLBACK(+[](GThreadedSocketService *, GSocketConnection *connection, GObject *, gpointer self) -> gboolean {
            static_cast<HostileServer *>(self)->serve(connection);
            return TRUE;
        }),
        this);
}

HostileServer::~HostileServer() {
    g_socket_service_stop(service_);
    g_socket_listener_close(G_SOCKET_LISTENER(service_));
    g_cancellable_cancel(stop_);
    std::unique_lock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_ == 0; });
    lock.unlock();
    g_object_unref(service_);
    g_clear_object(&certificate_);
    g_object_unref(stop_);
}

std::string HostileServer::url(const std::string &path, const std::string &host) const {
    return (is_tls_ ? "https://" : "http://") + host + ":" + std::to_string(port_) + path;
}

std::vector<Request> HostileServer::requests() const {
    std::lock_guard lock(mutex_);
    return requests_;
}

size_t HostileServer::count() const {
    std::lock_guard lock(mutex_);
    return requests_.size();
}

unsigned HostileServer::most_at_once() const {
    std::lock_guard lock(mutex_);
    return most_at_once_;
}

size_t HostileServer::connections() const {
    std::lock_guard lock(mutex_);
    return connections_;
}

uint64_t HostileServer::poured() const {
    std::lock_guard lock(mutex_);
    return poured_;
}

void HostileServer::behave(Behaviour behaviour) {
    std::lock_guard lock(behaving_);
    behave_ = std::move(behaviour);
}

bool HostileServer::wait_for_company(unsigned requests) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(5), [&] { return most_at_once_ >= requests || stopping_; });
}

void HostileServer::serve(GSocketConnection *connection) {
    {
        std::lock_guard lock(mutex_);
        if (stopping_)
            return;
        open_++;
        connections_++;
    }
    GIOStream *stream = G_IO_STREAM(g_object_ref(connection));
    if (is_tls_) {
        GIOStream *tls = g_tls_server_connection_new(stream, certificate_, nullptr);
        g_object_unref(stream);
        stream = tls;
    }
    std::string buffer;
    for (bool goes_on = true; goes_on;) {
        Request request;
        goes_on = read(g_io_stream_get_input_stream(stream), buffer, request);
        if (!goes_on)
            break;
        Behaviour behaviour;
        {
            std::lock_guard behaving(behaving_);
            std::lock_guard lock(mutex_);
            behaviour = behave_;
            requests_.push_back(request);
            most_at_once_ = std::max(most_at_once_, ++at_once_);
            changed_.notify_all();
        }
        const Answer how = behaviour(request);
        goes_on = answer(g_io_stream_get_output_stream(stream), how);
        std::unique_lock lock(mutex_);
        if (goes_on && how.hangs)
            changed_.wait(lock, [this] { return stopping_; });
        at_once_--;
    }
    g_io_stream_close(stream, nullptr, nullptr);
    g_object_unref(stream);
    std::lock_guard lock(mutex_);
    open_--;
    changed_.notify_all();
}

bool HostileServer::read(GInputStream *stream, std::string &buffer, Request &request) {
    size_t wanted = 0;
    for (;;) {
        if (const size_t end = buffer.find("\r\n\r\n"); wanted == 0 && end != buffer.npos) {
            parse(buffer.substr(0, end + 2), request);
            wanted = end + 4 + std::stoul(request.headers["content-length"]);
        }
        if (wanted > 0 && buffer.size() >= wanted)
            break;
        char bytes[4096];
        const gssize size = g_input_stream_read(stream, bytes, sizeof bytes, stop_, nullptr);
        if (size <= 0)
            return false;
        buffer.append(bytes, static_cast<size_t>(size));
    }
    request.body = buffer.substr(buffer.find("\r\n\r\n") + 4, wanted - buffer.find("\r\n\r\n") - 4);
    buffer.erase(0, wanted);
    request.at_us = g_get_monotonic_time();
    return true;
}

bool HostileServer::answer(GOutputStream *stream, const Answer &how) {
    const auto write = [&](const char *bytes, size_t size) {
        return g_output_stream_write_all(stream, bytes, size, nullptr, stop_, nullptr);
    };
    if (how.byte_ms == 0 && !write(how.bytes.data(), how.bytes.size()))
        return false;
    for (size_t at = 0; how.byte_ms > 0 && at < how.bytes.size(); at++) {
        std::unique_lock lock(mutex_);
        if (changed_.wait_for(lock, std::chrono::milliseconds(how.byte_ms), [this] { return stopping_; }))
            return false;
        lock.unlock();
        if (!write(how.bytes.data() + at, 1))
            return false;
    }
    const std::string block(64 * 1024, 'x');
    for (uint64_t left = how.pours; left > 0; left -= std::min<uint64_t>(left, block.size())) {
        if (!write(block.data(), std::min<uint64_t>(left, block.size())))
            return false;
        std::lock_guard lock(mutex_);
        poured_ += block.size();
    }
    return !how.closes;
}

} // namespace test
