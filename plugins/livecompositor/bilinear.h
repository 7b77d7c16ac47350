// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "livecompositor/image.h"

namespace livecompositor {

/// Scales one 8-bit plane bilinearly. Meant for factors between a half and any enlargement; what is larger is halved
/// first. Uses SSSE3 where there is some: three to ten times faster than GstVideoConverter's. Reentrant, not
/// thread-safe.
class PlaneScaler {
  public:
    PlaneScaler(Size from, Size to);
    void scale(const uint8_t *source, int source_stride, uint8_t *to, int to_stride);

  private:
    static constexpr int kLanes = 8;
    struct Column {
        int left;   ///< neighbour
        int weight; ///< of the right neighbour, of 64
    };
    /// The same for kLanes columns at once.
    struct Group {
        int first = 0;                    ///< sample that offsets count from
        uint8_t offsets[2 * kLanes] = {}; ///< left and right neighbour of each
        int8_t weights[2 * kLanes] = {};  ///< of 64
    };
    bool make_groups();
    void blend_rows(const uint8_t *above, const uint8_t *below, int weight);
    void scale_row(uint8_t *to) const;
    void scale_row_ssse3(uint8_t *to) const;

    Size from_;
    Size to_;
    std::vector<Column> columns_;
    std::vector<Group> groups_;
    std::vector<uint8_t> row_; ///< one source row after the vertical pass, with room to read behind its end
    bool vectors_;
};

/// The three planes of I420.
class PictureScaler {
  public:
    PictureScaler(Size from, Size to) : luma_(from, to), chroma_({from.w / 2, from.h / 2}, {to.w / 2, to.h / 2}) {}
    void scale(const Picture &source, const Picture &to);

  private:
    PlaneScaler luma_;
    PlaneScaler chroma_;
};

} // namespace livecompositor
