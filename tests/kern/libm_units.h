/* For tests of the logarithm, sine and cosine of uniforms: all levels against the libm that runs.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_TESTS_KERN_LIBM_UNITS_H
#define SOW_TESTS_KERN_LIBM_UNITS_H

#include "kern/kern.h"
#include "kern/scalar.h"
#include "kern/vectors.h"
#include "support.h"

enum { units_at_once = 4096 };

static const uint64_t n_units = (uint64_t)1 << 53; /* multiples of 2^-53 in [0, 1) */

typedef struct unit_values {
    double logs[units_at_once], sines[units_at_once], cosines[units_at_once];
} unit_values;

static inline void unit_values_from(const sow__kern *kern, const double *unit, size_t n,
                                    unit_values *out)
{
    kern->log_units(out->logs, unit, n);
    kern->sincos_units(out->sines, out->cosines, unit, n);
}

/* n at most units_at_once. */
static inline void check_units(const double *unit, size_t n)
{
    static unit_values expected, got;
    const sow__kern *kern;
    for (size_t i = 0; i < n; i++) {
        const double angle = 6.283185307179586 * unit[i];
        expected.logs[i] = sow__log(1.0 - unit[i]);
        expected.sines[i] = sow__sin(angle);
        expected.cosines[i] = sow__cos(angle);
    }
    for (int level = SOW__CPU_AVX2; (kern = level_next(&level)) != NULL;) {
        unit_values_from(kern, unit, n, &got);
        assert_same_bits(got.logs, expected.logs, n, sizeof *got.logs);
        assert_same_bits(got.sines, expected.sines, n, sizeof *got.sines);
        assert_same_bits(got.cosines, expected.cosines, n, sizeof *got.cosines);
    }
}

/* Marsaglia's xorshift with a multiplication (Vigna 2016). */
static inline uint64_t next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545F4914F6CDD1Du;
}

/* n or a few more. Half of them as a stream makes them, the others near 0 and near 1 in every
 * magnitude. */
static inline void check_random_units(uint64_t *state, uint64_t n)
{
    double unit[units_at_once];
    for (uint64_t done = 0; done < n; done += units_at_once) {
        for (size_t i = 0; i < units_at_once; i++) {
            const uint64_t random = next_random(state), spread = random >> 11;
            const uint64_t small = spread >> ((random & 0x3F) % 54);
            unit[i] = (double)(i % 4 < 2    ? spread
                               : i % 4 == 2 ? small
                                            : n_units - 1 - small) *
                      0x1p-53;
        }
        check_units(unit, units_at_once);
    }
}

#endif
