/* Steps that every kernel shares, for one lane: bits of floats, fused steps, 16-bit rounding.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Written without branches, so that a loop over them becomes vector code. */
#ifndef SOW_KERN_LANES_H
#define SOW_KERN_LANES_H

#include <math.h>
#include <stdint.h>
#include <string.h>

static inline uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline uint64_t bits64_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline double double_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* a where the condition (0 or 1) holds, b elsewhere. As masks: from a conditional the compiler may
 * make a branch, which keeps a loop from becoming vector code. */
static inline uint32_t select_bits(uint32_t condition, uint32_t a, uint32_t b)
{
    return b ^ ((a ^ b) & (0u - condition));
}

/* a * b + c rounded once to float32. Without a fused instruction: the product is exact in double,
 * the sum is rounded to odd there (Boldo & Melquiond 2008), and 53 bits to odd are enough for the
 * last rounding to see the exact sum. A call of the C library for each lane would not vectorise. */
static inline float fma32(float a, float b, float c)
{
#if defined(__FMA__) || defined(__FP_FAST_FMAF) || defined(__ARM_FEATURE_FMA)
    return fmaf(a, b, c);
#else
    const double product = (double)a * (double)b, addend = (double)c;
    const double sum = product + addend;
    const double part = sum - product;
    const double error = (product - (sum - part)) + (addend - part);
    const uint64_t bits = bits64_of(sum), error_bits = bits64_of(error);
    /* Where the sum is inexact and even, one unit towards the exact value makes it odd: up in
     * magnitude when the error has the sum's sign. In integers, which vectorise without SSE4. */
    const uint64_t shifted = error_bits << 1; /* 0 when the error is */
    const uint64_t inexact = (shifted | (shifted + INT64_MAX)) >> 63;
    const uint64_t infinite = ((bits & 0x7FF0000000000000u) + 0x0010000000000000u) >> 63;
    const uint64_t step = inexact & ~infinite & ~bits & 1u;
    const uint64_t down = 0u - ((error_bits ^ bits) >> 63);
    return (float)double_of(bits + ((step ^ down) - down));
#endif
}

/* Round to nearest even. A NaN becomes the quiet one of the same sign. */
static inline uint16_t f16_from(float value)
{
    const uint32_t bits = bits_of(value), sign = (bits >> 16) & 0x8000u;
    const uint32_t magnitude = bits & 0x7FFFFFFFu;
    /* 0.5 has the unit of a float16 subnormal, 2^-24, as its last bit. */
    const uint32_t subnormal = bits_of(float_of(magnitude) + 0.5f) - 0x3F000000u;
    const uint32_t normal = (magnitude + 0xFFFu + ((magnitude >> 13) & 1u) - 0x38000000u) >> 13;
    const uint32_t huge = select_bits(magnitude > 0x7F800000u, 0x7E00u, 0x7C00u);
    const uint32_t finite = select_bits(magnitude < 0x38800000u, subnormal, normal);
    return (uint16_t)(sign | select_bits(magnitude < 0x47800000u, finite, huge));
}

/* Round to nearest even. A NaN becomes 0x7FC0, as c10::BFloat16 has it. */
static inline uint16_t bf16_from(float value)
{
    const uint32_t bits = bits_of(value);
    const uint32_t rounded = (bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16;
    return (uint16_t)select_bits((bits & 0x7FFFFFFFu) > 0x7F800000u, 0x7FC0u, rounded);
}

static inline float f32_from_f16(uint16_t half)
{
    const uint32_t sign = (uint32_t)(half & 0x8000u) << 16, magnitude = half & 0x7FFFu;
    const uint32_t normal = (magnitude << 13) + 0x38000000u;
    const uint32_t huge = (magnitude << 13) | 0x7F800000u;
    const uint32_t subnormal = bits_of((float)(int32_t)magnitude * 0x1p-24f);
    const uint32_t finite = select_bits(magnitude < 0x400u, subnormal, normal);
    return float_of(sign | select_bits(magnitude < 0x7C00u, finite, huge));
}

static inline float f32_from_bf16(uint16_t half)
{
    return float_of((uint32_t)half << 16);
}

/* The 16-bit types as a parameter that inlining makes a constant. */
typedef enum half_type { HALF_F16, HALF_BF16 } half_type;

static inline uint16_t half_from(half_type type, float value)
{
    return type == HALF_F16 ? f16_from(value) : bf16_from(value);
}

static inline float f32_from_half(half_type type, uint16_t half)
{
    return type == HALF_F16 ? f32_from_f16(half) : f32_from_bf16(half);
}

/* value rounded to the 16-bit type, as a float32. */
static inline float round_half(half_type type, float value)
{
    return f32_from_half(type, half_from(type, value));
}

/* 53 bits of two words as a double in [0, 1); the first word is the high half. Both parts and
 * their sum are exact. */
static inline double unit53(uint32_t high, uint32_t low)
{
    const uint64_t high_bits = (high & 0x1FFFFFu) | 0x4530000000000000u; /* 2^84 + high * 2^32 */
    const uint64_t low_bits = low | 0x4330000000000000u;                 /* 2^52 + low */
    return ((double_of(high_bits) - 0x1p84) + (double_of(low_bits) - 0x1p52)) * 0x1p-53;
}

/* 24 bits of a word as a float32 in [0, 1). */
static inline float unit24(uint32_t word)
{
    return (float)(int32_t)(word & 0xFFFFFFu) * 0x1p-24f;
}

/* The last n_bits bits of a word as a float32 in [0, 1); n_bits at most 24. */
static inline float unit_bits(uint32_t word, int n_bits)
{
    const uint32_t n_values = (uint32_t)1 << n_bits;
    return (float)(int32_t)(word & (n_values - 1)) * (1.0f / (float)n_values);
}

#endif
