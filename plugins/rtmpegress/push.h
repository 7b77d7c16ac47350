// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What a destination needs of a protocol: a target, which is its parsed address, and sessions on it.

#pragma once

#include "rtmpegress/feed.h"
#include "wire/result.h"

#include <functional>
#include <gio/gio.h>
#include <string>
#include <string_view>

namespace rostrum {

using peerwire::Error;
using peerwire::Result;

/// Why a session ended, without secrets. `permanent`: trying again cannot help.
struct PushFailure {
    bool permanent = false;
    std::string text;
};

struct PushBytes {
    bool published = false;    // the server accepted the stream: frames may come
    uint64_t sent = 0;         // what has left this machine for good, as far as that can be known
    uint64_t acknowledged = 0; // what the server itself says to have received; 0 where it says nothing
};

/// One publishing session on one server. Thread-bound to its destination's thread, but for what the feed calls.
/// Destroying it cuts the connection if it still stands.
class Push : public FrameSink {
  public:
    enum class Event { None, Ended, Failed };

    /// False with failure() set. Connecting happens in the background or in poll(); the feed gives frames once
    /// bytes().published.
    virtual bool start() = 0;
    /// Says goodbye; Ended follows when that is on its way to the server.
    virtual void finish() = 0;
    /// Waits up to `timeout_ms` for something to happen.
    virtual Event poll(int64_t timeout_ms) = 0;
    virtual PushFailure failure() const = 0;
    virtual PushBytes bytes() const = 0;
    /// Something waits to be sent or to arrive.
    virtual bool has_backlog() const = 0;
    /// Ends a poll() that waits, and a connecting that blocks: the destination has something else in mind. Thread-safe.
    virtual void interrupt() {}
};

/// Why this address may not be connected to; nothing when it may. Called on every address that a name resolves to;
/// the one that was checked is the one connected to. Thread-safe.
using AddressPolicy = std::function<std::optional<std::string>(GInetAddress *)>;

/// What an element's sessions have in common.
struct PushSettings {
    AddressPolicy refuse_address; // may be empty
    std::string tls_ca_file;      // PEM: what is trusted instead of the system's certificates; empty: those
};

/// Where to push. Immutable after construction.
class Target {
  public:
    virtual ~Target() = default;
    /// For people and logs: without secrets.
    virtual std::string display() const = 0;
    virtual std::unique_ptr<Push> make_push(const StreamFormat &format, const PushSettings &settings) const = 0;
};

/// By the scheme of the URL. Errors never quote the text that was given. Reentrant.
Result<std::shared_ptr<const Target>> parse_target(std::string_view url, std::string_view stream_key = {});

} // namespace rostrum
