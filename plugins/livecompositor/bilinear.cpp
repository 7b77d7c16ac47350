// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/bilinear.h"

#include <algorithm>
#include <cstring>

#if defined(__x86_64__)
#include <tmmintrin.h>
#endif

namespace livecompositor {

namespace {

constexpr int kWeight = 64;     // of the horizontal pass: two weights must fit signed bytes
constexpr int kRowWeight = 256; // of the vertical pass
constexpr int kReach = 16;      // bytes that one vector load sees

/// Where sample `i` of `to` lies among `from` samples, with pixel centres on each other: the left neighbour and the
/// weight of the right one in 1/`unit`.
std::pair<int, int> position(int i, int from, int to, int unit) {
    const int64_t at = std::max<int64_t>(0, (int64_t{2 * i + 1} * from - to) * unit / (int64_t{2} * to));
    const int left = static_cast<int>(at / unit);
    return left >= from - 1 ? std::pair{from - 1, 0} : std::pair{left, static_cast<int>(at % unit)};
}

void blend(uint8_t *__restrict out, const uint8_t *__restrict a, const uint8_t *__restrict b, int w, uint16_t weight) {
    const auto rest = static_cast<uint16_t>(kRowWeight - weight);
    for (int x = 0; x < w; ++x)
        out[x] = static_cast<uint8_t>(static_cast<uint16_t>(a[x] * rest + b[x] * weight + kRowWeight / 2) / kRowWeight);
}

bool have_ssse3() {
#if defined(__x86_64__)
    return __builtin_cpu_supports("ssse3");
#else
    return false;
#endif
}

} // namespace

PlaneScaler::PlaneScaler(Size from, Size to) : from_(from), to_(to), row_(static_cast<size_t>(from.w + kReach)) {
    for (int x = 0; x < to.w; ++x) {
        const auto [left, weight] = position(x, from.w, to.w, kWeight);
        columns_.push_back({left, weight});
    }
    vectors_ = have_ssse3() && make_groups();
}

/// False when neighbouring columns are too far apart in the source for one load.
bool PlaneScaler::make_groups() {
    groups_.resize((columns_.size() + kLanes - 1) / kLanes);
    for (size_t x = 0; x < columns_.size(); ++x) {
        Group &group = groups_[x / kLanes];
        const size_t lane = 2 * (x % kLanes);
        if (lane == 0)
            group.first = columns_[x].left;
        const int offset = columns_[x].left - group.first;
        if (offset + 1 >= kReach)
            return false;
        group.offsets[lane] = static_cast<uint8_t>(offset);
        group.offsets[lane + 1] = static_cast<uint8_t>(offset + 1);
        group.weights[lane] = static_cast<int8_t>(kWeight - columns_[x].weight);
        group.weights[lane + 1] = static_cast<int8_t>(columns_[x].weight);
    }
    return true;
}

void PlaneScaler::blend_rows(const uint8_t *above, const uint8_t *below, int weight) {
    if (weight == 0)
        std::memcpy(row_.data(), above, static_cast<size_t>(from_.w));
    else
        blend(row_.data(), above, below, from_.w, static_cast<uint16_t>(weight));
}

void PlaneScaler::scale_row(uint8_t *to) const {
    for (const Column &c : columns_) {
        const uint8_t *const s = &row_[static_cast<size_t>(c.left)];
        *to++ = static_cast<uint8_t>((s[0] * (kWeight - c.weight) + s[1] * c.weight + kWeight / 2) / kWeight);
    }
}

#if defined(__x86_64__)
__attribute__((target("ssse3"))) void PlaneScaler::scale_row_ssse3(uint8_t *to) const {
    const __m128i half = _mm_set1_epi16(kWeight / 2);
    const auto load = [](const void *p) __attribute__((target("ssse3"))) {
        return _mm_loadu_si128(static_cast<const __m128i *>(p));
    };
    int left = to_.w;
    for (const Group &group : groups_) {
        const __m128i pairs = _mm_shuffle_epi8(load(&row_[static_cast<size_t>(group.first)]), load(group.offsets));
        const __m128i sums = _mm_add_epi16(_mm_maddubs_epi16(pairs, load(group.weights)), half);
        const __m128i bytes = _mm_packus_epi16(_mm_srli_epi16(sums, 6), sums);
        uint8_t out[kReach];
        _mm_storeu_si128(reinterpret_cast<__m128i *>(out), bytes);
        if (left >= kLanes)
            std::memcpy(to, out, kLanes);
        else
            std::memcpy(to, out, static_cast<size_t>(left));
        to += kLanes;
        left -= kLanes;
    }
}
#else
void PlaneScaler::scale_row_ssse3(uint8_t *to) const {
    scale_row(to);
}
#endif

void PlaneScaler::scale(const uint8_t *source, int source_stride, uint8_t *to, int to_stride) {
    for (int y = 0; y < to_.h; ++y, to += to_stride) {
        const auto [above, weight] = position(y, from_.h, to_.h, kRowWeight);
        const uint8_t *const a = source + static_cast<ptrdiff_t>(above) * source_stride;
        blend_rows(a, weight ? a + source_stride : a, weight);
        if (vectors_)
            scale_row_ssse3(to);
        else
            scale_row(to);
    }
}

void PictureScaler::scale(const Picture &source, const Picture &to) {
    luma_.scale(source.data[0], source.stride[0], to.data[0], to.stride[0]);
    for (int p = 1; p < 3; ++p)
        chroma_.scale(source.data[p], source.stride[p], to.data[p], to.stride[p]);
}

} // namespace livecompositor
