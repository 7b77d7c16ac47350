// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The host and port of a URL for a connection that goes only to addresses that the guard allows.

#pragma once

#include "webhooks/resolver.h"

namespace rostrum {

/// A GNetworkAddress, so that TLS knows whose certificate to expect. What it resolves to is checked and then connected
/// to, without asking for the name again in between (no rebinding). `guarded` false: any address. Thread-bound to the
/// resolver's thread.
GObjectPtr<GSocketConnectable> new_guarded_address(const std::shared_ptr<Resolver> &resolver, const std::string &host,
                                                   guint16 port, bool guarded);

} // namespace rostrum
