/* Figures about the values of a tensor, collected piece by piece.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_STATS_H
#define SOW_STATS_H

#include <sow/dtype.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What was seen so far; start with sow_stats_init. A complex element counts as two numbers. */
typedef struct sow_stats {
    uint64_t n;      /* numbers looked at */
    uint64_t n_nan;  /* NaNs; in no other figure */
    uint64_t n_inf;  /* infinities; not in mean and m2, but in min and max */
    uint64_t n_zero; /* +0 and -0 */
    double mean;     /* of the finite ones; 0 when there is none */
    double m2;       /* sum of their squared differences from mean */
    double min, max; /* +infinity and -infinity when every number is NaN or there is none */
} sow_stats;

/* True for a type whose values sow can read as numbers: all but f6_e2m3, f6_e3m2 and f4. */
SOW_API bool sow_stats_can_read(sow_dtype dtype);

SOW_API void sow_stats_init(sow_stats *stats);

/* Adds n_elements that lie one after the other in memory, aligned or not; elements may be NULL when
 * there are none. 64-bit integers are rounded to double, bool counts as 0 and 1. The figures do
 * not depend on the CPU; the last bits of mean and m2 depend on how the elements are cut into
 * pieces. SOW_ERROR_UNSUPPORTED for a type that sow_stats_can_read says no to. */
SOW_API sow_status sow_stats_add(sow_stats *stats, sow_dtype dtype, const void *elements,
                                 size_t n_elements, sow_error *err);

/* Merges what another run over other elements has seen (Chan, Golub, LeVeque 1979). */
SOW_API void sow_stats_merge(sow_stats *stats, const sow_stats *other);

/* The standard deviation of the finite numbers as torch.std has it (divisor n - 1); NaN for fewer
 * than two. */
SOW_API double sow_stats_std(const sow_stats *stats);

/* Writes the elements as doubles, a complex one as two: values needs room for n_elements (twice as
 * many for complex types). Types and alignment as in sow_stats_add. */
SOW_API sow_status sow_values_as_f64(double *values, sow_dtype dtype, const void *elements,
                                     size_t n_elements, sow_error *err);

#ifdef __cplusplus
}
#endif
#endif
