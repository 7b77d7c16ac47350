// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Texts of servers, made fit for messages and logs.

#pragma once

#include <string>

namespace rostrum {

/// UTF-8 without control characters, of at most 300 bytes. Reentrant.
std::string for_people(const std::string &text);

} // namespace rostrum
