/* How the values of an entry are distributed, where a formula says so.
 * SPDX-License-Identifier: Apache-2.0 */
#include "plan/mixture.h"

#include <math.h>

/* ---- from the tape ---- */

static void forget(sow__mixture *mixture)
{
    mixture->n_parts = 0;
}

/* Makes room for a fill that overwrites a share of the elements, taken evenly from all parts. */
static bool make_room(sow__mixture *mixture, double share, int n_more)
{
    if (share >= 1.0) {
        mixture->n_parts = 0;
        return true;
    }
    if (mixture->n_parts == 0 || mixture->n_parts + n_more > SOW__MAX_PARTS) {
        forget(mixture);
        return false;
    }
    for (int i = 0; i < mixture->n_parts; i++) {
        mixture->parts[i].share *= 1.0 - share;
    }
    return true;
}

static void add_part(sow__mixture *mixture, sow__part part)
{
    if (part.share > 0.0) {
        mixture->parts[mixture->n_parts++] = part;
    }
}

static sow__part point(double share, double value)
{
    return (sow__part){SOW__PART_POINT, share, value, 0.0, value, value};
}

static sow__part bell(double share, const sow__fill *fill, double a, double b)
{
    return fill->std == 0.0 ? point(share, fill->mean)
                            : (sow__part){SOW__PART_NORMAL, share, fill->mean, fill->std, a, b};
}

static void add_fill(sow__mixture *mixture, const sow__record *record, double share)
{
    const sow__fill *fill = &record->fill;
    double mean, std;
    if (!make_room(mixture, share, 2)) {
        return;
    }
    share = fmin(share, 1.0);
    sow__fill_moments(fill, record->view, &mean, &std);
    switch (fill->kind) {
    case SOW__FILL_CONSTANT:
        add_part(mixture, point(share, fill->value));
        break;
    case SOW__FILL_UNIFORM:
        add_part(mixture, fill->a < fill->b
                              ? (sow__part){SOW__PART_UNIFORM, share, mean, std, fill->a, fill->b}
                              : point(share, fill->a));
        break;
    case SOW__FILL_NORMAL:
        add_part(mixture, bell(share, fill, -INFINITY, INFINITY));
        break;
    case SOW__FILL_TRUNC_NORMAL:
        add_part(mixture, bell(share, fill, fill->a, fill->b));
        break;
    case SOW__FILL_EYE:
    case SOW__FILL_DIRAC:
        add_part(mixture, point(share * mean, 1.0));
        add_part(mixture, point(share * (1.0 - mean), 0.0));
        break;
    case SOW__FILL_SPARSE: {
        const double filled = fill->std != 0.0 ? std * std / (fill->std * fill->std) : 0.0;
        add_part(mixture, bell(share * filled, fill, -INFINITY, INFINITY));
        add_part(mixture, point(share * (1.0 - filled), 0.0));
        break;
    }
    default:
        forget(mixture);
    }
}

static void scale(sow__mixture *mixture, double factor)
{
    for (int i = 0; i < mixture->n_parts; i++) {
        sow__part *part = &mixture->parts[i];
        const double a = part->a * factor, b = part->b * factor;
        part->mean *= factor;
        part->std *= fabs(factor);
        part->a = fmin(a, b);
        part->b = fmax(a, b);
        if (factor == 0.0) {
            *part = point(part->share, 0.0);
        }
    }
}

static void follow(const sow__tape *tape, sow__mixture *mixture)
{
    for (size_t i = 0; i < tape->n_records; i++) {
        const sow__record *record = &tape->records[i];
        const double share = (double)record->view->numel / (double)tape->numel;
        if (record->source == NULL && record->fill.kind != SOW__FILL_MUL) {
            add_fill(mixture, record, share);
        } else if (share < 1.0) {
            forget(mixture);
        } else if (record->source != NULL) {
            forget(mixture);
            follow(record->source, mixture);
        } else {
            scale(mixture, record->fill.value);
        }
    }
}

void sow__entry_mixture(const sow__entry *entry, sow__mixture *mixture)
{
    forget(mixture);
    if (entry->tape != NULL && entry->tensor->numel == entry->tape->numel) {
        follow(entry->tape, mixture);
    }
}

/* ---- what it says ---- */

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

/* E[(x - around)^k], k = 1..4, into raw[k]. */
static void part_moments(const sow__part *part, double around, double raw[5])
{
    double own[5] = {1.0, 0.0, 0.0, 0.0, 0.0}; /* about the part's mean, in units of its std */
    if (part->kind == SOW__PART_UNIFORM) {
        own[2] = 1.0;
        own[4] = 1.8;
    } else if (part->kind == SOW__PART_NORMAL) {
        bell_moments((part->a - part->mean) / part->std, (part->b - part->mean) / part->std, own);
    }
    static const double binomial[5][5] = {{1}, {1, 1}, {1, 2, 1}, {1, 3, 3, 1}, {1, 4, 6, 4, 1}};
    const double shift = part->mean - around;
    for (int k = 1; k <= 4; k++) {
        raw[k] = 0.0;
        for (int i = 0; i <= k; i++) {
            raw[k] += binomial[k][i] * own[i] * pow(part->std, i) * pow(shift, k - i);
        }
    }
}

static void mixture_moments(const sow__mixture *mixture, double around, double raw[5])
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

double sow__mixture_kurtosis(const sow__mixture *mixture)
{
    double raw[5];
    mixture_moments(mixture, 0.0, raw);
    mixture_moments(mixture, raw[1], raw);
    const double kurtosis = raw[4] / (raw[2] * raw[2]);
    return mixture->n_parts > 0 && isfinite(kurtosis) && kurtosis >= 1.0 ? kurtosis : 3.0;
}
