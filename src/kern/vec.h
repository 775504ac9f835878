/* Vectors of 32-bit lanes: one set of names over AVX-512 (16 lanes) and AVX2 (8 lanes).
 * SPDX-License-Identifier: Apache-2.0
 *
 * vu_ works on vectors of uint32_t, vf_ on vectors of float; every operation on floats is one IEEE
 * rounding. Without either instruction set SOW__LANES is not defined, and the plain text is all
 * there is. A "pair" is what a block of 16 normals is made of: lane j of `first` holds word j of a
 * block and lane j of `second` word j + 8; 16 lanes hold the pairs of two blocks. */
#ifndef SOW_KERN_VEC_H
#define SOW_KERN_VEC_H

#include <stdint.h>

#if defined(__AVX512F__)
#include <immintrin.h>
#define SOW__LANES 16

typedef __m512i vec_u;
typedef __m512 vec_f;

static inline vec_u vu_load(const uint32_t *from)
{
    return _mm512_loadu_si512(from);
}

static inline void vu_store(uint32_t *to, vec_u a)
{
    _mm512_storeu_si512(to, a);
}

static inline vec_u vu_set(uint32_t value)
{
    return _mm512_set1_epi32((int)value);
}

static inline vec_f vf_set(float value)
{
    return _mm512_set1_ps(value);
}

static inline vec_f vf_load(const float *from)
{
    return _mm512_loadu_ps(from);
}

/* One bit per lane: a < low or a > high. */
static inline unsigned vf_outside(vec_f a, vec_f low, vec_f high)
{
    return (unsigned)(_mm512_cmp_ps_mask(a, low, _CMP_LT_OQ) |
                      _mm512_cmp_ps_mask(a, high, _CMP_GT_OQ));
}

static inline void vf_store(float *to, vec_f a)
{
    _mm512_storeu_ps(to, a);
}

/* Past the caches; to is aligned to 64 bytes. */
static inline void vf_stream(float *to, vec_f a)
{
    _mm512_stream_ps(to, a);
}

#define vu_srl(a, n) _mm512_srli_epi32((a), (n))
#define vu_sra(a, n) _mm512_srai_epi32((a), (n))
#define vu_sll(a, n) _mm512_slli_epi32((a), (n))

static inline vec_u vu_add(vec_u a, vec_u b)
{
    return _mm512_add_epi32(a, b);
}

static inline vec_u vu_sub(vec_u a, vec_u b)
{
    return _mm512_sub_epi32(a, b);
}

static inline vec_u vu_and(vec_u a, vec_u b)
{
    return _mm512_and_si512(a, b);
}

static inline vec_u vu_xor(vec_u a, vec_u b)
{
    return _mm512_xor_si512(a, b);
}

/* a ^ (b & c) */
static inline vec_u vu_xor_of_and(vec_u a, vec_u b, vec_u c)
{
    return _mm512_ternarylogic_epi32(a, b, c, 0x78);
}

/* (a ^ b) & c */
static inline vec_u vu_and_of_xor(vec_u a, vec_u b, vec_u c)
{
    return _mm512_ternarylogic_epi32(a, b, c, 0x28);
}

/* ~(a ^ b) & c */
static inline vec_u vu_and_of_xnor(vec_u a, vec_u b, vec_u c)
{
    return _mm512_ternarylogic_epi32(a, b, c, 0x82);
}

/* Bits of a where the mask is 0, of b where it is 1. */
static inline vec_u vu_merge(vec_u a, vec_u b, vec_u mask)
{
    return _mm512_ternarylogic_epi32(mask, b, a, 0xCA);
}

/* a ^ b, and ^ value in the lanes whose `odd` is. */
static inline vec_u vu_xor_where_odd(vec_u a, vec_u b, vec_u odd, uint32_t value)
{
    const __mmask16 lanes = _mm512_test_epi32_mask(odd, _mm512_set1_epi32(1));
    const vec_u sum = _mm512_xor_si512(a, b);
    return _mm512_mask_xor_epi32(sum, lanes, sum, vu_set(value));
}

/* Lanes 1.. of a, then lane 0 of b: the words one further on. */
static inline vec_u vu_next(const uint32_t *from, vec_u a, vec_u b)
{
    (void)from;
    return _mm512_alignr_epi32(b, a, 1);
}

static inline vec_f vf_from_u(vec_u a)
{
    return _mm512_cvtepi32_ps(a);
}

static inline vec_f vf_cast(vec_u a)
{
    return _mm512_castsi512_ps(a);
}

static inline vec_u vu_cast(vec_f a)
{
    return _mm512_castps_si512(a);
}

static inline vec_f vf_add(vec_f a, vec_f b)
{
    return _mm512_add_ps(a, b);
}

static inline vec_f vf_sub(vec_f a, vec_f b)
{
    return _mm512_sub_ps(a, b);
}

static inline vec_f vf_mul(vec_f a, vec_f b)
{
    return _mm512_mul_ps(a, b);
}

static inline vec_f vf_fma(vec_f a, vec_f b, vec_f c)
{
    return _mm512_fmadd_ps(a, b, c);
}

