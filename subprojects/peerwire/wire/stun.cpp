// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "wire/stun.h"

#include <algorithm>

namespace peerwire {

namespace {

constexpr uint32_t kMagicCookie = 0x2112a442;
constexpr uint32_t kFingerprintXor = 0x5354554e; // RFC 8489 §14.7
constexpr size_t kHeaderSize = 20;
constexpr size_t kIntegritySize = 4 + HmacSha1::kSize;
constexpr size_t kFingerprintSize = 8;

constexpr std::array<uint32_t, 256> make_crc_table() {
    std::array<uint32_t, 256> table{};
    for (uint32_t i = 0; i < 256; ++i) {
        uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit)
            value = value & 1 ? value >> 1 ^ 0xedb88320u : value >> 1;
        table[i] = value;
    }
    return table;
}

/// CRC-32 of ITU V.42, XORed as FINGERPRINT wants it. `length` replaces the message's length field.
uint32_t fingerprint(std::span<const uint8_t> bytes, uint16_t length) {
    static constexpr auto table = make_crc_table();
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < bytes.size(); ++i) {
        const auto byte = i == 2 ? static_cast<uint8_t>(length >> 8) : i == 3 ? static_cast<uint8_t>(length) : bytes[i];
        crc = table[(crc ^ byte) & 0xff] ^ crc >> 8;
    }
    return ~crc ^ kFingerprintXor;
}

/// The HMAC over the message up to `end`, its length field counting up to the end of MESSAGE-INTEGRITY.
HmacSha1::Digest integrity(std::span<const uint8_t> message, size_t end, const HmacSha1 &key) {
    uint8_t length[2];
    store_be16(length, static_cast<uint16_t>(end + kIntegritySize - kHeaderSize));
    return key.mac({message.first(2), length, message.subspan(4, end - 4)});
}

std::optional<Address> parse_xor_address(std::span<const uint8_t> value, const TransactionId &transaction) {
    if (value.size() != 8 && value.size() != 20)
        return std::nullopt;
    Address address;
    address.v6 = value[1] == 2;
    if ((value[1] != 1 && value[1] != 2) || value.size() != (address.v6 ? 20u : 8u))
        return std::nullopt;
    address.port = static_cast<uint16_t>(load_be16(&value[2]) ^ kMagicCookie >> 16);
    uint8_t mask[16];
    store_be32(mask, kMagicCookie);
    std::copy(transaction.begin(), transaction.end(), mask + 4);
    for (size_t i = 0; i < value.size() - 4; ++i)
        address.ip[i] = value[4 + i] ^ mask[i];
    return address;
}

/// Takes in one attribute in front of MESSAGE-INTEGRITY; false when its value cannot be.
bool take_attribute(StunView &view, uint16_t type, std::span<const uint8_t> value) {
    switch (static_cast<StunAttribute>(type)) {
    case StunAttribute::Username:
        view.username = {reinterpret_cast<const char *>(value.data()), value.size()};
        return value.size() < 514; // RFC 8489 §14.3
    case StunAttribute::Priority:
        if (value.size() != 4)
            return false;
        view.priority = load_be32(value.data());
        return true;
    case StunAttribute::IceControlled:
    case StunAttribute::IceControlling:
        if (value.size() != 8)
            return false;
        (type == static_cast<uint16_t>(StunAttribute::IceControlled) ? view.controlled : view.controlling) =
            load_be64(value.data());
        return true;
    case StunAttribute::ErrorCode:
        if (value.size() < 4)
            return false;
        view.error_code = static_cast<uint16_t>((value[2] & 7u) * 100 + value[3]);
        return true;
    case StunAttribute::XorMappedAddress:
        view.xor_mapped = parse_xor_address(value, view.transaction);
        return view.xor_mapped.has_value();
    case StunAttribute::UseCandidate:
        view.use_candidate = true;
        return true;
    case StunAttribute::MappedAddress:
    case StunAttribute::UnknownAttributes:
        return true;
    default:
        if (type < 0x8000 && view.unknown_required == 0)
            view.unknown_required = type;
        return true;
    }
}

} // namespace

