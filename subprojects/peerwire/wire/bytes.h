// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Big-endian loads and stores, and a cursor for each direction that cannot leave its span.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace peerwire {

inline uint16_t load_be16(const uint8_t *p) {
    return static_cast<uint16_t>(p[0] << 8 | p[1]);
}
inline uint32_t load_be24(const uint8_t *p) {
    return uint32_t{p[0]} << 16 | uint32_t{p[1]} << 8 | p[2];
}
inline uint32_t load_be32(const uint8_t *p) {
    return uint32_t{load_be16(p)} << 16 | load_be16(p + 2);
}
inline uint64_t load_be64(const uint8_t *p) {
    return uint64_t{load_be32(p)} << 32 | load_be32(p + 4);
}

inline void store_be16(uint8_t *p, uint16_t v) {
    p[0] = static_cast<uint8_t>(v >> 8);
    p[1] = static_cast<uint8_t>(v);
}
inline void store_be24(uint8_t *p, uint32_t v) {
    p[0] = static_cast<uint8_t>(v >> 16);
    store_be16(p + 1, static_cast<uint16_t>(v));
}
inline void store_be32(uint8_t *p, uint32_t v) {
    store_be16(p, static_cast<uint16_t>(v >> 16));
    store_be16(p + 2, static_cast<uint16_t>(v));
}
inline void store_be64(uint8_t *p, uint64_t v) {
    store_be32(p, static_cast<uint32_t>(v >> 32));
    store_be32(p + 4, static_cast<uint32_t>(v));
}

/// Reads forward. After the first read that does not fit, ok() is false and every read gives zeros. Reentrant.
class ByteReader {
  public:
    explicit ByteReader(std::span<const uint8_t> bytes) : bytes_(bytes) {}

    bool ok() const { return ok_; }
    size_t left() const { return bytes_.size() - at_; }
    size_t position() const { return at_; }

    uint8_t u8() { return take(1) ? bytes_[at_ - 1] : uint8_t{0}; }
    uint16_t u16() { return take(2) ? load_be16(&bytes_[at_ - 2]) : uint16_t{0}; }
    uint32_t u24() { return take(3) ? load_be24(&bytes_[at_ - 3]) : 0; }
    uint32_t u32() { return take(4) ? load_be32(&bytes_[at_ - 4]) : 0; }
    uint64_t u64() { return take(8) ? load_be64(&bytes_[at_ - 8]) : 0; }
    std::span<const uint8_t> bytes(size_t n) {
        return take(n) ? bytes_.subspan(at_ - n, n) : std::span<const uint8_t>{};
    }
    void skip(size_t n) { take(n); }

  private:
    bool take(size_t n) {
        if (!ok_ || n > left())
            return ok_ = false;
        at_ += n;
        return true;
    }

    std::span<const uint8_t> bytes_;
    size_t at_ = 0;
    bool ok_ = true;
};

/// Writes forward. After the first write that does not fit, ok() is false and size() is 0. Reentrant.
class ByteWriter {
  public:
    explicit ByteWriter(std::span<uint8_t> bytes) : bytes_(bytes) {}

    bool ok() const { return ok_; }
    /// What was written so far; 0 when something did not fit.
    size_t size() const { return ok_ ? at_ : 0; }

    void u8(uint8_t v) {
        if (take(1))
            bytes_[at_ - 1] = v;
    }
    void u16(uint16_t v) {
        if (take(2))
            store_be16(&bytes_[at_ - 2], v);
    }
    void u24(uint32_t v) {
        if (take(3))
            store_be24(&bytes_[at_ - 3], v);
    }
    void u32(uint32_t v) {
        if (take(4))
            store_be32(&bytes_[at_ - 4], v);
    }
    void u64(uint64_t v) {
        if (take(8))
            store_be64(&bytes_[at_ - 8], v);
    }
    void bytes(std::span<const uint8_t> v) {
        if (!v.empty() && take(v.size()))
            std::memcpy(&bytes_[at_ - v.size()], v.data(), v.size());
    }
    void text(std::string_view v) { bytes({reinterpret_cast<const uint8_t *>(v.data()), v.size()}); }
    void zeros(size_t n) {
        if (n > 0 && take(n))
            std::memset(&bytes_[at_ - n], 0, n);
    }
    /// Zeros up to the next multiple of four bytes.
    void pad_to_word() { zeros((4 - at_ % 4) % 4); }
    /// Overwrites two bytes that were written before (a length that is known only now).
    void patch_u16(size_t at, uint16_t v) {
        if (ok_ && at + 2 <= at_)
            store_be16(&bytes_[at], v);
    }

  private:
    bool take(size_t n) {
        if (!ok_ || n > bytes_.size() - at_)
            return ok_ = false;
        at_ += n;
        return true;
    }

    std::span<uint8_t> bytes_;
    size_t at_ = 0;
    bool ok_ = true;
};

} // namespace peerwire
