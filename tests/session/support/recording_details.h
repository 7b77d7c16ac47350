// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What a session process says of a recording.

#pragma once

#include "session_process.h"

namespace test {

struct RecordedPart {
    std::string path, format;
    double started_at = 0, seconds = 0; // seconds since 1970; length
    int64_t bytes = 0;
    unsigned width = 0, height = 0;
};

struct RecordingDetails {
    std::vector<RecordedPart> parts;
    std::string error;
    double seconds = 0;
    int64_t bytes = 0;
    bool resumes = false;
};

/// Of the newest RecordingChanged.
RecordingDetails details_of(const SessionProcess &session, const std::string &recording);

} // namespace test
