// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What WHEP players are told by the extension "server-sent-events" of the WHEP draft.

#pragma once

#include "tools/rostrum/live/event_stream.h"

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <vector>

namespace rostrum {

namespace whep_event {
inline constexpr const char *kActive = "active";
inline constexpr const char *kInactive = "inactive";
inline constexpr const char *kReconnect = "reconnect";
inline constexpr const char *kViewerCount = "viewercount";
/// In the attribute `events` of the Link.
inline constexpr const char *kAll = "active,inactive,reconnect,viewercount";
} // namespace whep_event

/// The event streams of a session's WHEP resources. What happens before a stream is connected waits for it, the newest
/// kMaxWaiting. Thread-bound: main thread.
class WhepEvents {
  public:
    static constexpr size_t kMaxStreams = 4; ///< of a resource
    static constexpr size_t kMaxWaiting = 16;

    /// A stream of these types; its id, or "" when the resource has too many.
    std::string open(const std::string &resource, std::set<std::string> types);
    bool has(const std::string &resource, const std::string &id) const;
    /// The stream, which takes the lines of events, is there; another one of the same id is closed. has() is true.
    void connect(const std::string &resource, const std::string &id, std::shared_ptr<EventStream> stream);
    /// False when there is none.
    bool close(const std::string &resource, const std::string &id);
    /// The resource is gone, and all its streams with it.
    void forget(const std::string &resource);
    void clear();

    /// `data`: JSON on one line.
    void tell(const std::string &resource, const char *type, const std::string &data);
    /// To this stream only, with its first events.
    void tell(const std::string &resource, const std::string &id, const char *type, const std::string &data);
    /// Those with a stream.
    std::vector<std::string> resources() const;

  private:
    struct Stream {
        std::set<std::string> types;
        std::deque<std::string> waiting; // the lines of each
        std::shared_ptr<EventStream> connection;
    };
    using Streams = std::map<std::string, Stream>; // by id

    Stream *find(const std::string &resource, const std::string &id);
    static void send(Stream &stream, const char *type, const std::string &data);

    std::map<std::string, Streams> resources_;
};

} // namespace rostrum
