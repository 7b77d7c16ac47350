// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/base/json.h"
#include "tools/rostrum/store/attendance.h"
#include "tools/rostrum/store/sessions.h"

namespace rostrum {

/// As lists of sessions show a participant: who, and when.
Json describe(const ParticipantRecord &participant);
/// VideoSDK's whole participant object.
Json describe(const ParticipantRecord &participant, const Attendance &attendance);

} // namespace rostrum