/* c - a * b */
static inline vec_f vf_fnma(vec_f a, vec_f b, vec_f c)
{
    return _mm512_fnmadd_ps(a, b, c);
}

/* a * b - c */
static inline vec_f vf_fms(vec_f a, vec_f b, vec_f c)
{
    return _mm512_fmsub_ps(a, b, c);
}

static inline vec_f vf_sqrt(vec_f a)
{
    return _mm512_sqrt_ps(a);
}

/* *a and *b change places where bit 22 of `bits` is 1. */
static inline void vf_swap_where_bit22(vec_f *a, vec_f *b, vec_u bits)
{
    const __mmask16 lanes = _mm512_test_epi32_mask(bits, _mm512_set1_epi32(1 << 22));
    const vec_f first = _mm512_mask_blend_ps(lanes, *a, *b);
    *b = _mm512_mask_blend_ps(lanes, *b, *a);
    *a = first;
}

/* Where value == top: from. */
static inline vec_f vf_replace(vec_f value, vec_f top, vec_f from)
{
    return _mm512_mask_mov_ps(value, _mm512_cmp_ps_mask(value, top, _CMP_EQ_OQ), from);
}

static inline void vu_load_pairs(const uint32_t *from, vec_u *first, vec_u *second)
{
    const vec_u a = vu_load(from), b = vu_load(from + 16);
    *first = _mm512_shuffle_i64x2(a, b, 0x44);
    *second = _mm512_shuffle_i64x2(a, b, 0xEE);
}

static inline void vf_store_pairs(float *to, vec_f first, vec_f second)
{
    vf_store(to, _mm512_shuffle_f32x4(first, second, 0x44));
    vf_store(to + 16, _mm512_shuffle_f32x4(first, second, 0xEE));
}

/* Two vectors of float in lane order as one of 16-bit numbers; no NaN. */
typedef __m512i vec_h;

static inline vec_h vh_f16(vec_f a, vec_f b)
{
    return _mm512_inserti64x4(_mm512_castsi256_si512(_mm512_cvtps_ph(a, 0)), _mm512_cvtps_ph(b, 0),
                              1);
}

static inline vec_u vu_round_bf16(vec_f a)
{
    const vec_u bits = vu_cast(a);
    const vec_u odd = vu_and(vu_srl(bits, 16), vu_set(1));
    return vu_add(vu_add(bits, vu_set(0x7FFF)), odd);
}

static inline vec_h vh_bf16(vec_f a, vec_f b)
{
    const __m512i high_halves = _mm512_add_epi16(
        _mm512_set1_epi16(1),
        _mm512_set_epi16(62, 60, 58, 56, 54, 52, 50, 48, 46, 44, 42, 40, 38, 36, 34, 32, 30, 28, 26,
                         24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0));
    return _mm512_permutex2var_epi16(vu_round_bf16(a), high_halves, vu_round_bf16(b));
}

static inline void vh_store(uint16_t *to, vec_h a)
{
    _mm512_storeu_si512(to, a);
}

/* Like vh_store, but the vector holds pairs: eight of `first` and eight of `second` take turns. */
static inline void vh_store_pairs(uint16_t *to, vec_h a)
{
    _mm512_storeu_si512(to, _mm512_shuffle_i64x2(a, a, 0xD8));
}

static inline vec_h vh_replace(vec_h value, uint16_t top, uint16_t from)
{
    const __mmask32 lanes = _mm512_cmpeq_epi16_mask(value, _mm512_set1_epi16((short)top));
    return _mm512_mask_mov_epi16(value, lanes, _mm512_set1_epi16((short)from));
}

#elif defined(__AVX2__)
#include <immintrin.h>
#define SOW__LANES 8

typedef __m256i vec_u;
typedef __m256 vec_f;

static inline vec_u vu_load(const uint32_t *from)
{
    return _mm256_loadu_si256((const __m256i *)from);
}

static inline void vu_store(uint32_t *to, vec_u a)
{
    _mm256_storeu_si256((__m256i *)to, a);
}

static inline vec_u vu_set(uint32_t value)
{
    return _mm256_set1_epi32((int)value);
}

static inline vec_f vf_set(float value)
{
    return _mm256_set1_ps(value);
}

static inline vec_f vf_load(const float *from)
{
    return _mm256_loadu_ps(from);
}

/* One bit per lane: a < low or a > high. */
static inline unsigned vf_outside(vec_f a, vec_f low, vec_f high)
{
    return (unsigned)_mm256_movemask_ps(
        _mm256_or_ps(_mm256_cmp_ps(a, low, _CMP_LT_OQ), _mm256_cmp_ps(a, high, _CMP_GT_OQ)));
}

static inline void vf_store(float *to, vec_f a)
{
    _mm256_storeu_ps(to, a);
}

static inline void vf_stream(float *to, vec_f a)
{
    _mm256_stream_ps(to, a);
}

#define vu_srl(a, n) _mm256_srli_epi32((a), (n))
#define vu_sra(a, n) _mm256_srai_epi32((a), (n))
#define vu_sll(a, n) _mm256_slli_epi32((a), (n))

