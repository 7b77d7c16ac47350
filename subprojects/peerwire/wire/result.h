// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A value or the reason why there is none. Nothing in peerwire throws because of what a peer sent.

#pragma once

#include <string>
#include <utility>
#include <variant>

namespace peerwire {

/// `code` is an HTTP-like class (400 bad input, 406 not acceptable, 409 conflict, 500 own failure, 503 full), `text` a
/// sentence for a person. Each layer may put its context in front of the text on the way up.
struct Error {
    int code = 500;
    std::string text;
};

/// Reentrant.
template <class T> class [[nodiscard]] Result {
  public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    bool ok() const { return state_.index() == 0; }
    explicit operator bool() const { return ok(); }

    /// Only when ok().
    T &value() & { return *std::get_if<0>(&state_); }
    const T &value() const & { return *std::get_if<0>(&state_); }
    T &&value() && { return std::move(*std::get_if<0>(&state_)); }

    /// Only when not ok().
    const Error &error() const { return *std::get_if<1>(&state_); }

  private:
    std::variant<T, Error> state_;
};

} // namespace peerwire
