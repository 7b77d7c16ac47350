// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/api/router.h"

namespace rostrum {

/// The OpenAPI 3.1 document of openapi/*.json, compiled in, with `public_url` as its server. Routes that it does not
/// describe are in it with nothing but `x-undescribed`: it is never silent about one.
std::string openapi_document(const Router &router, const std::string &public_url);
/// The same for people: HTML that needs nothing else.
std::string openapi_page();

} // namespace rostrum
