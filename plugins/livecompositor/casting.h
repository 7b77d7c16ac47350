// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Who is shown, and in which part of a layout. No geometry. Reentrant.

#pragma once

#include "livecompositor/layout.h"

#include <functional>

namespace livecompositor {

using Order = std::vector<size_t>; ///< positions in the members

Order without(const Order &order, size_t one);

/// Who is in the main area and who beside it.
struct Cast {
    Order main;
    Order strip;
};

/// Lives no longer than the spec and the members it is made of.
class Casting {
  public:
    Casting(const LayoutSpec &spec, std::span<const Member> members);

    /// Of a named layout.
    Cast cast() const;
    /// Pinned first (in order of pinning), then by priority, then by pad number.
    const Order &order() const { return order_; }
    /// The inputs that `region` takes of those that are left.
    Order claim(const Region &region, const Order &left) const;

  private:
    using Predicate = std::function<bool(size_t)>;
    Predicate is_screen() const;
    Predicate is_speaker() const;
    bool is_wanted(const Region &region, size_t member) const;
    std::optional<size_t> share(const Order &stage) const;
    size_t star(const Order &stage) const;
    Order one_of(const Order &left) const;

    Cast grid() const;
    Cast sidebar() const { return main_and_rest(pinned_.empty() ? order_ : pinned_, limit_); }
    Cast pip() const;
    Cast spotlight() const;
    Cast main_and_rest(const Order &stage, size_t limit) const;
    Order cut(Order order, size_t n) const;

    const LayoutSpec &spec_;
    std::span<const Member> members_;
    Order order_;
    Order pinned_;
    size_t limit_;
};

} // namespace livecompositor
