// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace rostrum {

/// Where webhooks go: in order per URL, at least once.
class Outbox {
  public:
    virtual ~Outbox() = default;
    /// `body`: compact JSON, delivered byte for byte.
    virtual void post(const std::string &url, const std::string &body) = 0;
};

struct OutboxSettings {
    std::string spool;       ///< SQLite file shared by all endpoints
    std::string secret;      ///< `whsec_…`
    std::string signing_key; ///< path of a PEM file
};

/// One `appsrc ! webhooksink` pipeline per URL. Thread-bound: main thread (the elements have their own).
class WebhookOutbox : public Outbox {
  public:
    explicit WebhookOutbox(OutboxSettings settings);
    ~WebhookOutbox() override;

    void post(const std::string &url, const std::string &body) override;
    /// Goes on delivering what an earlier process left in the spool for this URL.
    void resume(const std::string &url);

    struct Counters {
        uint64_t posted = 0, delivered = 0, retries = 0, failed = 0;
    };
    const Counters &counters() const { return counters_; }

  private:
    class Endpoint;
    Endpoint *endpoint(const std::string &url);

    const OutboxSettings settings_;
    Counters counters_;
    std::map<std::string, std::unique_ptr<Endpoint>> endpoints_;
};

} // namespace rostrum
