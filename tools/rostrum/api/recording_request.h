// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What the bodies that start recordings ask for.

#pragma once

#include "tools/rostrum/api/api.h"

namespace rostrum {

/// Checks the body of a start and makes the request out of it. Throws Refusal that says what is allowed.
RecordingRequest parse_recording(OutputKind kind, const Json &body);

} // namespace rostrum
