/* The five 8-bit float types: the OCP 8-bit floating point specification, its FNUZ variants, and
 * the exponents of the OCP microscaling formats. SPDX-License-Identifier: Apache-2.0 */
#include "kern/float8.h"

#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#define F32_MANTISSA_BITS 23
#define F32_BIAS 127
#define E8M0_NAN 0xFF
#define FNUZ_NAN 0x80

typedef struct format {
    sow_dtype dtype;
    int mantissa_bits, bias;
    bool fnuz;        /* no -0; that code is the only NaN */
    unsigned largest; /* code of the largest finite number */
    unsigned beyond;  /* code of what is larger, without its sign */
} format;

enum { N_FORMATS = 4 };

/* e8m0, an exponent alone, is handled apart. */
static const format formats[N_FORMATS] = {
    {SOW_F8_E5M2, 2, 15, false, 0x7B, 0x7C},
    {SOW_F8_E4M3, 3, 7, false, 0x7E, 0x7E},
    {SOW_F8_E5M2FNUZ, 2, 16, true, 0x7F, FNUZ_NAN},
    {SOW_F8_E4M3FNUZ, 3, 8, true, 0x7F, FNUZ_NAN},
};

static const format *format_of(sow_dtype dtype)
{
    for (int i = 0; i < N_FORMATS; i++) {
        if (formats[i].dtype == dtype) {
            return &formats[i];
        }
    }
    return NULL;
}

/* ---- values of codes ---- */

static float value_of(const format *f, unsigned code)
{
    const unsigned magnitude = code & 0x7F;
    const int exponent = (int)(magnitude >> f->mantissa_bits);
    const unsigned mantissa = magnitude & ((1U << f->mantissa_bits) - 1);
    float value;
    if ((f->fnuz && code == FNUZ_NAN) || magnitude > f->largest) {
        value = !f->fnuz && f->beyond > f->largest && magnitude == f->beyond ? INFINITY : NAN;
    } else if (exponent == 0) {
        value = ldexpf((float)mantissa, 1 - f->bias - f->mantissa_bits);
    } else {
        value = ldexpf((float)(mantissa + (1U << f->mantissa_bits)),
                       exponent - f->bias - f->mantissa_bits);
    }
    return (code & 0x80) != 0 ? -value : value;
}

static float values[N_FORMATS + 1][256];

static void make_values(void)
{
    for (unsigned code = 0; code < 256; code++) {
        for (int i = 0; i < N_FORMATS; i++) {
            values[i][code] = value_of(&formats[i], code);
        }
        values[N_FORMATS][code] = code == E8M0_NAN ? NAN : ldexpf(1.0F, (int)code - F32_BIAS);
    }
}

const float *sow__f8_values(sow_dtype dtype)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    const format *f = format_of(dtype);
    if (f == NULL && dtype != SOW_F8_E8M0) {
        return NULL;
    }
    pthread_once(&once, make_values);
    return f == NULL ? values[N_FORMATS] : values[f - formats];
}

void sow__f8_limits(sow_dtype dtype, double *least, double *most)
{
    const format *f = format_of(dtype);
    const float *all = sow__f8_values(dtype);
    *most = (double)all[f == NULL ? E8M0_NAN - 1 : f->largest];
    *least = f == NULL ? (double)all[0] : -*most;
}

/* ---- codes of values ---- */

/* The exponent, one more from the middle between two powers on. Numbers that float32 keeps without
 * a leading 1 have exponent 0 and go up when they are above the middle. */
static uint8_t to_e8m0(uint32_t magnitude)
{
    const uint32_t exponent = magnitude >> F32_MANTISSA_BITS;
    const uint32_t mantissa = magnitude & ((UINT32_C(1) << F32_MANTISSA_BITS) - 1);
    const uint32_t half = UINT32_C(1) << (F32_MANTISSA_BITS - 1);
    if (exponent == E8M0_NAN) {
        return E8M0_NAN;
    }
    return (uint8_t)(exponent + (exponent == 0 ? mantissa > half : mantissa >= half));
}

uint8_t sow__f8_from_f32(sow_dtype dtype, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    const uint32_t magnitude = bits & UINT32_C(0x7FFFFFFF);
    const unsigned sign = (bits >> 24) & 0x80;
    const format *f = format_of(dtype);
    if (f == NULL) {
        return to_e8m0(magnitude);
    }
    if (isnan(value)) {
        return (uint8_t)(f->fnuz ? FNUZ_NAN : sign | 0x7F);
    }
    const int n_dropped = F32_MANTISSA_BITS - f->mantissa_bits;
    const uint32_t least_normal = (uint32_t)(F32_BIAS + 1 - f->bias) << F32_MANTISSA_BITS;
    uint32_t code;
    if (magnitude < least_normal) {
        code = (uint32_t)nearbyintf(ldexpf(fabsf(value), f->bias - 1 + f->mantissa_bits));
    } else {
        const uint32_t is_odd = (magnitude >> n_dropped) & 1;
        const uint32_t rounded = magnitude + (UINT32_C(1) << (n_dropped - 1)) - 1 + is_odd;
        code = (rounded >> n_dropped) - ((uint32_t)(F32_BIAS - f->bias) << f->mantissa_bits);
    }
    if (code > f->largest) {
        code = f->beyond;
    }
    return (uint8_t)(f->fnuz && (code == 0 || code == FNUZ_NAN) ? code : sign | code);
}
