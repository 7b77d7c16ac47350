// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/auth/refusal.h"
#include "tools/rostrum/base/glib_handles.h"
#include "tools/rostrum/live/webhooks.h"
#include "tools/rostrum/store/store.h"

#include <variant>

namespace rostrum {

/// How many compositions run: livestreams, recordings that are composed, HLS streams. As many as the server is allowed
/// to, and of these some are reserved: a unit that was acquired keeps a place free for one composition of its type,
/// until it is released. Thread-bound: main thread.
class ResourcePool {
  public:
    /// `most` 0: any number.
    ResourcePool(Store &store, Webhooks &webhooks, size_t most) : store_(store), webhooks_(webhooks), most_(most) {}

    /// Takes up what an earlier `serve` left, before its sessions are: nothing composes yet.
    void recover();

    /// `wanted`: type, mode, quality and webhook_url of each. They are pending, and idle soon.
    std::variant<std::vector<ResourceUnit>, Refusal> acquire(const ResourceUnit &wanted, size_t units);
    /// An idle one. Gives why not, or "".
    std::string release(const std::string &id);
    Json describe(const ResourceUnit &unit) const;

    /// Whether a composition may begin, on a unit or in a place that nobody has reserved. `places`: how many it needs.
    std::optional<Refusal> check(OutputKind kind, const std::string &unit, const Json &config, size_t places = 1) const;
    /// It runs from now on, on the unit that its details name.
    void began(const OutputRecord &output);
    void over(const std::string &output);

  private:
    std::optional<Refusal> check_unit(OutputKind kind, const std::string &unit, const Json &config) const;
    size_t taken() const;
    void ready();
    void post(const char *type, const ResourceUnit &unit);

    Store &store_;
    Webhooks &webhooks_;
    const size_t most_;
    std::map<std::string, std::string> running_; // output → unit, or ""
    Timer readying_;
};

} // namespace rostrum
