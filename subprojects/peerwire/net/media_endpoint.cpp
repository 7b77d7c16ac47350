// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "net/media_endpoint.h"

namespace peerwire {

const char *to_string(CloseReason reason) {
    switch (reason) {
    case CloseReason::Local:
        return "local";
    case CloseReason::Removed:
        return "removed";
    case CloseReason::RemoteClose:
        return "remote-close";
    case CloseReason::ConsentExpired:
        return "consent-expired";
    case CloseReason::ConnectTimeout:
        return "connect-timeout";
    case CloseReason::DtlsFailed:
        return "dtls-failed";
    case CloseReason::Replaced:
        return "replaced";
    case CloseReason::Shutdown:
        return "shutdown";
    }
    return "unknown";
}

} // namespace peerwire
