// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/store/database.h"
#include "tools/rostrum/store/page.h"

#include <functional>
#include <set>
#include <vector>

namespace rostrum {

/// One webhook to one receiver.
struct WebhookDelivery {
    int64_t row = 0;
    std::string id; ///< "msg_…"
    int64_t endpoint = 0;
    std::string room_id, session_id,
        output_id; ///< output_id: the recording, livestream, merge, … that it tells of, or ""
    std::string type;
    int64_t sequence = 0; ///< 1, 2, 3 … per endpoint and room
    std::string state;    ///< "waiting", "delivered", "dead"
    int64_t created_at = 0;
    int64_t queued_at = 0; ///< it waits since; later than created_at when it was sent again
    int64_t due_at = 0;    ///< not before
    std::optional<int64_t> settled_at;
    int64_t attempts = 0, status = 0; ///< status: HTTP, of the last attempt; 0 without an answer
    std::string error;                ///< of the last attempt
    std::string body;
};

struct WebhookFilter {
    std::string state, room_id; ///< "": every one
    int64_t endpoint = 0;       ///< 0: every one
};

struct WebhookResult {
    std::string type;
    bool success = false;
};

/// How much is kept of what is over.
struct WebhookRetention {
    int64_t delivered_ms = 0, dead_ms = 0;
    int64_t most = 0; ///< of either
};

/// The webhooks themselves: what waits in its lane (endpoint and room), what was delivered, what was given up. Every
/// method is a few index look-ups, however many wait.
class WebhookDeliveryStore {
  public:
    explicit WebhookDeliveryStore(Database &database);

    /// Fills in `row`, `sequence` and `body`, which is made for that number. `state` is "waiting", or "dead" for an
    /// endpoint that is disabled.
    void add(WebhookDelivery &delivery, const std::function<std::string(int64_t sequence)> &body);
    /// All that was added so far is on disk.
    void committed() { unstored_sequences_.clear(); }

    /// The first waiting delivery of each of up to `limit` lanes, without the lanes in `busy` and rows above
    /// `last_row`; what is due first comes first.
    std::vector<WebhookDelivery> heads(int64_t endpoint, const std::set<std::string> &busy, size_t limit,
                                       int64_t last_row);
    void postpone(int64_t row, int64_t attempts, int64_t due_at, const std::string &error, int64_t status);
    /// It is over: "delivered" or "dead". Without an attempt those numbers stay as they are.
    void settle(int64_t row, const char *state, std::optional<int64_t> attempts, const std::string &error,
                std::optional<int64_t> status, int64_t now);
    /// Up to `limit` of those that wait at an endpoint become dead letters. Gives how many.
    int64_t give_up(int64_t endpoint, const std::string &error, int64_t limit, int64_t now);
    /// Back to where it was in its lane, with the same id and number. False when it waits, or there is none.
    bool send_again(int64_t row, int64_t now);
    /// Up to `limit` dead ones of an endpoint, oldest first. Gives how many.
    int64_t send_dead_again(int64_t endpoint, const std::string &room_id, int64_t limit, int64_t now);

    std::optional<WebhookDelivery> find(const std::string &id);
    /// Without bodies, newest first.
    Page<WebhookDelivery> list(const WebhookFilter &filter, const PageRequest &page);
    int64_t count(int64_t endpoint, const char *state); ///< endpoint 0: of all
    std::optional<int64_t> last_delivered_at(int64_t endpoint);
    int64_t last_row() const { return last_row_; } ///< the newest one's

    /// What was told of a recording, livestream, HLS stream or merge, oldest first; it outlives the deliveries.
    std::vector<WebhookResult> results(const std::string &output_id);

    /// Removes up to `limit` of what is over for longer. Gives how many.
    int64_t purge(const WebhookRetention &retention, int64_t limit, int64_t now);

  private:
    struct Place {
        int64_t endpoint = 0;
        std::string room_id, output_id;
    };
    void insert(const WebhookDelivery &delivery);
    Page<WebhookDelivery> search(const WebhookFilter &filter, const PageRequest &page);
    std::optional<Place> place_of(int64_t row, bool waiting);
    void find_head(const Place &lane);
    std::vector<int64_t> rows_of(int64_t endpoint, const char *state, const std::string &room_id, int64_t limit);
    int64_t purge_state(const char *state, int64_t before, int64_t most, int64_t limit);

    Database &database_;
    int64_t last_row_ = 0;
    std::map<std::pair<int64_t, std::string>, int64_t> unstored_sequences_; // of lanes added to since the last commit
};

} // namespace rostrum
