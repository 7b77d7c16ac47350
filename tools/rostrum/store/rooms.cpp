// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/store/rooms.h"

#include "tools/rostrum/base/ids.h"
#include "tools/rostrum/store/pages.h"

namespace rostrum {
namespace {

#define ROOM_COLUMNS "id, room_id, custom_room_id, disabled, created_at, updated_at, settings"

Room read_room(const Query &row) {
    Room room;
    room.id = row.text(0);
    room.room_id = row.text(1);
    if (!row.null(2))
        room.custom_room_id = row.text(2);
    room.disabled = row.integer(3) != 0;
    room.created_at = row.integer(4);
    room.updated_at = row.integer(5);
    room.settings = parse_json(row.text(6)).value_or(Json::object());
    return room;
}

} // namespace

Room RoomStore::create(const std::optional<std::string> &custom_room_id, const Json &settings, int64_t now) {
    Room room{new_document_id(), new_room_id(), custom_room_id, false, now, now, settings};
    for (;;) {
        database_.query("INSERT INTO rooms (" ROOM_COLUMNS ") VALUES (?, ?, ?, 0, ?, ?, ?) ON CONFLICT DO NOTHING")
            .bind(room.id)
            .bind(room.room_id)
            .bind(room.custom_room_id)
            .bind(room.created_at)
            .bind(room.updated_at)
            .bind(settings.dump())
            .run();
        if (database_.changes() > 0)
            return room;
        if (custom_room_id)
            if (auto existing = one(database_.query("SELECT " ROOM_COLUMNS " FROM rooms WHERE custom_room_id = ?1"),
                                    *custom_room_id))
                return *existing;
        room.room_id = new_room_id(); // once in 2^60 a random id is taken
    }
}

std::optional<Room> RoomStore::one(Query &&query, const std::string &key) {
    return query.bind(key).step() ? std::optional(read_room(query)) : std::nullopt;
}

std::optional<Room> RoomStore::find_by_room_id(const std::string &room_id) {
    return one(database_.query("SELECT " ROOM_COLUMNS " FROM rooms WHERE room_id = ?1"), room_id);
}

std::optional<Room> RoomStore::find(const std::string &any_id) {
    if (auto room = find_by_room_id(any_id))
        return room;
    return one(database_.query("SELECT " ROOM_COLUMNS " FROM rooms WHERE custom_room_id = ?1 OR id = ?1"), any_id);
}

Page<Room> RoomStore::list(const std::string &exact, const PageRequest &page) {
    Page<Room> result;
    if (!exact.empty()) { // one, or two where a custom id is another room's id
        Query rows = database_.query("SELECT " ROOM_COLUMNS " FROM rooms WHERE room_id = ?1 OR custom_room_id = ?1"
                                     " ORDER BY seq DESC");
        for (rows.bind(exact); rows.step(); ++result.total)
            if (result.total >= page.offset() && result.total < page.offset() + page.per_page)
                result.items.push_back(read_room(rows));
        return result;
    }
    const PageStart start = find_page(database_, "rooms", page, Order::NewestFirst);
    result.total = start.total;
    Query rows = database_.query("SELECT " ROOM_COLUMNS " FROM rooms WHERE seq <= ? ORDER BY seq DESC"
                                 " LIMIT ? OFFSET ?");
    rows.bind(start.seq).bind(page.per_page).bind(start.skip);
    while (rows.step())
        result.items.push_back(read_room(rows));
    return result;
}

void RoomStore::set_disabled(const std::string &room_id, bool disabled, int64_t now) {
    database_.query("UPDATE rooms SET disabled = ?, updated_at = ? WHERE room_id = ?")
        .bind(int64_t{disabled})
        .bind(now)
        .bind(room_id)
        .run();
}

} // namespace rostrum
