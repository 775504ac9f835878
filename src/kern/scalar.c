/* Single numbers: 16-bit rounding, the libm functions, and the inverse of erf.
 * SPDX-License-Identifier: Apache-2.0 */
#include "kern/scalar.h"

#include "kern/lanes.h"

uint16_t sow__f16_from_f32(float value)
{
    return f16_from(value);
}

uint16_t sow__bf16_from_f32(float value)
{
    return bf16_from(value);
}

float sow__f32_from_f16(uint16_t bits)
{
    return f32_from_f16(bits);
}

float sow__f32_from_bf16(uint16_t bits)
{
    return f32_from_bf16(bits);
}

double sow__log(double x)
{
    return log(x);
}

double sow__log1p(double x)
{
    return log1p(x);
}

double sow__sin(double x)
{
    return sin(x);
}

double sow__cos(double x)
{
    return cos(x);
}

float sow__logf(float x)
{
    return logf(x);
}

float sow__sinf(float x)
{
    return sinf(x);
}

float sow__cosf(float x)
{
    return cosf(x);
}

/* A rational start and two Newton steps, as PyTorch has it. The coefficients are given in decimal
 * and rounded to the type. */
static const double near_top[] = {-0.140543331, 0.914624893, -1.645349621, 0.886226899};
static const double near_bottom[] = {0.012229801, -0.329097515, 1.442710462, -2.118377725, 1.0};
static const double tail_top[] = {1.641345311, 3.429567803, -1.624906493, -1.970840454};
static const double tail_bottom[] = {1.637067800, 3.543889200, 1.0};
#define N_OF(array) (sizeof(array) / sizeof *(array))

static double poly(const double *coefficients, size_t n, double z)
{
    double sum = coefficients[0];
    for (size_t i = 1; i < n; i++) {
        sum = fma(sum, z, coefficients[i]);
    }
    return sum;
}

static float polyf(const double *coefficients, size_t n, float z)
{
    float sum = (float)coefficients[0];
    for (size_t i = 1; i < n; i++) {
        sum = fma32(sum, z, (float)coefficients[i]);
    }
    return sum;
}

static const double root_pi = 1.7724538509055160273;

/* |y| < 1; within a few units in the last place, worse near 1. */
static double erfinv_near(double y)
{
    double x;
    if (fabs(y) <= 0.7) {
        const double z = y * y;
        x = y * poly(near_top, N_OF(near_top), z) / poly(near_bottom, N_OF(near_bottom), z);
    } else {
        const double z = sqrt(-log((1.0 - fabs(y)) / 2.0));
        x = copysign(poly(tail_top, N_OF(tail_top), z), y) /
            poly(tail_bottom, N_OF(tail_bottom), z);
    }
    for (int i = 0; i < 2; i++) {
        x -= (erf(x) - y) / (2.0 / root_pi * exp(-x * x));
    }
    return x;
}

double sow__erfinv_f64(double y)
{
    if (!(fabs(y) < 1.0)) {
        return fabs(y) == 1.0 ? copysign(INFINITY, y) : NAN;
    }
    /* Newton in long double; where erf is close to 1 its complement keeps the digits, and 1 - |y|
     * is exact. Small y: the first step's error is already below the last bit of a long double. */
    const long double target = fabsl((long double)y), slope = 2.0L / 1.772453850905516027298167L;
    long double x = fabs(erfinv_near(y));
    for (int i = 0; i < 2; i++) {
        const long double miss = target > 0.5L ? (1.0L - target) - erfcl(x) : erfl(x) - target;
        x -= miss / (slope * expl(-x * x));
    }
    return copysign((double)x, y);
}

float sow__erfinv_f32(float y)
{
    if (!(fabsf(y) < 1.0f)) {
        return fabsf(y) == 1.0f ? copysignf(INFINITY, y) : NAN;
    }
    return (float)sow__erfinv_f64((double)y);
}

float sow__erfinv_half(float y)
{
    if (!(fabsf(y) < 1.0f)) {
        return fabsf(y) == 1.0f ? copysignf(INFINITY, y) : NAN;
    }
    float x;
    if (fabsf(y) <= 0.7f) {
        const float z = y * y;
        x = y * polyf(near_top, N_OF(near_top), z) / polyf(near_bottom, N_OF(near_bottom), z);
    } else {
        const float z = sqrtf(-logf((1.0f - fabsf(y)) / 2.0f));
        x = copysignf(polyf(tail_top, N_OF(tail_top), z), y) /
            polyf(tail_bottom, N_OF(tail_bottom), z);
    }
    const float slope = 2.0f / (float)root_pi;
    for (int i = 0; i < 2; i++) {
        x -= (erff(x) - y) / (slope * expf(-x * x));
    }
    return x;
}
