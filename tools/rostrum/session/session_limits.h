// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What one session takes at most: `serve` refuses more before it asks, the session process whoever asks it.

#pragma once

#include <cstddef>

namespace rostrum::session {

constexpr size_t kMaxLivestreams = 32, kMaxHls = 32;
constexpr size_t kMaxRecordings = 256;         // every track of a full stage, and some
constexpr size_t kMaxChosenParticipants = 100; // of a composite recording

} // namespace rostrum::session
