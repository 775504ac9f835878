/* What a mixture says: shares between bounds, moments.
 * SPDX-License-Identifier: Apache-2.0 */
#include "plan/mixture.h"

#include <math.h>
#include <string.h>

static double below(double z)
{
    return 0.5 * erfc(-z / sqrt(2.0));
}

/* Of the bell without its bounds, between two distances from the mean in standard deviations; taken
 * on the side where no digits cancel. */
static double bell_share(double from, double to)
{
    return from > 0.0 ? below(-from) - below(-to) : below(to) - below(from);
}

static double part_share(const sow__part *part, double from, double to)
{
    from = fmax(from, part->a);
    to = fmin(to, part->b);
    if (part->kind == SOW__PART_POINT || !(from < to)) {
        return 0.0;
    }
    if (part->kind == SOW__PART_UNIFORM) {
        return (to - from) / (part->b - part->a);
    }
    const double whole =
        bell_share((part->a - part->mean) / part->std, (part->b - part->mean) / part->std);
    return bell_share((from - part->mean) / part->std, (to - part->mean) / part->std) / whole;
}

double sow__mixture_share(const sow__mixture *mixture, double from, double to)
{
    double share = 0.0;
    for (int i = 0; i < mixture->n_parts; i++) {
        if (mixture->parts[i].kind == SOW__PART_OTHER) {
            return 0.0;
        }
        share += mixture->parts[i].share * part_share(&mixture->parts[i], from, to);
    }
    return share;
}

/* E[x^k], k = 1..4, into raw[k], of a standard normal within bounds: integration by parts. */
static void bell_moments(double a, double b, double raw[5])
{
    const double density = 1.0 / sqrt(2.0 * acos(-1.0)), whole = bell_share(a, b);
    raw[0] = 1.0;
    for (int k = 1; k <= 4; k++) {
        const double at_a = isinf(a) ? 0.0 : pow(a, k - 1) * density * exp(-a * a / 2.0);
        const double at_b = isinf(b) ? 0.0 : pow(b, k - 1) * density * exp(-b * b / 2.0);
        raw[k] = (k > 1 ? (k - 1) * raw[k - 2] : 0.0) + (at_a - at_b) / whole;
    }
}

/* Of a part about its mean in units of its std. */
static void own_moments(const sow__part *part, double own[5])
{
    /* A sphere, of which orthogonal matrices are, is nearly normal in each direction. */
    static const double point[5] = {1, 0, 0, 0, 0}, even[5] = {1, 0, 1, 0, 1.8},
                        normal[5] = {1, 0, 1, 0, 3};
    if (part->kind == SOW__PART_NORMAL) {
        bell_moments((part->a - part->mean) / part->std, (part->b - part->mean) / part->std, own);
        return;
    }
    const double *known = part->kind == SOW__PART_POINT     ? point
                          : part->kind == SOW__PART_UNIFORM ? even
                                                            : normal;
    memcpy(own, known, 5 * sizeof *own);
}

/* E[(x - around)^k], k = 1..4, into raw[k]. */
static void part_moments(const sow__part *part, double around, double raw[5])
{
    double own[5];
    own_moments(part, own);
    static const double binomial[5][5] = {{1}, {1, 1}, {1, 2, 1}, {1, 3, 3, 1}, {1, 4, 6, 4, 1}};
    const double shift = part->mean - around;
    for (int k = 1; k <= 4; k++) {
        raw[k] = 0.0;
        for (int i = 0; i <= k; i++) {
            raw[k] += binomial[k][i] * own[i] * pow(part->std, i) * pow(shift, k - i);
        }
    }
}

static void moments(const sow__mixture *mixture, double around, double raw[5])
{
    for (int k = 0; k < 5; k++) {
        raw[k] = 0.0;
    }
    for (int i = 0; i < mixture->n_parts; i++) {
        double own[5];
        part_moments(&mixture->parts[i], around, own);
        for (int k = 1; k <= 4; k++) {
            raw[k] += mixture->parts[i].share * own[k];
        }
    }
}

/* About the mean, which is raw[1] all the same. */
static void central_moments(const sow__mixture *mixture, double raw[5])
{
    moments(mixture, 0.0, raw);
    const double mean = raw[1];
    moments(mixture, mean, raw);
    raw[1] = mean;
}

void sow__mixture_moments(const sow__mixture *mixture, double *mean, double *std)
{
    double raw[5];
    if (mixture->n_parts == 0) {
        *mean = *std = (double)NAN;
    } else if (mixture->n_parts == 1) {
        const sow__part *part = mixture->parts; /* without squares, which may be out of range */
        own_moments(part, raw);
        *mean = part->mean + part->std * raw[1];
        *std = part->std * sqrt(fmax(raw[2] - raw[1] * raw[1], 0.0)); /* rounded below 0 */
    } else {
        central_moments(mixture, raw);
        *mean = raw[1];
        *std = sqrt(fmax(raw[2], 0.0));
    }
}

double sow__mixture_kurtosis(const sow__mixture *mixture)
{
    double raw[5];
    central_moments(mixture, raw);
    const double kurtosis = raw[4] / (raw[2] * raw[2]);
    return mixture->n_parts > 0 && isfinite(kurtosis) && kurtosis >= 1.0 ? kurtosis : 3.0;
}
