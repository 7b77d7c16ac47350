// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "livecompositor/image.h"

namespace livecompositor {

/// `to` at half the width and height of `source`: each sample is the mean of four. Uses AVX2 where there is some.
/// Reentrant.
void halve(const Picture &source, const Picture &to);

} // namespace livecompositor
