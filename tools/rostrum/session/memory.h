// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// How much of what was freed the process keeps.

#pragma once

#include "gst_ptr.h"

namespace rostrum::session {

/// Call it first of all, before threads allocate. glibc raises its limits with the largest block it has seen freed, up
/// to 64 MiB in each of its arenas; fixed ones keep pictures in the arenas, where they cost no page faults, and little
/// else.
void bound_spare_memory();

/// Gives back what a part of the pipeline leaves behind when it goes: the pictures of one composition are some 30 MiB.
/// Thread-bound: main.
class SpareMemory {
  public:
    /// Within kSoonMs, together with what else goes by then. It takes a few milliseconds.
    void return_soon();

  private:
    static constexpr unsigned kSoonMs = 1000;
    Timer timer_;
};

} // namespace rostrum::session
