// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The address guard as what a push asks before it connects.

#pragma once

#include "common/address_guard.h"
#include "rtmpegress/push.h"

namespace rostrum {

/// Refuses every address that is not a public one.
inline AddressPolicy public_addresses_only() {
    return [](GInetAddress *address) -> std::optional<std::string> {
        const AddressRange range = range_of(g_inet_address_to_bytes(address), g_inet_address_get_native_size(address));
        if (range == AddressRange::Public)
            return std::nullopt;
        g_autofree gchar *text = g_inet_address_to_string(address);
        return refusal_text(text, range);
    };
}

} // namespace rostrum
