// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rostrum {

/// Protects the secrets in the database: AES-256-GCM. A sealed text opens only with the same key and context, so that
/// it cannot be moved from one row to another. Reentrant.
class MasterKey {
  public:
    /// 32 bytes in base64, as `openssl rand -base64 32` prints them.
    static std::optional<MasterKey> parse(std::string_view base64);

    std::string seal(std::string_view secret, std::string_view context) const;
    /// Nothing when it was sealed with another key or context, or is damaged.
    std::optional<std::string> open(std::string_view sealed, std::string_view context) const;
    /// A key for another purpose, from which this one cannot be told.
    std::string derive(const char *purpose) const;

  private:
    explicit MasterKey(std::string bytes) : bytes_(std::move(bytes)) {}
    std::string bytes_;
};

} // namespace rostrum
