/* How the numbers of an entry are distributed, as far as the plan tells. A complex element is two
 * numbers, as in sow_stats.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_PLAN_MIXTURE_H
#define SOW_PLAN_MIXTURE_H

#include "plan/plan.h"

typedef enum sow__part_kind {
    SOW__PART_POINT,   /* mean */
    SOW__PART_UNIFORM, /* a to b */
    SOW__PART_NORMAL,  /* mean, std, within a and b (which may be infinite) */
    SOW__PART_OTHER,   /* mean, std; no formula for the rest */
} sow__part_kind;

typedef struct sow__part {
    sow__part_kind kind;
    double share; /* of the numbers; the shares of a mixture sum to 1 */
    double mean, std, a, b;
} sow__part;

#define SOW__MAX_PARTS 8

/* n_parts 0: not known. */
typedef struct sow__mixture {
    int n_parts;
    sow__part parts[SOW__MAX_PARTS];
} sow__mixture;

void sow__entry_mixture(const sow__entry *entry, sow__mixture *mixture);

/* Mean and standard deviation; NaN when nothing is known. */
void sow__mixture_moments(const sow__mixture *mixture, double *mean, double *std);

/* The share of the numbers that lies between two values, without those of points; 0 when there is
 * no formula for it. */
double sow__mixture_share(const sow__mixture *mixture, double from, double to);

/* Fourth central moment over the square of the variance: 3 for a normal distribution, also where
 * there is no formula. */
double sow__mixture_kurtosis(const sow__mixture *mixture);

#endif
