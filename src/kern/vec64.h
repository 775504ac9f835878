/* Vectors of 64-bit lanes: one set of names over AVX-512 (8 lanes) and AVX2 (4 lanes).
 * SPDX-License-Identifier: Apache-2.0
 *
 * vd_ works on vectors of double, vq_ on their bits as uint64_t. A vector of words (vec.h) is one
 * of bits too. Every operation on doubles is one IEEE rounding. */
#ifndef SOW_KERN_VEC64_H
#define SOW_KERN_VEC64_H

#include "kern/vec.h"

#if defined(__AVX512F__)
#define SOW__LANES64 8

typedef __m512d vec_d;
typedef __m512i vec_q;
typedef __mmask8 mask_d;

static inline vec_d vd_set(double value)
{
    return _mm512_set1_pd(value);
}

static inline vec_q vq_set(uint64_t value)
{
    return _mm512_set1_epi64((long long)value);
}

static inline vec_d vd_load(const double *from)
{
    return _mm512_loadu_pd(from);
}

static inline void vd_store(double *to, vec_d a)
{
    _mm512_storeu_pd(to, a);
}

static inline vec_d vd_cast(vec_q a)
{
    return _mm512_castsi512_pd(a);
}

static inline vec_q vq_cast(vec_d a)
{
    return _mm512_castpd_si512(a);
}

#define vq_srl(a, n) _mm512_srli_epi64((a), (n))
#define vq_sll(a, n) _mm512_slli_epi64((a), (n))

static inline vec_q vq_add(vec_q a, vec_q b)
{
    return _mm512_add_epi64(a, b);
}

static inline vec_q vq_sub(vec_q a, vec_q b)
{
    return _mm512_sub_epi64(a, b);
}

static inline vec_q vq_and(vec_q a, vec_q b)
{
    return _mm512_and_si512(a, b);
}

static inline vec_q vq_or(vec_q a, vec_q b)
{
    return _mm512_or_si512(a, b);
}

static inline vec_q vq_xor(vec_q a, vec_q b)
{
    return _mm512_xor_si512(a, b);
}

static inline vec_d vd_add(vec_d a, vec_d b)
{
    return _mm512_add_pd(a, b);
}

static inline vec_d vd_sub(vec_d a, vec_d b)
{
    return _mm512_sub_pd(a, b);
}

static inline vec_d vd_mul(vec_d a, vec_d b)
{
    return _mm512_mul_pd(a, b);
}

static inline vec_d vd_fma(vec_d a, vec_d b, vec_d c)
{
    return _mm512_fmadd_pd(a, b, c);
}

/* c - a * b */
static inline vec_d vd_fnma(vec_d a, vec_d b, vec_d c)
{
    return _mm512_fnmadd_pd(a, b, c);
}

/* a * b - c */
static inline vec_d vd_fms(vec_d a, vec_d b, vec_d c)
{
    return _mm512_fmsub_pd(a, b, c);
}

static inline vec_d vd_sqrt(vec_d a)
{
    return _mm512_sqrt_pd(a);
}

static inline mask_d vd_less(vec_d a, vec_d b)
{
    return _mm512_cmp_pd_mask(a, b, _CMP_LT_OQ);
}

/* The lanes whose lowest bit is 1. */
static inline mask_d vq_odd(vec_q a)
{
    return _mm512_test_epi64_mask(a, _mm512_set1_epi64(1));
}

/* a where the mask is, b elsewhere. */
static inline vec_d vd_select(mask_d mask, vec_d a, vec_d b)
{
    return _mm512_mask_blend_pd(mask, b, a);
}

/* Lane j of column k is place k of row row[j]. Whole rows are read and turned, which is much
 * quicker than a gathering load for each column. */
static inline void vd_rows2(const double (*rows)[2], vec_q row, vec_d columns[2])
{
    uint64_t at[SOW__LANES64];
    _mm512_storeu_si512(at, row);
    const __m256d low_even = _mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_loadu_pd(rows[at[0]])),
                                                  _mm_loadu_pd(rows[at[2]]), 1);
    const __m256d low_odd = _mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_loadu_pd(rows[at[1]])),
                                                 _mm_loadu_pd(rows[at[3]]), 1);
    const __m256d high_even = _mm256_insertf128_pd(
        _mm256_castpd128_pd256(_mm_loadu_pd(rows[at[4]])), _mm_loadu_pd(rows[at[6]]), 1);
    const __m256d high_odd = _mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_loadu_pd(rows[at[5]])),
                                                  _mm_loadu_pd(rows[at[7]]), 1);
    const vec_d even = _mm512_insertf64x4(_mm512_castpd256_pd512(low_even), high_even, 1);
    const vec_d odd = _mm512_insertf64x4(_mm512_castpd256_pd512(low_odd), high_odd, 1);
    columns[0] = _mm512_unpacklo_pd(even, odd);
    columns[1] = _mm512_unpackhi_pd(even, odd);
}

static inline vec_d vd_two_rows(const double *low, const double *high)
{
    return _mm512_insertf64x4(_mm512_castpd256_pd512(_mm256_loadu_pd(low)), _mm256_loadu_pd(high),
                              1);
}

