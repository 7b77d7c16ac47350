// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Finds out where a JSON text ends and what event it is, without building it.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rostrum {

/// Fed in pieces of any size. Takes constant memory whatever the text holds, and does not validate it. Reentrant.
class JsonScan {
  public:
    void feed(std::string_view piece);

    /// A value has begun, and all that was opened is closed. (Of a bare number it cannot be known; it counts as ended.)
    bool is_complete() const { return seen_ && depth_ == 0 && !in_string_; }
    bool is_blank() const { return !seen_; }

    /// The string under the top level's "webhookType", else under its "type"; empty without one. At most kMaxName
    /// bytes.
    const std::string &type() const { return webhook_type_.empty() ? type_ : webhook_type_; }

  private:
    static constexpr size_t kMaxName = 128;

    void feed_string(char c);
    void feed_token(char c);
    void end_string();

    uint64_t depth_ = 0;
    bool seen_ = false, object_ = false, in_string_ = false, escaped_ = false;
    bool in_value_ = false; // after the colon of a top-level member
    std::string string_;    // newest top-level string
    std::string key_, type_, webhook_type_;
};

} // namespace rostrum
