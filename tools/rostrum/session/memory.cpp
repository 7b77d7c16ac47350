// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "memory.h"

#include <malloc.h>

namespace rostrum::session {

namespace {

constexpr int kLargestKept = 4 << 20;  // bytes; a picture of 1920x1080 has 3.1 MB
constexpr int kSpareOfArena = 4 << 20; // bytes

} // namespace

void bound_spare_memory() {
    mallopt(M_MMAP_THRESHOLD, kLargestKept);
    mallopt(M_TRIM_THRESHOLD, kSpareOfArena);
}

void SpareMemory::return_soon() {
    if (timer_.active())
        return;
    timer_.start(kSoonMs, [] {
        malloc_trim(0);
        return false;
    });
}

} // namespace rostrum::session
