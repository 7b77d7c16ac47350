// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "fanout/feed.h"

namespace peerwire {

/// The layer to follow: `preferred` while it flows, otherwise the richest one that flows, otherwise any that exists.
/// `current` is kept unless another is clearly better. kMaxLayers when there is none. Thread-safe.
unsigned choose_layer(const Feed &feed, unsigned preferred, unsigned current, TimeNs feed_now);

} // namespace peerwire
