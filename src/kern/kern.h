/* The kernels: every loop that walks numbers.
 * SPDX-License-Identifier: Apache-2.0
 *
 * One text (kern.inc) is compiled once per instruction set into a table of functions; all tables
 * give the same bits, and the scalar one is the specification. "Words" are tempered 32-bit outputs
 * of the stream, "raw" ones are state that is not tempered yet. Arrays need no alignment beyond
 * their element's, and do not overlap unless a comment says so. n may be 0. */
#ifndef SOW_KERN_KERN_H
#define SOW_KERN_KERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SOW__MT_N 624
#define SOW__MT_M 397

/* Two blocks that follow each other for ever, and room behind them that is the kernels' own. */
#define SOW__RING_WORDS (2 * SOW__MT_N)
#define SOW__RING_ROOM (SOW__RING_WORDS + 16)

/* Numbers of uniform_(from, to) and what the value that rounds to `to` becomes: from torch-2.12 on
 * it becomes `from`. */
typedef struct sow__uniform {
    double from, to;
    bool to_becomes_from;
    bool past_caches; /* uniform_f32: out is not read again soon; end_past_caches is due at the end
                       */
} sow__uniform;

typedef struct sow__moments {
    uint64_t n;      /* elements looked at */
    uint64_t n_nan;  /* NaNs, in no other figure */
    uint64_t n_inf;  /* infinities, not in mean and m2 */
    uint64_t n_zero; /* +0 and -0 */
    double mean;     /* of the finite ones */
    double m2;       /* sum of squared differences from the mean */
    double min, max; /* +inf and -inf when there is no element */
} sow__moments;

typedef struct sow__kern {
    const char *name;

    /* ---- words ---- */

    /* Replaces a block of raw state words by the next block, in place. */
    void (*twist)(uint32_t state[SOW__MT_N]);
    /* The same in a ring: the upper block becomes the one after the lower, the lower the one after
     * the upper. upper, lower, upper, ... walks on for ever. */
    void (*advance_upper)(uint32_t ring[SOW__RING_ROOM]);
    void (*advance_lower)(uint32_t ring[SOW__RING_ROOM]);
    /* words[i] = temper(state[i]); may be in place. */
    void (*temper)(uint32_t *words, const uint32_t *state, size_t n);
    /* For the jump. Adds to the n_words words at acc, a multiple of 16, those of the windows that
     * begin offsets[k] bytes behind base. And out[i]: in[i] with a zero after every bit. */
    void (*xor_windows)(void *acc, const unsigned char *base, const uint32_t *offsets,
                        size_t n_offsets, size_t n_words);
    void (*spread_bits)(uint64_t *out, const uint32_t *in, size_t n);

    /* ---- uniform: from one raw word per value, f64 two ---- */

    void (*uniform_f32)(float *out, const uint32_t *raw, size_t n, const sow__uniform *u);
    /* Orders what was written past the caches before all that this thread writes next. */
    void (*end_past_caches)(void);
    void (*uniform_f64)(double *out, const uint32_t *raw, size_t n, const sow__uniform *u);
    /* torch-2.12 and later: 24 bits in float32, then rounded. */
    void (*uniform_f16)(uint16_t *out, const uint32_t *raw, size_t n, const sow__uniform *u);
    void (*uniform_bf16)(uint16_t *out, const uint32_t *raw, size_t n, const sow__uniform *u);
    /* torch-2.11: 11 or 8 bits in the 16-bit type. */
    void (*uniform_f16_2_11)(uint16_t *out, const uint32_t *raw, size_t n, const sow__uniform *u);
    void (*uniform_bf16_2_11)(uint16_t *out, const uint32_t *raw, size_t n, const sow__uniform *u);

    /* ---- normal, blocks of 16 values: 16 raw words a block, f64 32 ---- */

    void (*normal_f32)(float *out, const uint32_t *raw, size_t n_blocks, double mean, double std);
    void (*normal_f64)(double *out, const uint32_t *raw, size_t n_blocks, double mean, double std);
    /* torch-2.13: float32 maths, rounded at the end. */
    void (*normal_f16)(uint16_t *out, const uint32_t *raw, size_t n_blocks, double mean,
                       double std);
    void (*normal_bf16)(uint16_t *out, const uint32_t *raw, size_t n_blocks, double mean,
                        double std);
    /* torch-2.12: libm float32 maths, mean and std in 16 bit. */
    void (*normal_f16_2_12)(uint16_t *out, const uint32_t *raw, size_t n_blocks, double mean,
                            double std);
    void (*normal_bf16_2_12)(uint16_t *out, const uint32_t *raw, size_t n_blocks, double mean,
                             double std);
    /* torch-2.11: every step rounded to 16 bit. */
    void (*normal_f16_2_11)(uint16_t *out, const uint32_t *raw, size_t n_blocks, double mean,
                            double std);
    void (*normal_bf16_2_11)(uint16_t *out, const uint32_t *raw, size_t n_blocks, double mean,
                             double std);

    /* ---- normal, serial: pairs in double, 4 raw words a pair ---- */

    /* out[2k] and out[2k+1] are the standard normals of pair k: first the cosine, then the sine. */
    void (*normal_pairs)(double *out, const uint32_t *raw, size_t n_pairs);
    /* log(1 - unit[i]), and sine and cosine of 2 pi unit[i], for multiples of 2^-53 in [0, 1): the
     * libm's bits. */
    void (*log_units)(double *out, const double *unit, size_t n);
    void (*sincos_units)(double *sines, double *cosines, const double *unit, size_t n);
    /* out[i] = fma(z[i], std, mean); may be in place. */
    void (*scale_shift)(double *out, const double *z, size_t n, double mean, double std);

    /* ---- conversions, round to nearest even ---- */

    void (*f32_to_f16)(uint16_t *out, const float *in, size_t n);
    void (*f32_to_bf16)(uint16_t *out, const float *in, size_t n);
    void (*f16_to_f32)(float *out, const uint16_t *in, size_t n);
    void (*bf16_to_f32)(float *out, const uint16_t *in, size_t n);
    void (*f64_to_f32)(float *out, const double *in, size_t n);
    void (*f32_to_f64)(double *out, const float *in, size_t n);

    /* ---- in place ---- */

    /* One rounding in the type; the scalar is rounded to the type first (16 bit: float32 maths on
     * the float32 scalar, then rounded). */
    void (*mul_f32)(float *x, size_t n, double scalar);
    void (*mul_f64)(double *x, size_t n, double scalar);

    /* ---- bounds: bit j of masks[b] is 1 where value j of block b of 16 is below low or above
     * high; NaN is neither ---- */

    void (*outside_f32)(uint16_t *masks, const float *x, size_t n_blocks, float low, float high);
    void (*outside_f64)(uint16_t *masks, const double *x, size_t n_blocks, double low, double high);

    /* ---- statistics: merges n more values into m (start: sow__moments_init) ---- */

    void (*moments_f32)(sow__moments *m, const float *x, size_t n);
    void (*moments_f64)(sow__moments *m, const double *x, size_t n);
} sow__kern;

/* The table for this machine, capped by SOW_CPU. */
const sow__kern *sow__kern_get(void);

/* The table of a level, for tests; NULL when the machine can not run it. level is
 * a sow__cpu_level. */
const sow__kern *sow__kern_at(int level);

void sow__moments_init(sow__moments *m);
/* Merges b into a (Chan et al. 1979). */
void sow__moments_merge(sow__moments *a, const sow__moments *b);

#endif
