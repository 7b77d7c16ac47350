// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Thousands of peers do not fit the cache: each one has left it by its next turn, and a turn that follows pointers from
// miss to miss loses a microsecond. So what a turn needs is fetched while others have theirs.

#pragma once

#include <cstdint>

namespace peerwire {

/// Asks for the cache lines of [begin, end), which need not be valid memory.
inline void prefetch(const void *begin, const void *end) {
    constexpr uintptr_t kLine = 64; // bytes
    for (auto at = reinterpret_cast<uintptr_t>(begin) & ~(kLine - 1); at < reinterpret_cast<uintptr_t>(end);
         at += kLine)
        __builtin_prefetch(reinterpret_cast<const void *>(at), 1);
}

template <class T> void prefetch(const T *object) {
    prefetch(object, object + 1);
}

} // namespace peerwire
