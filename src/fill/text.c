/* A fill for people: its text and the moments to be expected.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fill/draw.h"

#include <math.h>
#include <stdio.h>

void sow__fill_text(const sow__fill *fill, char *text, size_t size)
{
    switch (fill->kind) {
    case SOW__FILL_CONSTANT:
        snprintf(text, size, "constant(%g)", fill->value);
        break;
    case SOW__FILL_UNIFORM:
        snprintf(text, size, "uniform(%.6g, %.6g)", fill->a, fill->b);
        break;
    case SOW__FILL_NORMAL:
        snprintf(text, size, "normal(%.6g, %.6g)", fill->mean, fill->std);
        break;
    case SOW__FILL_TRUNC_NORMAL:
        snprintf(text, size, "trunc_normal(%.6g, %.6g, %.6g, %.6g)", fill->mean, fill->std, fill->a,
                 fill->b);
        break;
    case SOW__FILL_EYE:
        snprintf(text, size, "eye");
        break;
    case SOW__FILL_DIRAC:
        snprintf(text, size, "dirac(%lld)", (long long)fill->groups);
        break;
    case SOW__FILL_ORTHOGONAL:
        snprintf(text, size, "orthogonal(%.6g)", fill->gain);
        break;
    case SOW__FILL_SPARSE:
        snprintf(text, size, "sparse(%.6g, %.6g)", fill->sparsity, fill->std);
        break;
    case SOW__FILL_MUL:
        snprintf(text, size, "mul(%.6g)", fill->value);
        break;
    case SOW__FILL_COPY:
        snprintf(text, size, "copy");
        break;
    }
}

static double normal_density(double x)
{
    return exp(-0.5 * x * x) / sqrt(2.0 * 3.14159265358979323846);
}

/* Johnson, Kotz & Balakrishnan, Continuous Univariate Distributions, 13.10.1. */
static void truncated_moments(const sow__fill *fill, double *mean, double *std)
{
    double low = (fill->a - fill->mean) / fill->std, high = (fill->b - fill->mean) / fill->std;
    double mass = sow__trunc_cdf(fill, fill->b) - sow__trunc_cdf(fill, fill->a);
    double d_low = normal_density(low), d_high = normal_density(high);
    double shift = (d_low - d_high) / mass;
    double slope = (isfinite(low) ? low * d_low : 0.0) - (isfinite(high) ? high * d_high : 0.0);
    *mean = fill->mean + fill->std * shift;
    *std = fill->std * sqrt(1.0 + slope / mass - shift * shift);
}

/* Values of which a share p are one and the rest zero. */
static void share_moments(double p, double *mean, double *std)
{
    *mean = p;
    *std = sqrt(p * (1.0 - p));
}

static double dirac_ones(const sow__fill *fill, const sow_tensor *view)
{
    int64_t per_group = view->sizes[0] / fill->groups;
    return (double)(fill->groups * (per_group < view->sizes[1] ? per_group : view->sizes[1]));
}

void sow__fill_moments(const sow__fill *fill, const sow_tensor *view, double *mean, double *std)
{
    double numel = (double)view->numel;
    *mean = 0.0;
    *std = NAN;
    switch (fill->kind) {
    case SOW__FILL_CONSTANT:
        *mean = fill->value;
        *std = 0.0;
        break;
    case SOW__FILL_UNIFORM:
        *mean = fill->a + (fill->b - fill->a) / 2;
        *std = (fill->b - fill->a) / sqrt(12.0);
        break;
    case SOW__FILL_NORMAL:
        *mean = fill->mean;
        *std = fill->std;
        break;
    case SOW__FILL_TRUNC_NORMAL:
        truncated_moments(fill, mean, std);
        break;
    case SOW__FILL_EYE:
        share_moments((double)(view->sizes[0] < view->sizes[1] ? view->sizes[0] : view->sizes[1]) /
                          numel,
                      mean, std);
        break;
    case SOW__FILL_DIRAC:
        share_moments(dirac_ones(fill, view) / numel, mean, std);
        break;
    case SOW__FILL_ORTHOGONAL: {
        double rows = (double)view->sizes[0], cols = numel / rows;
        *std = fabs(fill->gain) / sqrt(rows > cols ? rows : cols);
        break;
    }
    case SOW__FILL_SPARSE: {
        double rows = (double)view->sizes[0];
        double zeros = fmin(fmax(ceil(fill->sparsity * rows), 0.0), rows);
        *std = fill->std * sqrt((rows - zeros) / rows);
        break;
    }
    case SOW__FILL_MUL:
    case SOW__FILL_COPY:
        *mean = NAN;
        break;
    }
}