std::optional<StunView> parse_stun(std::span<const uint8_t> message) {
    if (message.size() < kHeaderSize || message[0] > 0x3f || message.size() % 4 != 0 ||
        load_be16(&message[2]) != message.size() - kHeaderSize || load_be32(&message[4]) != kMagicCookie)
        return std::nullopt;
    StunView view;
    view.type = load_be16(&message[0]);
    std::copy_n(&message[8], view.transaction.size(), view.transaction.begin());

    ByteReader reader(message);
    reader.skip(kHeaderSize);
    while (reader.left() > 0) {
        const size_t at = reader.position();
        const uint16_t type = reader.u16();
        const uint16_t size = reader.u16();
        const auto value = reader.bytes(size);
        reader.skip((4 - size % 4u) % 4);
        if (!reader.ok())
            return std::nullopt;
        if (type == static_cast<uint16_t>(StunAttribute::Fingerprint)) {
            if (size != 4 || reader.left() != 0 ||
                load_be32(value.data()) != fingerprint(message.first(at), load_be16(&message[2])))
                return std::nullopt;
        } else if (view.integrity_at != 0) {
            continue;
        } else if (type == static_cast<uint16_t>(StunAttribute::MessageIntegrity)) {
            if (size != HmacSha1::kSize)
                return std::nullopt;
            view.integrity_at = at;
        } else if (!take_attribute(view, type, value)) {
            return std::nullopt;
        }
    }
    return view;
}

bool verify_integrity(std::span<const uint8_t> message, const StunView &view, const HmacSha1 &key) {
    if (view.integrity_at == 0 || view.integrity_at + kIntegritySize > message.size())
        return false;
    const auto expected = integrity(message, view.integrity_at, key);
    return constant_time_equal(expected, message.subspan(view.integrity_at + 4, HmacSha1::kSize));
}

StunWriter::StunWriter(std::span<uint8_t> out, StunType type, const TransactionId &transaction)
    : out_(out), writer_(out), transaction_(transaction) {
    writer_.u16(static_cast<uint16_t>(type));
    writer_.u16(0);
    writer_.u32(kMagicCookie);
    writer_.bytes(transaction);
}

void StunWriter::attribute(StunAttribute type, size_t size) {
    writer_.u16(static_cast<uint16_t>(type));
    writer_.u16(static_cast<uint16_t>(size));
}

void StunWriter::username(std::string_view value) {
    attribute(StunAttribute::Username, value.size());
    writer_.text(value);
    writer_.pad_to_word();
}

void StunWriter::priority(uint32_t value) {
    attribute(StunAttribute::Priority, 4);
    writer_.u32(value);
}

void StunWriter::use_candidate() {
    attribute(StunAttribute::UseCandidate, 0);
}

void StunWriter::controlling(uint64_t tie_breaker) {
    attribute(StunAttribute::IceControlling, 8);
    writer_.u64(tie_breaker);
}

void StunWriter::controlled(uint64_t tie_breaker) {
    attribute(StunAttribute::IceControlled, 8);
    writer_.u64(tie_breaker);
}

void StunWriter::xor_mapped_address(const Address &address) {
    const size_t ip_size = address.v6 ? 16 : 4;
    attribute(StunAttribute::XorMappedAddress, 4 + ip_size);
    writer_.u8(0);
    writer_.u8(address.v6 ? 2 : 1);
    writer_.u16(static_cast<uint16_t>(address.port ^ kMagicCookie >> 16));
    uint8_t mask[16];
    store_be32(mask, kMagicCookie);
    std::copy(transaction_.begin(), transaction_.end(), mask + 4);
    for (size_t i = 0; i < ip_size; ++i)
        writer_.u8(address.ip[i] ^ mask[i]);
}

void StunWriter::error(uint16_t code, std::string_view reason) {
    attribute(StunAttribute::ErrorCode, 4 + reason.size());
    writer_.u16(0);
    writer_.u8(static_cast<uint8_t>(code / 100));
    writer_.u8(static_cast<uint8_t>(code % 100));
    writer_.text(reason);
    writer_.pad_to_word();
}

void StunWriter::empty_attribute(uint16_t type) {
    writer_.u16(type);
    writer_.u16(0);
}

void StunWriter::unknown_attribute(uint16_t type) {
    attribute(StunAttribute::UnknownAttributes, 2);
    writer_.u16(type);
    writer_.pad_to_word();
}

void StunWriter::patch_length(size_t extra) {
    if (writer_.ok())
        writer_.patch_u16(2, static_cast<uint16_t>(writer_.size() + extra - kHeaderSize));
}

size_t StunWriter::finish(const HmacSha1 &key) {
    if (!writer_.ok())
        return 0;
    const auto mac = integrity(out_, writer_.size(), key);
    attribute(StunAttribute::MessageIntegrity, mac.size());
    writer_.bytes(mac);
    if (!writer_.ok())
        return 0;
    patch_length(kFingerprintSize);
    const size_t covered = writer_.size();
    const uint32_t crc = fingerprint(out_.first(covered), load_be16(&out_[2]));
    attribute(StunAttribute::Fingerprint, 4);
    writer_.u32(crc);
    return writer_.size();
}

} // namespace peerwire
