// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "livecompositor/image.h"

#include <optional>

namespace livecompositor {

/// The last picture of an input that stands still, blurred and dimmed: made once, then copied. Thread-bound.
class FrozenPicture {
  public:
    /// Whether it was made of `source`.
    bool shows(const void *source) const { return source && source_ == source; }
    void set(const void *source, const Picture &sharp);
    /// At this size; valid until the next call.
    Picture at(Size size);

  private:
    const void *source_ = nullptr;
    std::optional<Image> small_; ///< what the blur leaves fits into so little
    std::optional<Image> large_;
};

} // namespace livecompositor
