// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/base/glib_handles.h"
#include "tools/rostrum/store/store.h"
#include "webhooks/dispatcher.h"

namespace rostrum {

struct WebhookSettings {
    std::string secrets;     ///< `whsec_…`, during a rotation several with spaces between, the newest first
    std::string signing_key; ///< path of a PEM file, which start() reads once
    std::string trusted_url; ///< of the server's own configuration: may be a private address
    DispatchPolicy policy;
    WebhookRetention retention;
};

/// Webhooks on their way: stored in the transaction of what they tell of, sent when that is on disk, at least once, in
/// order per receiver and room. Thread-bound: main thread.
class WebhookOutbox final : private DeliveryStore {
  public:
    WebhookOutbox(Store &store, WebhookSettings settings);
    ~WebhookOutbox() override;

    /// Goes on with what an earlier process left. Returns an error text or "".
    std::string start();

    /// What a delivery is of, and its body for an id and a number.
    struct Posting {
        std::string type, room_id, session_id, output_id;
        std::function<std::string(const std::string &id, int64_t sequence)> body;
    };
    void post(const std::string &url, const Posting &posting);

    /// Delivered or given up, it waits again. False when it waits already.
    bool send_again(const WebhookDelivery &delivery);
    /// Up to kMostAtOnce of what an endpoint was not delivered; `room_id` "": of every room. Gives how many.
    int64_t send_dead_again(int64_t endpoint, const std::string &room_id);
    void enable(const WebhookEndpoint &endpoint);
    /// All that waits becomes dead letters, and so does all that is posted until it is enabled again.
    void disable(int64_t endpoint, const std::string &why);
    bool trusts(const WebhookEndpoint &endpoint) const { return endpoint.url == settings_.trusted_url; }
    EndpointStatus status(int64_t endpoint) const;

    const std::string &secrets() const { return settings_.secrets; }
    /// Signs with these from now on; what is under way is sent again. Returns an error text or "".
    std::string set_secrets(const std::string &secrets);

    struct Counters {
        uint64_t posted = 0, delivered = 0, retried = 0, dead = 0;
    };
    const Counters &counters() const { return counters_; }

    static constexpr int64_t kMostAtOnce = 250; // 5 ms

  private:
    Result<std::vector<Delivery>> heads(int64_t endpoint, const std::set<std::string> &busy, size_t limit) override;
    bool postpone(const Delivery &delivery, int64_t due_ms, std::string_view error, unsigned status) override;
    bool delivered(const Delivery &delivery, unsigned status) override;
    bool dead(const Delivery &delivery, std::string_view error, unsigned status) override;
    bool endpoint_disabled(int64_t endpoint, std::string_view why) override;

    std::string read_signing_key();
    std::string make_dispatcher();
    void stored(const WebhookEndpoint &endpoint, int64_t row);
    void wake_when_stored(const WebhookEndpoint &endpoint);
    void know(const WebhookEndpoint &endpoint);
    void give_up_waiting();
    void stop_delivering(int64_t endpoint);
    void purge();

    Store &store_;
    WebhookSettings settings_;
    Counters counters_;
    int64_t stored_row_; // those up to this one are on disk
    std::optional<Signer> signer_;
    std::unique_ptr<Dispatcher> dispatcher_; // after the signer that it uses
    std::set<int64_t> known_;                // to the dispatcher
    std::set<int64_t> disabled_;             // since the start
    std::set<int64_t> giving_up_;            // disabled ones of which something may wait still
    Timer giving_up_timer_, purge_timer_;
    const std::shared_ptr<WebhookOutbox *> self_ = std::make_shared<WebhookOutbox *>(this); // a late commit finds null
};

} // namespace rostrum
