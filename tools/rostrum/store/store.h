// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/store/api_keys.h"
#include "tools/rostrum/store/attendance.h"
#include "tools/rostrum/store/chat.h"
#include "tools/rostrum/store/jobs.h"
#include "tools/rostrum/store/minutes.h"
#include "tools/rostrum/store/outputs.h"
#include "tools/rostrum/store/replies.h"
#include "tools/rostrum/store/resources.h"
#include "tools/rostrum/store/rooms.h"
#include "tools/rostrum/store/sessions.h"
#include "tools/rostrum/store/webhook_deliveries.h"
#include "tools/rostrum/store/webhook_endpoints.h"

namespace rostrum {

/// One whose schema is up to date.
struct MigratedDatabase : Database {
    explicit MigratedDatabase(const std::string &path) : Database(path) { migrate(*this); }
};

/// Everything that outlives the process, in one file. Thread-bound: main thread.
struct Store {
    explicit Store(const std::string &path) : database(path) {}

    MigratedDatabase database;
    RoomStore rooms{database};
    SessionStore sessions{database};
    AttendanceStore attendance{database};
    MinuteStore minutes{database};
    ChatStore chat{database};
    OutputStore outputs{database};
    WebhookEndpointStore webhook_endpoints{database};
    WebhookDeliveryStore webhook_deliveries{database};
    JobStore jobs{database};
    ApiKeyStore api_keys{database};
    ReplyStore replies{database};
    ResourceStore resources{database};
};

} // namespace rostrum
