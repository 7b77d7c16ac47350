// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/live/whep_events.h"

#include "tools/rostrum/base/ids.h"

#include <utility>

namespace rostrum {

namespace {

constexpr size_t kIdBytes = 16;

void end(std::shared_ptr<EventStream> connection) {
    if (!connection)
        return;
    connection->on_closed = nullptr;
    connection->close(1000, "");
}

} // namespace

std::string WhepEvents::open(const std::string &resource, std::set<std::string> types) {
    Streams &streams = resources_[resource];
    if (streams.size() >= kMaxStreams)
        return "";
    const std::string id = random_hex(kIdBytes);
    streams[id].types = std::move(types);
    return id;
}

WhepEvents::Stream *WhepEvents::find(const std::string &resource, const std::string &id) {
    const auto streams = resources_.find(resource);
    if (streams == resources_.end())
        return nullptr;
    const auto found = streams->second.find(id);
    return found == streams->second.end() ? nullptr : &found->second;
}

bool WhepEvents::has(const std::string &resource, const std::string &id) const {
    return const_cast<WhepEvents *>(this)->find(resource, id) != nullptr;
}

void WhepEvents::connect(const std::string &resource, const std::string &id, std::shared_ptr<EventStream> connection) {
    Stream *stream = find(resource, id);
    end(std::exchange(stream->connection, std::move(connection)));
    stream->connection->on_closed = [this, resource, id] {
        if (Stream *left = find(resource, id)) // it may come back
            left->connection.reset();
    };
    for (const auto &lines : std::exchange(stream->waiting, {}))
        stream->connection->send(lines);
}

bool WhepEvents::close(const std::string &resource, const std::string &id) {
    Stream *stream = find(resource, id);
    if (!stream)
        return false;
    end(std::move(stream->connection));
    resources_[resource].erase(id);
    return true;
}

void WhepEvents::forget(const std::string &resource) {
    auto streams = resources_.extract(resource);
    if (streams.empty())
        return;
    for (auto &[id, stream] : streams.mapped())
        end(std::move(stream.connection));
}

void WhepEvents::clear() {
    while (!resources_.empty())
        forget(std::string(resources_.begin()->first));
}

void WhepEvents::send(Stream &stream, const char *type, const std::string &data) {
    if (!stream.types.count(type))
        return;
    std::string lines = std::string("event: ") + type + "\ndata: " + data;
    if (stream.connection)
        return stream.connection->send(lines);
    stream.waiting.push_back(std::move(lines));
    if (stream.waiting.size() > kMaxWaiting)
        stream.waiting.pop_front();
}

void WhepEvents::tell(const std::string &resource, const char *type, const std::string &data) {
    if (const auto streams = resources_.find(resource); streams != resources_.end())
        for (auto &[id, stream] : streams->second)
            send(stream, type, data);
}

void WhepEvents::tell(const std::string &resource, const std::string &id, const char *type, const std::string &data) {
    if (Stream *stream = find(resource, id))
        send(*stream, type, data);
}

std::vector<std::string> WhepEvents::resources() const {
    std::vector<std::string> names;
    for (const auto &[resource, streams] : resources_)
        names.push_back(resource);
    return names;
}

} // namespace rostrum
