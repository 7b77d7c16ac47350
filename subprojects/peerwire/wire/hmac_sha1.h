// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// HMAC-SHA1 (RFC 2104) with the key set up once: STUN signs each message, SRTP's AES_CM profile each packet.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>

namespace peerwire {

/// Reentrant. mac() allocates nothing.
class HmacSha1 {
  public:
    static constexpr size_t kSize = 20;
    using Digest = std::array<uint8_t, kSize>;

    explicit HmacSha1(std::span<const uint8_t> key);
    ~HmacSha1();
    HmacSha1(const HmacSha1 &) = delete;
    HmacSha1 &operator=(const HmacSha1 &) = delete;
    HmacSha1(HmacSha1 &&) noexcept;
    HmacSha1 &operator=(HmacSha1 &&) noexcept;

    /// Of the parts in a row.
    Digest mac(std::initializer_list<std::span<const uint8_t>> parts) const;

  private:
    struct States;
    std::unique_ptr<States> states_;
};

/// In constant time; false for different sizes.
bool constant_time_equal(std::span<const uint8_t> a, std::span<const uint8_t> b);

} // namespace peerwire
