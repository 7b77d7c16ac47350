// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "waiting.h"

#include <glib.h>

namespace test {

void wait_for(const char *what, const std::function<bool()> &done, unsigned seconds) {
    const gint64 deadline = g_get_monotonic_time() + static_cast<gint64>(seconds) * G_USEC_PER_SEC;
    // Wakes the context so that the deadline is seen.
    const guint tick = g_timeout_add(
        50, [](gpointer) -> gboolean { return G_SOURCE_CONTINUE; }, nullptr);
    while (!done()) {
        if (g_get_monotonic_time() > deadline) {
            g_test_message("waited %u s for: %s", seconds, what);
            g_error("no %s", what);
        }
        g_main_context_iteration(nullptr, TRUE);
    }
    g_source_remove(tick);
}

void run_for_ms(unsigned ms) {
    bool over = false;
    g_timeout_add_once(
        ms, [](gpointer flag) { *static_cast<bool *>(flag) = true; }, &over);
    while (!over)
        g_main_context_iteration(nullptr, TRUE);
}

} // namespace test
