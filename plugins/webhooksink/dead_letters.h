// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "webhooks/spool_file.h"

namespace rostrum {

/// [{"id", "sequence", "type", "attempts", "status", "error", "createdAt", "diedAt"}], times in ms since 1970.
/// Reentrant.
std::string to_json(const std::vector<DeadLetter> &letters);

} // namespace rostrum
