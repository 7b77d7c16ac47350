// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Cuts what a streaming muxer writes into units after which the file is valid: fragments of ISO base media (ISO/IEC
// 14496-12 section 8.8), blocks of a Matroska cluster (RFC 9559).

#pragma once

#include "state.h"

#include <cstdint>
#include <vector>

namespace rostrum::session {

using Bytes = std::vector<uint8_t>;

/// Takes bytes in any pieces. Reentrant.
class MediaUnits {
  public:
    explicit MediaUnits(FileFormat format) : format_(format) {}

    /// Calls `unit` with every unit that has become complete. The first one begins with all headers.
    template <class Unit> void push(const uint8_t *data, size_t size, Unit unit) {
        pending_.insert(pending_.end(), data, data + size);
        while (const size_t length = complete()) {
            unit(Bytes(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(length)));
            pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(length));
            scanned_ = 0;
        }
    }

    /// What is not complete yet.
    size_t pending() const { return pending_.size(); }

  private:
    struct Element {
        size_t size = 0;   // with its header; 0 = more bytes are needed
        bool ends = false; // the file is valid after it
    };

    size_t complete();
    Element next_box(size_t at) const;
    Element next_ebml(size_t at) const;

    const FileFormat format_;
    Bytes pending_;
    size_t scanned_ = 0; // of pending_: whole elements that end no unit
};

} // namespace rostrum::session