static inline vec_u vu_add(vec_u a, vec_u b)
{
    return _mm256_add_epi32(a, b);
}

static inline vec_u vu_sub(vec_u a, vec_u b)
{
    return _mm256_sub_epi32(a, b);
}

static inline vec_u vu_and(vec_u a, vec_u b)
{
    return _mm256_and_si256(a, b);
}

static inline vec_u vu_xor(vec_u a, vec_u b)
{
    return _mm256_xor_si256(a, b);
}

static inline vec_u vu_xor_of_and(vec_u a, vec_u b, vec_u c)
{
    return vu_xor(a, vu_and(b, c));
}

static inline vec_u vu_and_of_xor(vec_u a, vec_u b, vec_u c)
{
    return vu_and(vu_xor(a, b), c);
}

static inline vec_u vu_and_of_xnor(vec_u a, vec_u b, vec_u c)
{
    return _mm256_andnot_si256(vu_xor(a, b), c);
}

static inline vec_u vu_merge(vec_u a, vec_u b, vec_u mask)
{
    return vu_xor(a, vu_and(vu_xor(a, b), mask));
}

static inline vec_u vu_xor_where_odd(vec_u a, vec_u b, vec_u odd, uint32_t value)
{
    const vec_u lanes = vu_sub(vu_set(0), vu_and(odd, vu_set(1)));
    return vu_xor(vu_xor(a, b), vu_and(lanes, vu_set(value)));
}

static inline vec_u vu_next(const uint32_t *from, vec_u a, vec_u b)
{
    (void)a;
    (void)b;
    return vu_load(from + 1);
}

static inline vec_f vf_from_u(vec_u a)
{
    return _mm256_cvtepi32_ps(a);
}

static inline vec_f vf_cast(vec_u a)
{
    return _mm256_castsi256_ps(a);
}

static inline vec_u vu_cast(vec_f a)
{
    return _mm256_castps_si256(a);
}

static inline vec_f vf_add(vec_f a, vec_f b)
{
    return _mm256_add_ps(a, b);
}

static inline vec_f vf_sub(vec_f a, vec_f b)
{
    return _mm256_sub_ps(a, b);
}

static inline vec_f vf_mul(vec_f a, vec_f b)
{
    return _mm256_mul_ps(a, b);
}

static inline vec_f vf_fma(vec_f a, vec_f b, vec_f c)
{
    return _mm256_fmadd_ps(a, b, c);
}

static inline vec_f vf_fnma(vec_f a, vec_f b, vec_f c)
{
    return _mm256_fnmadd_ps(a, b, c);
}

static inline vec_f vf_fms(vec_f a, vec_f b, vec_f c)
{
    return _mm256_fmsub_ps(a, b, c);
}

static inline vec_f vf_sqrt(vec_f a)
{
    return _mm256_sqrt_ps(a);
}

static inline void vf_swap_where_bit22(vec_f *a, vec_f *b, vec_u bits)
{
    const vec_f lanes = vf_cast(vu_sll(bits, 9)); /* by the sign */
    const vec_f first = _mm256_blendv_ps(*a, *b, lanes);
    *b = _mm256_blendv_ps(*b, *a, lanes);
    *a = first;
}

static inline vec_f vf_replace(vec_f value, vec_f top, vec_f from)
{
    return _mm256_blendv_ps(value, from, _mm256_cmp_ps(value, top, _CMP_EQ_OQ));
}

static inline void vu_load_pairs(const uint32_t *from, vec_u *first, vec_u *second)
{
    *first = vu_load(from);
    *second = vu_load(from + 8);
}

static inline void vf_store_pairs(float *to, vec_f first, vec_f second)
{
    vf_store(to, first);
    vf_store(to + 8, second);
}

typedef __m256i vec_h;

static inline vec_h vh_f16(vec_f a, vec_f b)
{
    return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm256_cvtps_ph(a, 0)),
                                   _mm256_cvtps_ph(b, 0), 1);
}

static inline vec_u vu_round_bf16(vec_f a)
{
    const vec_u bits = vu_cast(a);
    const vec_u odd = vu_and(vu_srl(bits, 16), vu_set(1));
    return vu_srl(vu_add(vu_add(bits, vu_set(0x7FFF)), odd), 16);
}

static inline vec_h vh_bf16(vec_f a, vec_f b)
{
    const __m256i packed = _mm256_packus_epi32(vu_round_bf16(a), vu_round_bf16(b));
    return _mm256_permute4x64_epi64(packed, 0xD8);
}

static inline void vh_store(uint16_t *to, vec_h a)
{
    _mm256_storeu_si256((__m256i *)to, a);
}

static inline void vh_store_pairs(uint16_t *to, vec_h a)
{
    vh_store(to, a);
}

static inline vec_h vh_replace(vec_h value, uint16_t top, uint16_t from)
{
    const __m256i lanes = _mm256_cmpeq_epi16(value, _mm256_set1_epi16((short)top));
    return _mm256_blendv_epi8(value, _mm256_set1_epi16((short)from), lanes);
}

#endif
#endif
