// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "livecompositor/layout.h"

namespace livecompositor {

struct ParsedLayout {
    std::shared_ptr<const CustomLayout> layout;
    std::string error; ///< "line 3, column 12: …" when there is no layout
};

/// Reads the JSON description of a layout (docs/elements/livecompositor.md). Untrusted text; never throws.
ParsedLayout parse_layout(const std::string &text);

} // namespace livecompositor
