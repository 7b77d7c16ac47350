// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// api_fill DATABASE ROOMS SESSIONS: stores that many rooms and ended sessions, each with two participants and a
// recording, as `rostrum serve` would have. Prints one line of JSON: some ids of them, and how long a token takes to be
// verified.

#include "tools/rostrum/auth/token.h"
#include "tools/rostrum/base/ids.h"
#include "tools/rostrum/base/json.h"
#include "tools/rostrum/store/store.h"

#include <cstdio>
#include <cstdlib>
#include <ctime>

using rostrum::Json;

namespace {

constexpr size_t kAtOnce = 1000; // sessions in a transaction
constexpr size_t kSamples = 200;
constexpr int kTokens = 20000;

void store_session(rostrum::Store &store, const std::string &room, const std::string &id, int64_t now) {
    store.sessions.begin(id, room, now);
    for (const char *participant : {"ann", "ben"})
        store.sessions.join(id, participant, participant, "SEND_AND_RECV", now);
    rostrum::OutputRecord recording;
    recording.id = rostrum::new_document_id();
    recording.kind = rostrum::OutputKind::Recording;
    recording.session_id = id;
    recording.room_id = room;
    recording.created_at = now;
    recording.start = now;
    recording.end = now + 60000;
    recording.state = "stopped";
    recording.details = Json::object({{"processing", "completed"}, {"parts", Json::array()}});
    store.outputs.create(recording);
    store.sessions.end(id, "ended", now + 60000);
}

double microseconds_per_token() {
    const rostrum::TokenKey key{"key", std::string(64, 's')};
    rostrum::Claims claims;
    claims.allow_join = claims.allow_mod = true;
    claims.expires_at = 2'000'000'000;
    const std::string token = rostrum::mint_token(claims, key);
    const rostrum::KeyRing ring({{key.api_key, {{key.secret}}}});
    const std::clock_t start = std::clock(); // of the processor: others may be at work
    for (int i = 0; i < kTokens; ++i)
        if (!std::holds_alternative<rostrum::Claims>(rostrum::verify_token(token, ring, 1'800'000'000)))
            std::abort();
    return static_cast<double>(std::clock() - start) * 1e6 / CLOCKS_PER_SEC / kTokens;
}

} // namespace

int main(int argc, char **argv) {
    if (argc != 4)
        return 2;
    rostrum::Store store(argv[1]);
    const auto rooms = static_cast<size_t>(std::atol(argv[2])), sessions = static_cast<size_t>(std::atol(argv[3]));
    int64_t now = rostrum::now_ms() - static_cast<int64_t>(sessions) * 1000;
    std::vector<std::string> room_ids, session_ids;
    for (size_t i = 0; i < rooms; ++i)
        room_ids.push_back(store.rooms.create(std::nullopt, Json::object(), now).room_id);
    for (size_t i = 0; i < sessions; ++i) {
        const std::string id = rostrum::new_document_id();
        store_session(store, room_ids[i * 7919 % rooms], id, now += 1000);
        if (session_ids.size() < kSamples)
            session_ids.push_back(id);
        if (i % kAtOnce == 0)
            store.database.flush();
    }
    store.database.flush();
    room_ids.resize(std::min(kSamples, rooms));
    const Json json =
        Json::object({{"rooms", room_ids}, {"sessions", session_ids}, {"tokenUs", microseconds_per_token()}});
    std::printf("%s\n", json.dump().c_str());
}
