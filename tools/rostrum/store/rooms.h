// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/base/json.h"
#include "tools/rostrum/store/database.h"
#include "tools/rostrum/store/page.h"

#include <optional>

namespace rostrum {

struct Room {
    std::string id;      ///< 24 hex digits
    std::string room_id; ///< `xxxx-xxxx-xxxx`
    std::optional<std::string> custom_room_id;
    bool disabled = false;
    int64_t created_at = 0, updated_at = 0;
    Json settings = Json::object(); ///< webhook, autoCloseConfig, allowedParticipantIds, … as they were given
};

class RoomStore {
  public:
    explicit RoomStore(Database &database) : database_(database) {}

    /// Gives the existing room when `custom_room_id` is taken.
    Room create(const std::optional<std::string> &custom_room_id, const Json &settings, int64_t now);
    /// By roomId, customRoomId or id.
    std::optional<Room> find(const std::string &any_id);
    std::optional<Room> find_by_room_id(const std::string &room_id);
    /// `exact`: "" or a roomId or customRoomId.
    Page<Room> list(const std::string &exact, const PageRequest &page);
    void set_disabled(const std::string &room_id, bool disabled, int64_t now);

  private:
    static std::optional<Room> one(Query &&query, const std::string &key);
    Database &database_;
};

} // namespace rostrum
