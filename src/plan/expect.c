/* From the fills on a tape to the distribution of the numbers that they leave.
 * SPDX-License-Identifier: Apache-2.0 */
#include "plan/mixture.h"

#include "base/dtype.h"
#include <math.h>

/* Parts that one fill adds, at most: a one is a real and an imaginary number, beside zeros. */
#define MOST_ADDED 3

static void forget(sow__mixture *mixture)
{
    mixture->n_parts = 0;
}

static void add_part(sow__mixture *mixture, sow__part part)
{
    if (part.share > 0.0) {
        mixture->parts[mixture->n_parts++] = part;
    }
}

/* ---- over what was there ---- */

/* Too many parts become one of which the moments are known. */
static void melt(sow__mixture *mixture)
{
    sow__part all = {.kind = SOW__PART_OTHER, .share = 1.0, .a = -INFINITY, .b = INFINITY};
    sow__mixture_moments(mixture, &all.mean, &all.std);
    mixture->n_parts = 0;
    add_part(mixture, all);
}

/* Makes room for what overwrites a share of the numbers, taken evenly from all parts. False when
 * the rest is not known. */
static bool make_room(sow__mixture *mixture, double share, int n_more)
{
    if (share >= 1.0) {
        forget(mixture);
        return true;
    }
    if (mixture->n_parts == 0) {
        return false;
    }
    if (mixture->n_parts + n_more > SOW__MAX_PARTS) {
        melt(mixture);
    }
    for (int i = 0; i < mixture->n_parts; i++) {
        mixture->parts[i].share *= 1.0 - share;
    }
    return true;
}

/* ---- what a fill writes ---- */

/* What a type makes of a number, where that may be far from it: 8-bit floats and integers. Others
 * are taken as exact. */
static double held(sow_dtype dtype, double value)
{
    unsigned char element[16];
    if (sow__dtype_is_float(sow__dtype_real(dtype)) || !sow_stats_can_read(dtype)) {
        return value;
    }
    sow__convert(element, dtype, &value, SOW_F64, 1);
    sow_values_as_f64(&value, dtype, element, 1, NULL);
    return value;
}

static sow__part point(double share, double value)
{
    return (sow__part){SOW__PART_POINT, share, value, 0.0, value, value};
}

/* Constants are real: the imaginary numbers of a complex type are 0. */
static void add_point(sow__mixture *mixture, sow_dtype dtype, double share, double value)
{
    const bool has_imaginary = sow__dtype_is_complex(dtype) && value != 0.0;
    const double real_share = has_imaginary ? share / 2.0 : share;
    add_part(mixture, point(real_share, held(dtype, value)));
    add_part(mixture, point(share - real_share, 0.0));
}

/* Normal values between a and b. In PyTorch both numbers of a complex element have the mean, and
 * half of the variance each. */
static void add_bell(sow__mixture *mixture, sow_dtype dtype, double share, const sow__fill *fill,
                     double a, double b)
{
    const double std = sow__dtype_is_complex(dtype) ? fill->std / sqrt(2.0) : fill->std;
    add_part(mixture, std == 0.0 ? point(share, fill->mean)
                                 : (sow__part){SOW__PART_NORMAL, share, fill->mean, std, a, b});
}

static void add_uniform(sow__mixture *mixture, double share, double a, double b)
{
    const double mean = a + (b - a) / 2, std = (b - a) / sqrt(12.0);
    add_part(mixture,
             a < b ? (sow__part){SOW__PART_UNIFORM, share, mean, std, a, b} : point(share, a));
}

static void add_ones(sow__mixture *mixture, sow_dtype dtype, double share, double ones)
{
    add_point(mixture, dtype, share * ones, 1.0);
    add_point(mixture, dtype, share * (1.0 - ones), 0.0);
}

static double least(double a, double b)
{
    return a < b ? a : b;
}

/* The share of ones. */
static double eye_ones(const sow_tensor *view)
{
    return least((double)view->sizes[0], (double)view->sizes[1]) / (double)view->numel;
}

static double dirac_ones(const sow__fill *fill, const sow_tensor *view)
{
    const int64_t per_group = view->sizes[0] / fill->groups;
    return (double)fill->groups * least((double)per_group, (double)view->sizes[1]) /
           (double)view->numel;
}

