// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Kept messages as CSV (RFC 4180): UTF-8, CRLF, a header. Reentrant.

#pragma once

#include "tools/rostrum/store/chat.h"

namespace rostrum {

std::string csv_header();
std::string csv_row(const ChatMessage &message);
/// One field: quoted where that is needed. What a spreadsheet would take for a formula gets an apostrophe in front.
std::string csv_field(const std::string &text);

} // namespace rostrum
