// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace peerwire {

/// Reads single bits forward, most significant first. After the first read that does not fit, ok() is false and every
/// read gives zeros. Reentrant.
class BitReader {
  public:
    explicit BitReader(std::span<const uint8_t> bytes) : bytes_(bytes) {}

    bool ok() const { return ok_; }
    /// At most 32 of them.
    uint32_t bits(unsigned count) {
        uint32_t value = 0;
        while (count-- > 0)
            value = value << 1 | bit();
        return value;
    }
    bool flag() { return bit() != 0; }
    void skip(unsigned count) {
        while (count-- > 0 && ok_)
            bit();
    }
    /// ue(v) of ITU-T H.264 §9.1; codes of more than 32 bits do not fit.
    uint32_t unsigned_golomb() {
        unsigned zeros = 0;
        while (ok_ && !bit())
            if (++zeros > 31)
                ok_ = false;
        return ok_ ? static_cast<uint32_t>((uint64_t{1} << zeros) - 1 + bits(zeros)) : 0;
    }
    /// se(v) of ITU-T H.264 §9.1.1.
    int32_t signed_golomb() {
        const uint32_t code = unsigned_golomb();
        const auto half = static_cast<int32_t>(code / 2);
        return code % 2 ? half + 1 : -half;
    }

  private:
    uint32_t bit() {
        if (!ok_ || at_ / 8 >= bytes_.size()) {
            ok_ = false;
            return 0;
        }
        const uint32_t value = bytes_[at_ / 8] >> (7 - at_ % 8) & 1;
        ++at_;
        return value;
    }

    std::span<const uint8_t> bytes_;
    size_t at_ = 0; // bits
    bool ok_ = true;
};

} // namespace peerwire
