// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/store/endpoints.h"
#include "tools/rostrum/store/jobs.h"
#include "tools/rostrum/store/outputs.h"
#include "tools/rostrum/store/rooms.h"
#include "tools/rostrum/store/sessions.h"

namespace rostrum {

/// Everything that outlives the process, in one file. Thread-bound: main thread.
struct Store {
    explicit Store(const std::string &path) : database(path) { migrate(database); }

    Database database;
    RoomStore rooms{database};
    SessionStore sessions{database};
    OutputStore outputs{database};
    EndpointStore endpoints{database};
    JobStore jobs{database};
};

} // namespace rostrum
