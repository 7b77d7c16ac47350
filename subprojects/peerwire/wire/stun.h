// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// STUN messages as ICE uses them (RFC 8489, RFC 8445 §16).

#pragma once

#include "wire/address.h"
#include "wire/bytes.h"
#include "wire/hmac_sha1.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace peerwire {

using TransactionId = std::array<uint8_t, 12>;

enum class StunType : uint16_t {
    BindingRequest = 0x0001,
    BindingIndication = 0x0011,
    BindingSuccess = 0x0101,
    BindingError = 0x0111,
};

enum class StunAttribute : uint16_t {
    MappedAddress = 0x0001,
    Username = 0x0006,
    MessageIntegrity = 0x0008,
    ErrorCode = 0x0009,
    UnknownAttributes = 0x000a,
    XorMappedAddress = 0x0020,
    Priority = 0x0024,
    UseCandidate = 0x0025,
    Software = 0x8022,
    Fingerprint = 0x8028,
    IceControlled = 0x8029,
    IceControlling = 0x802a,
};

/// A parsed message; username points into the bytes it was parsed from. Attributes behind MESSAGE-INTEGRITY, except
/// FINGERPRINT, are ignored (RFC 8489 §14.5).
struct StunView {
    uint16_t type = 0;
    TransactionId transaction{};
    std::string_view username;
    std::optional<uint32_t> priority;
    std::optional<uint64_t> controlling, controlled; ///< the tie-breaker
    std::optional<uint16_t> error_code;              ///< 300..699
    std::optional<Address> xor_mapped;
    bool use_candidate = false;
    size_t integrity_at = 0;       ///< offset of the MESSAGE-INTEGRITY attribute, 0 when there is none
    uint16_t unknown_required = 0; ///< first comprehension-required attribute that is not understood, 0 when none

    bool is(StunType wanted) const { return type == static_cast<uint16_t>(wanted); }
};

/// Untrusted bytes in; nothing when they are not one well-formed message with the magic cookie, or when a FINGERPRINT
/// is there and wrong. Reentrant.
std::optional<StunView> parse_stun(std::span<const uint8_t> message);

/// Short-term credentials (RFC 8489 §9.1): the key is the password. False when there is no MESSAGE-INTEGRITY.
bool verify_integrity(std::span<const uint8_t> message, const StunView &view, const HmacSha1 &key);

/// Writes one message into a fixed room. Reentrant.
class StunWriter {
  public:
    StunWriter(std::span<uint8_t> out, StunType type, const TransactionId &transaction);

    void username(std::string_view value);
    void priority(uint32_t value);
    void use_candidate();
    void controlling(uint64_t tie_breaker);
    void controlled(uint64_t tie_breaker);
    void xor_mapped_address(const Address &address);
    void error(uint16_t code, std::string_view reason);
    void unknown_attribute(uint16_t type);
    void empty_attribute(uint16_t type);

    /// Ends the message with MESSAGE-INTEGRITY and FINGERPRINT. Returns its size, 0 when it did not fit.
    size_t finish(const HmacSha1 &key);

  private:
    void attribute(StunAttribute type, size_t size);
    void patch_length(size_t extra);

    std::span<uint8_t> out_;
    ByteWriter writer_;
    TransactionId transaction_;
};

} // namespace peerwire