static inline void vd_rows4(const double (*rows)[4], vec_q row, vec_d columns[4])
{
    uint64_t at[SOW__LANES64];
    _mm512_storeu_si512(at, row);
    const vec_d r04 = vd_two_rows(rows[at[0]], rows[at[4]]);
    const vec_d r15 = vd_two_rows(rows[at[1]], rows[at[5]]);
    const vec_d r26 = vd_two_rows(rows[at[2]], rows[at[6]]);
    const vec_d r37 = vd_two_rows(rows[at[3]], rows[at[7]]);
    const vec_d even01 = _mm512_unpacklo_pd(r04, r15), odd01 = _mm512_unpackhi_pd(r04, r15);
    const vec_d even23 = _mm512_unpacklo_pd(r26, r37), odd23 = _mm512_unpackhi_pd(r26, r37);
    const vec_q first = _mm512_set_epi64(13, 12, 5, 4, 9, 8, 1, 0);
    const vec_q last = _mm512_set_epi64(15, 14, 7, 6, 11, 10, 3, 2);
    columns[0] = _mm512_permutex2var_pd(even01, first, even23);
    columns[1] = _mm512_permutex2var_pd(odd01, first, odd23);
    columns[2] = _mm512_permutex2var_pd(even01, last, even23);
    columns[3] = _mm512_permutex2var_pd(odd01, last, odd23);
}

#elif defined(__AVX2__)
#define SOW__LANES64 4

typedef __m256d vec_d;
typedef __m256i vec_q;
typedef __m256d mask_d; /* by the sign */

static inline vec_d vd_set(double value)
{
    return _mm256_set1_pd(value);
}

static inline vec_q vq_set(uint64_t value)
{
    return _mm256_set1_epi64x((long long)value);
}

static inline vec_d vd_load(const double *from)
{
    return _mm256_loadu_pd(from);
}

static inline void vd_store(double *to, vec_d a)
{
    _mm256_storeu_pd(to, a);
}

static inline vec_d vd_cast(vec_q a)
{
    return _mm256_castsi256_pd(a);
}

static inline vec_q vq_cast(vec_d a)
{
    return _mm256_castpd_si256(a);
}

#define vq_srl(a, n) _mm256_srli_epi64((a), (n))
#define vq_sll(a, n) _mm256_slli_epi64((a), (n))

static inline vec_q vq_add(vec_q a, vec_q b)
{
    return _mm256_add_epi64(a, b);
}

static inline vec_q vq_sub(vec_q a, vec_q b)
{
    return _mm256_sub_epi64(a, b);
}

static inline vec_q vq_and(vec_q a, vec_q b)
{
    return _mm256_and_si256(a, b);
}

static inline vec_q vq_or(vec_q a, vec_q b)
{
    return _mm256_or_si256(a, b);
}

static inline vec_q vq_xor(vec_q a, vec_q b)
{
    return _mm256_xor_si256(a, b);
}

static inline vec_d vd_add(vec_d a, vec_d b)
{
    return _mm256_add_pd(a, b);
}

static inline vec_d vd_sub(vec_d a, vec_d b)
{
    return _mm256_sub_pd(a, b);
}

static inline vec_d vd_mul(vec_d a, vec_d b)
{
    return _mm256_mul_pd(a, b);
}

static inline vec_d vd_fma(vec_d a, vec_d b, vec_d c)
{
    return _mm256_fmadd_pd(a, b, c);
}

static inline vec_d vd_fnma(vec_d a, vec_d b, vec_d c)
{
    return _mm256_fnmadd_pd(a, b, c);
}

static inline vec_d vd_fms(vec_d a, vec_d b, vec_d c)
{
    return _mm256_fmsub_pd(a, b, c);
}

static inline vec_d vd_sqrt(vec_d a)
{
    return _mm256_sqrt_pd(a);
}

static inline mask_d vd_less(vec_d a, vec_d b)
{
    return _mm256_cmp_pd(a, b, _CMP_LT_OQ);
}

static inline mask_d vq_odd(vec_q a)
{
    return vd_cast(vq_sll(a, 63));
}

static inline vec_d vd_select(mask_d mask, vec_d a, vec_d b)
{
    return _mm256_blendv_pd(b, a, mask);
}

static inline void vd_rows2(const double (*rows)[2], vec_q row, vec_d columns[2])
{
    uint64_t at[SOW__LANES64];
    _mm256_storeu_si256((__m256i *)at, row);
    const vec_d even = _mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_loadu_pd(rows[at[0]])),
                                            _mm_loadu_pd(rows[at[2]]), 1);
    const vec_d odd = _mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_loadu_pd(rows[at[1]])),
                                           _mm_loadu_pd(rows[at[3]]), 1);
    columns[0] = _mm256_unpacklo_pd(even, odd);
    columns[1] = _mm256_unpackhi_pd(even, odd);
}

static inline void vd_rows4(const double (*rows)[4], vec_q row, vec_d columns[4])
{
    uint64_t at[SOW__LANES64];
    _mm256_storeu_si256((__m256i *)at, row);
    const vec_d r0 = _mm256_loadu_pd(rows[at[0]]), r1 = _mm256_loadu_pd(rows[at[1]]);
    const vec_d r2 = _mm256_loadu_pd(rows[at[2]]), r3 = _mm256_loadu_pd(rows[at[3]]);
    const vec_d even01 = _mm256_unpacklo_pd(r0, r1), odd01 = _mm256_unpackhi_pd(r0, r1);
    const vec_d even23 = _mm256_unpacklo_pd(r2, r3), odd23 = _mm256_unpackhi_pd(r2, r3);
    columns[0] = _mm256_permute2f128_pd(even01, even23, 0x20);
    columns[1] = _mm256_permute2f128_pd(odd01, odd23, 0x20);
    columns[2] = _mm256_permute2f128_pd(even01, even23, 0x31);
    columns[3] = _mm256_permute2f128_pd(odd01, odd23, 0x31);
}

#endif
#endif
