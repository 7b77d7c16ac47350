// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/api/router.h"

namespace rostrum {

/// OpenAPI 3.1 of the routes that exist, made from the router itself.
Json describe_openapi(const Router &router);

} // namespace rostrum
