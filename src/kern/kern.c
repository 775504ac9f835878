/* Choosing a table of kernels, and merging statistics.
 * SPDX-License-Identifier: Apache-2.0 */
#include "kern/kern.h"

#include "base/cpu.h"
#include "kern/tables.h"

#include <math.h>

const sow__kern *sow__kern_at(int level)
{
    if (level < SOW__CPU_SCALAR || level > (int)sow__cpu_level_get()) {
        return NULL;
    }
#if defined(__x86_64__)
    if (level == SOW__CPU_AVX512) {
        return &sow__kern_avx512;
    }
    if (level == SOW__CPU_AVX2) {
        return &sow__kern_avx2;
    }
#endif
    return &sow__kern_scalar;
}

const sow__kern *sow__kern_get(void)
{
    return sow__kern_at((int)sow__cpu_level_get());
}

void sow__moments_init(sow__moments *m)
{
    *m = (sow__moments){.min = INFINITY, .max = -INFINITY};
}

void sow__moments_merge(sow__moments *a, const sow__moments *b)
{
    const double n_a = (double)(a->n - a->n_nan - a->n_inf);
    const double n_b = (double)(b->n - b->n_nan - b->n_inf);
    if (n_a == 0.0) {
        a->mean = b->mean;
        a->m2 = b->m2;
    } else if (n_b > 0.0) {
        const double delta = b->mean - a->mean, share = n_b / (n_a + n_b);
        a->mean += delta * share;
        a->m2 += b->m2 + delta * delta * n_a * share;
    }
    a->n += b->n;
    a->n_nan += b->n_nan;
    a->n_inf += b->n_inf;
    a->n_zero += b->n_zero;
    a->min = b->min < a->min ? b->min : a->min;
    a->max = b->max > a->max ? b->max : a->max;
}
