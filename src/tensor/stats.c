/* Figures about the values of a tensor, collected piece by piece.
 * SPDX-License-Identifier: Apache-2.0 */
#include <sow/stats.h>

#include "base/error.h"
#include "kern/float8.h"
#include "kern/kern.h"

#include <math.h>
#include <string.h>

/* Elements are taken in chunks of this many numbers, which fit the first cache. */
#define CHUNK 1024

/* ---- a chunk as numbers ---- */

/* Numbers in one element; 0 for a type that cannot be read. */
static size_t numbers_in(sow_dtype dtype)
{
    switch (dtype) {
    case SOW_C64:
    case SOW_C128:
        return 2;
    case SOW_F6_E2M3:
    case SOW_F6_E3M2:
    case SOW_F4:
        return 0;
    default:
        return sow_dtype_bits(dtype) > 0 ? 1 : 0;
    }
}

/* n <= CHUNK numbers of 32 bits or fewer with at most float32's precision. */
static void read_f32(float *out, sow_dtype dtype, const unsigned char *in, size_t n)
{
    uint16_t halves[CHUNK];
    if (dtype == SOW_F32 || dtype == SOW_C64) {
        memcpy(out, in, n * sizeof *out);
        return;
    }
    memcpy(halves, in, n * sizeof *halves);
    if (dtype == SOW_F16) {
        sow__kern_get()->f16_to_f32(out, halves, n);
    } else {
        sow__kern_get()->bf16_to_f32(out, halves, n);
    }
}

static void read_f8(double *out, sow_dtype dtype, const unsigned char *in, size_t n)
{
    const float *values = sow__f8_values(dtype);
    for (size_t i = 0; i < n; i++) {
        out[i] = (double)values[in[i]];
    }
}

#define READ_AS(type)                                                                              \
    for (size_t i = 0; i < n; i++) {                                                               \
        type value;                                                                                \
        memcpy(&value, in + i * sizeof value, sizeof value);                                       \
        out[i] = (double)value;                                                                    \
    }

static void read_f64(double *out, sow_dtype dtype, const unsigned char *in, size_t n)
{
    switch (dtype) {
    case SOW_I64:
        READ_AS(int64_t)
        break;
    case SOW_I32:
        READ_AS(int32_t)
        break;
    case SOW_I16:
        READ_AS(int16_t)
        break;
    case SOW_I8:
        READ_AS(int8_t)
        break;
    case SOW_U64:
        READ_AS(uint64_t)
        break;
    case SOW_U32:
        READ_AS(uint32_t)
        break;
    case SOW_U16:
        READ_AS(uint16_t)
        break;
    case SOW_U8:
        READ_AS(uint8_t)
        break;
    case SOW_BOOL:
        for (size_t i = 0; i < n; i++) {
            out[i] = in[i] != 0;
        }
        break;
    case SOW_F64:
    case SOW_C128:
        memcpy(out, in, n * sizeof *out);
        break;
    default:
        read_f8(out, dtype, in, n);
    }
}

static bool is_f32_at_most(sow_dtype dtype)
{
    return dtype == SOW_F32 || dtype == SOW_F16 || dtype == SOW_BF16 || dtype == SOW_C64;
}

static sow_status check_dtype(sow_dtype dtype, sow_error *err)
{
    if (sow_stats_can_read(dtype)) {
        return SOW_OK;
    }
    const char *name = sow_dtype_name(dtype);
    return sow__fail(err, SOW_ERROR_UNSUPPORTED, "values of dtype %s cannot be read as numbers",
                     name != NULL ? name : "?");
}

/* ---- public ---- */

bool sow_stats_can_read(sow_dtype dtype)
{
    return numbers_in(dtype) != 0;
}

void sow_stats_init(sow_stats *stats)
{
    *stats = (sow_stats){.min = (double)INFINITY, .max = -(double)INFINITY};
}

static sow__moments to_moments(const sow_stats *s)
{
    return (sow__moments){.n = s->n,
                          .n_nan = s->n_nan,
                          .n_inf = s->n_inf,
                          .n_zero = s->n_zero,
                          .mean = s->mean,
                          .m2 = s->m2,
                          .min = s->min,
                          .max = s->max};
}

static sow_stats from_moments(const sow__moments *m)
{
    return (sow_stats){.n = m->n,
                       .n_nan = m->n_nan,
                       .n_inf = m->n_inf,
                       .n_zero = m->n_zero,
                       .mean = m->mean,
                       .m2 = m->m2,
                       .min = m->min,
                       .max = m->max};
}

sow_status sow_stats_add(sow_stats *stats, sow_dtype dtype, const void *elements, size_t n_elements,
                         sow_error *err)
{
    const sow_status status = check_dtype(dtype, err);
    if (status != SOW_OK) {
        return status;
    }
    const sow__kern *kern = sow__kern_get();
    const size_t number_bytes = (size_t)sow_dtype_bits(dtype) / 8 / numbers_in(dtype);
    const unsigned char *in = elements;
    sow__moments moments = to_moments(stats);
    union {
        float f32[CHUNK];
        double f64[CHUNK];
    } numbers;
    for (size_t left = n_elements * numbers_in(dtype); left > 0;) {
        const size_t n = left < CHUNK ? left : CHUNK;
        if (is_f32_at_most(dtype)) {
            read_f32(numbers.f32, dtype, in, n);
            kern->moments_f32(&moments, numbers.f32, n);
        } else {
            read_f64(numbers.f64, dtype, in, n);
            kern->moments_f64(&moments, numbers.f64, n);
        }
        in += n * number_bytes;
        left -= n;
    }
    *stats = from_moments(&moments);
    return SOW_OK;
}

void sow_stats_merge(sow_stats *stats, const sow_stats *other)
{
    sow__moments a = to_moments(stats);
    const sow__moments b = to_moments(other);
    sow__moments_merge(&a, &b);
    *stats = from_moments(&a);
}

double sow_stats_std(const sow_stats *stats)
{
    const uint64_t n = stats->n - stats->n_nan - stats->n_inf;
    return n < 2 ? (double)NAN : sqrt(stats->m2 / (double)(n - 1));
}

sow_status sow_values_as_f64(double *values, sow_dtype dtype, const void *elements,
                             size_t n_elements, sow_error *err)
{
    const sow_status status = check_dtype(dtype, err);
    if (status != SOW_OK) {
        return status;
    }
    const size_t number_bytes = (size_t)sow_dtype_bits(dtype) / 8 / numbers_in(dtype);
    const unsigned char *in = elements;
    for (size_t left = n_elements * numbers_in(dtype); left > 0;) {
        const size_t n = left < CHUNK ? left : CHUNK;
        if (is_f32_at_most(dtype)) {
            float numbers[CHUNK];
            read_f32(numbers, dtype, in, n);
            sow__kern_get()->f32_to_f64(values, numbers, n);
        } else {
            read_f64(values, dtype, in, n);
        }
        values += n;
        in += n * number_bytes;
        left -= n;
    }
    return SOW_OK;
}
