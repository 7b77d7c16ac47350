// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/halve.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace livecompositor {

namespace {

using HalveRow = void (*)(uint8_t *, const uint8_t *, const uint8_t *, int);

/// w samples of the mean of two rows of 2 * w.
void halve_row(uint8_t *__restrict d, const uint8_t *__restrict a, const uint8_t *__restrict b, int w) {
    for (int i = 0; i < w; ++i)
        d[i] = static_cast<uint8_t>((a[2 * i] + a[2 * i + 1] + b[2 * i] + b[2 * i + 1] + 2) >> 2);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) __m256i halve_32(const uint8_t *a, const uint8_t *b) {
    const __m256i ones = _mm256_set1_epi8(1), two = _mm256_set1_epi16(2);
    const __m256i above = _mm256_maddubs_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i *>(a)), ones);
    const __m256i below = _mm256_maddubs_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i *>(b)), ones);
    return _mm256_srli_epi16(_mm256_add_epi16(_mm256_add_epi16(above, below), two), 2);
}

__attribute__((target("avx2"))) void halve_row_avx2(uint8_t *d, const uint8_t *a, const uint8_t *b, int w) {
    constexpr int kAtOnce = 32;
    int i = 0;
    for (; i + kAtOnce <= w; i += kAtOnce) {
        const __m256i both =
            _mm256_packus_epi16(halve_32(a + 2 * i, b + 2 * i), halve_32(a + 2 * i + kAtOnce, b + 2 * i + kAtOnce));
        // Packing works within halves of a register: put the quarters into order.
        _mm256_storeu_si256(reinterpret_cast<__m256i *>(d + i), _mm256_permute4x64_epi64(both, 0b11'01'10'00));
    }
    halve_row(d + i, a + 2 * i, b + 2 * i, w - i);
}
#endif

HalveRow best_halve_row() {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2"))
        return halve_row_avx2;
#endif
    return halve_row;
}

} // namespace

void halve(const Picture &source, const Picture &to) {
    static const HalveRow row = best_halve_row();
    for (int plane = 0; plane < 3; ++plane) {
        const int w = plane ? to.size.w / 2 : to.size.w, h = plane ? to.size.h / 2 : to.size.h;
        const uint8_t *from = source.data[plane];
        uint8_t *d = to.data[plane];
        for (int y = 0; y < h; ++y, d += to.stride[plane], from += 2 * ptrdiff_t{source.stride[plane]})
            row(d, from, from + source.stride[plane], w);
    }
}

} // namespace livecompositor
