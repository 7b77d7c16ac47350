// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The element's properties: what they are called, what they take, what they change.

#pragma once

#include <glib-object.h>

namespace livecompositor {

/// For class_init: installs the properties with their setter and getter.
void install_properties(GObjectClass *klass);

} // namespace livecompositor
