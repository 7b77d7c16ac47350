// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Loads what the first host, viewer or output will need, so that none of them waits for it.

#pragma once

#include <thread>

namespace rostrum::session {

/// Works in the background; join the thread before exit.
std::thread prewarm();

} // namespace rostrum::session
