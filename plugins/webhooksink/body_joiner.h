// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Makes bodies out of buffers.

#pragma once

#include "webhooksink/json_scan.h"

#include <optional>

namespace rostrum {

constexpr size_t kMaxBodyBytes = 16u << 20;

struct Body {
    std::string bytes;
    std::string type; // the event's name, if it has one
};

/// One buffer is one body, byte for byte. Only a file that a source reads in blocks is put together again: while the
/// JSON value is not complete and each buffer's byte offset continues the one before. Thread-bound to the streaming
/// thread.
class BodyJoiner {
  public:
    static constexpr uint64_t kNoOffset = UINT64_MAX;

    /// Up to two bodies end here: `stale`, an incomplete one that this buffer does not continue, and `body`.
    struct Output {
        std::optional<Body> stale, body;
        bool too_large = false; // a body over kMaxBodyBytes was thrown away
    };
    Output add(std::string_view bytes, uint64_t offset, uint64_t offset_end);
    /// The stream ended: what is left, complete or not.
    std::optional<Body> flush();
    void reset() { *this = BodyJoiner(); }

  private:
    std::string bytes_;
    JsonScan scan_;
    uint64_t next_offset_ = kNoOffset;
    bool skipping_ = false; // in the rest of a body that was too large
};

} // namespace rostrum
