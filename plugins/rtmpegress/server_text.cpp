// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "rtmpegress/server_text.h"

#include <glib.h>

namespace rostrum {

std::string for_people(const std::string &text) {
    constexpr size_t kMaxBytes = 300;
    g_autofree gchar *valid = g_utf8_make_valid(text.data(), static_cast<gssize>(text.size()));
    std::string clean;
    for (const gchar *at = valid; *at; at = g_utf8_next_char(at)) {
        const auto size = static_cast<size_t>(g_utf8_next_char(at) - at);
        if (clean.size() + size > kMaxBytes)
            return clean + "…";
        if (g_unichar_iscntrl(g_utf8_get_char(at)))
            clean += ' ';
        else
            clean.append(at, size);
    }
    return clean;
}

} // namespace rostrum