/* Rows or columns, whichever are fewer, have length gain. PyTorch has none of complex types. */
static sow__part orthogonal(const sow__fill *fill, const sow_tensor *view, double share)
{
    const double rows = (double)view->sizes[0], cols = (double)view->numel / rows;
    const double std = fabs(fill->gain) / sqrt(rows > cols ? rows : cols);
    return (sow__part){SOW__PART_OTHER, share, 0.0, std, -INFINITY, INFINITY};
}

static double sparse_zeros(const sow__fill *fill, const sow_tensor *view)
{
    const double rows = (double)view->sizes[0];
    return fmin(fmax(ceil(fill->sparsity * rows), 0.0), rows) / rows;
}

static void add_fill(sow__mixture *mixture, const sow__record *record, double share)
{
    const sow__fill *fill = &record->fill;
    const sow_dtype dtype = record->view->storage->dtype;
    switch (fill->kind) {
    case SOW__FILL_CONSTANT:
        add_point(mixture, dtype, share, fill->value);
        break;
    case SOW__FILL_UNIFORM:
        add_uniform(mixture, share, fill->a, fill->b);
        break;
    case SOW__FILL_NORMAL:
        add_bell(mixture, dtype, share, fill, -INFINITY, INFINITY);
        break;
    case SOW__FILL_TRUNC_NORMAL:
        add_bell(mixture, dtype, share, fill, fill->a, fill->b);
        break;
    case SOW__FILL_EYE:
        add_ones(mixture, dtype, share, eye_ones(record->view));
        break;
    case SOW__FILL_DIRAC:
        add_ones(mixture, dtype, share, dirac_ones(fill, record->view));
        break;
    case SOW__FILL_ORTHOGONAL:
        add_part(mixture, orthogonal(fill, record->view, share));
        break;
    case SOW__FILL_SPARSE: {
        const double zeros = sparse_zeros(fill, record->view);
        add_bell(mixture, dtype, share * (1.0 - zeros), fill, -INFINITY, INFINITY);
        add_point(mixture, dtype, share * zeros, 0.0);
        break;
    }
    default:
        forget(mixture);
    }
}

/* ---- a tape ---- */

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

/* Numbers of one type as another has them. */
static void convert(sow__mixture *mixture, sow_dtype from, sow_dtype to)
{
    const bool is_close = sow__dtype_is_float(to) && sow__dtype_is_float(from);
    for (int i = 0; i < mixture->n_parts && to != from && !is_close; i++) {
        sow__part *part = &mixture->parts[i];
        if (part->kind != SOW__PART_POINT || sow__dtype_is_complex(to) ||
            sow__dtype_is_complex(from)) {
            forget(mixture);
            return;
        }
        *part = point(part->share, held(to, part->mean));
    }
}

/* Of some elements alone nothing is known where the elements are not all alike. */
static void choose(sow__mixture *mixture, const sow_tensor *view, const sow__tape *tape)
{
    if (view->numel != tape->numel && mixture->n_parts > 1) {
        forget(mixture);
    }
}

static void follow(const sow__tape *tape, sow__mixture *mixture)
{
    forget(mixture);
    for (size_t i = 0; i < tape->n_records; i++) {
        const sow__record *record = &tape->records[i];
        const double share = (double)record->view->numel / (double)tape->numel;
        if (record->fill.kind == SOW__FILL_MUL || record->source != NULL) {
            if (!(share >= 1.0)) {
                forget(mixture);
            } else if (record->source == NULL) {
                scale(mixture, record->fill.value);
            } else {
                follow(record->source, mixture);
                choose(mixture, record->source_view, record->source);
                convert(mixture, record->source->dtype, tape->dtype);
            }
        } else if (make_room(mixture, share, MOST_ADDED)) {
            add_fill(mixture, record, fmin(share, 1.0));
        }
    }
}

void sow__entry_mixture(const sow__entry *entry, sow__mixture *mixture)
{
    forget(mixture);
    if (entry->tape != NULL) {
        follow(entry->tape, mixture);
        choose(mixture, entry->tensor, entry->tape);
    }
}
