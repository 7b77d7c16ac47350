// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Waiting for events with a deadline.

#pragma once

#include <functional>

namespace test {

/// Runs the default main context until `done`; fails the test after `seconds`.
void wait_for(const char *what, const std::function<bool()> &done, unsigned seconds = 15);

/// Lets the default main context run for a time that is part of what is measured.
void run_for_ms(unsigned ms);

} // namespace test
