// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Picture ids and TL0PICIDX in the payload descriptors of VP8 (RFC 7741 §4.2) and VP9 (RFC 9628 §4.2): decoders order
// and connect pictures by them, so they go on over sources and layers as sequence numbers do.

#pragma once

#include "fanout/codec.h"

#include <cstdint>
#include <span>

namespace peerwire {

/// What one payload says of its picture, in the numbers of its track, and where. A field that the payload does not have
/// is at 0, and its number is the one that would come next.
struct PictureMark {
    uint16_t id = 0;      ///< modulo 2^15
    uint8_t tl0 = 0;      ///< running index of the pictures of the lowest temporal layer
    uint8_t id_at = 0;    ///< bytes from the start of the payload
    uint8_t tl0_at = 0;   ///< likewise
    bool wide_id = false; ///< 15 bits, otherwise 7
};

/// Added to the numbers of a track, modulo their size.
struct PictureOffset {
    uint16_t id = 0;
    uint8_t tl0 = 0;
};

/// Overwrites the fields that are there.
void write_picture_numbers(std::span<uint8_t> payload, const PictureMark &mark, PictureOffset offset);

/// The numbers that come after those of a packet, in the track's numbers.
PictureOffset following(const PictureMark &mark);

/// Numbers the pictures of one source after another. The first source keeps its own. Thread-bound: the track's writer.
class PictureNumbering {
  public:
    void begin_source() { in_source_ = {}; }
    /// Untrusted bytes in.
    PictureMark number(Codec codec, std::span<const uint8_t> payload);

  private:
    struct Present {
        bool id = false, tl0 = false, wide_id = false;
    };

    uint16_t number_id(uint16_t id, bool wide);
    uint8_t number_tl0(uint8_t tl0);

    Present in_source_; // fields that this source had
    bool any_id_ = false, any_tl0_ = false;
    uint16_t source_id_ = 0, newest_id_ = 0; // the same picture, in the source's and the track's numbers
    uint8_t tl0_offset_ = 0, newest_tl0_ = 0;
};

} // namespace peerwire
