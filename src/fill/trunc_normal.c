/* trunc_normal: rejection (torch-2.12 and later) and the inverse of the distribution function
 * (torch-2.11).
 * SPDX-License-Identifier: Apache-2.0
 *
 * Rejection draws the whole tensor again until every element has been inside the bounds once; an
 * element is its first draw inside. So an element depends on the rounds that it needs, and any
 * piece can be computed alone. */
#include "fill/trunc.h"

#include "base/dtype.h"
#include "base/error.h"
#include "kern/scalar.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* As SOW__TRUNC_MOST_ROUNDS, of the branch that is taken when fewer are accepted. */
#define MOST_UNIFORM_ROUNDS 10000000

/* Largest |z| of a standard normal: sqrt(-2 log 2^-24) in bulk f32 and 16 bit, sqrt(-2 log 2^-53)
 * in double; rounded up. */
#define MOST_Z_24_BITS 5.8
#define MOST_Z_53_BITS 8.6

double sow__trunc_cdf(const sow__fill *fill, double x)
{
    return (1.0 + erf((x - fill->mean) / fill->std / sqrt(2.0))) / 2.0;
}

bool sow__trunc_is_normal(const sow__fill *fill)
{
    return sow__trunc_cdf(fill, fill->b) - sow__trunc_cdf(fill, fill->a) > 0.3;
}

sow__place sow__trunc_after_failure(const sow__draw *draw)
{
    bool inverts = draw->place.dialect == SOW_TORCH_2_11;
    sow__draw first = *draw;
    first.kind =
        !inverts && sow__trunc_is_normal(draw->fill) ? SOW__FILL_NORMAL : SOW__FILL_UNIFORM;
    sow__place after = sow__draw_after(&first);
    if (first.kind == SOW__FILL_UNIFORM && !inverts) {
        /* The proposals, then as many numbers to test them with. */
        first.place = after;
        after = sow__draw_after(&first);
    }
    return after;
}

bool sow__trunc_never_rejects(const sow__draw *draw)
{
    bool is_double = draw->real == SOW_F64 || !draw->bulk;
    double reach = (is_double ? MOST_Z_53_BITS : MOST_Z_24_BITS) * draw->std;
    reach += (fabs(draw->mean) + reach) / 128; /* the value's and the bound's rounding to 16 bit */
    return draw->a <= draw->mean - reach && draw->b >= draw->mean + reach;
}

/* ---- numbers of the draw's type ---- */

/* A number rounded to the type of the draw: 16 bit by way of float32. */
static double rounded(const sow__draw *draw, double value)
{
    if (draw->real == SOW_F64) {
        return value;
    }
    if (draw->real == SOW_F16) {
        return sow__f32_from_f16(sow__f16_from_f32((float)value));
    }
    return draw->real == SOW_BF16 ? sow__f32_from_bf16(sow__bf16_from_f32((float)value))
                                  : (float)value;
}

/* Element i as a double; every type fits. */
static double load(const sow__draw *draw, const void *values, size_t i)
{
    switch (draw->real) {
    case SOW_F64:
        return ((const double *)values)[i];
    case SOW_F16:
        return sow__f32_from_f16(((const uint16_t *)values)[i]);
    case SOW_BF16:
        return sow__f32_from_bf16(((const uint16_t *)values)[i]);
    default:
        return ((const float *)values)[i];
    }
}

/* ---- normal draws and bounds ---- */

static bool outside(double value, double low, double high)
{
    return value < low || value > high;
}

static bool any_outside(const sow__draw *draw, const void *values, int64_t count, double low,
                        double high)
{
    for (int64_t i = 0; i < count; i++) {
        if (outside(load(draw, values, (size_t)i), low, high)) {
            return true;
        }
    }
    return false;
}

sow__draw sow__trunc_round(const sow__draw *draw, uint64_t k, const sow__draw *before)
{
    sow__draw normal = *draw;
    normal.kind = SOW__FILL_NORMAL;
    if (k > 0) {
        normal.place = sow__draw_after(before);
        normal.bulk = draw->bulk_redraw; /* the candidates are dense */
    }
    return normal;
}

sow_status sow__trunc_fail(const sow__draw *draw, sow_error *err)
{
    return sow__fail(err, SOW_ERROR_RUNTIME,
                     "trunc_normal: after %d rounds no value is inside [%g, %g]",
                     SOW__TRUNC_MOST_ROUNDS, draw->a, draw->b);
}

static sow_status normal_rounds(const sow__draw *draw, sow__cursor *cursor, int64_t first,
                                int64_t count, unsigned char *out, unsigned char *scratch,
                                uint64_t *n_rounds, sow_error *err)
{
    size_t bytes = sow__dtype_bytes(draw->real);
    double low = rounded(draw, draw->a), high = rounded(draw, draw->b);
    sow__draw normal = sow__trunc_round(draw, 0, NULL);
    sow_status status = sow__draw_piece(&normal, cursor, first, count, out, err);
    uint64_t k = 0;
    while (status == SOW_OK && any_outside(draw, out, count, low, high)) {
        if (++k > SOW__TRUNC_MOST_ROUNDS) {
            return sow__trunc_fail(draw, err);
        }
        normal = sow__trunc_round(draw, k, &normal);
        status = sow__draw_piece(&normal, cursor, first, count, scratch, err);
        for (int64_t i = 0; status == SOW_OK && i < count; i++) {
            if (outside(load(draw, out, (size_t)i), low, high)) {
                memcpy(out + (size_t)i * bytes, scratch + (size_t)i * bytes, bytes);
            }
        }
    }
    *n_rounds = k > *n_rounds ? k : *n_rounds;
    return status;
}

/* ---- uniform proposals and a test in the logarithm ---- */

/* The numbers of the test, each rounded as PyTorch's tensor operations round them: scalars to the
 * type of the tensor, but std stays float32 for 16-bit tensors. */
struct log_test {
    double mean, std, log_peak;
};

static struct log_test log_test_of(const sow__draw *draw)
{
    double mode = fmin(draw->mean, draw->b);
    mode = fmax(draw->a, mode);
    double z = (mode - draw->mean) / draw->std;
    return (struct log_test){
        .mean = rounded(draw, draw->mean),
        .std = draw->real == SOW_F64 ? draw->std : (float)draw->std,
        .log_peak = rounded(draw, -0.5 * (z * z)),
    };
}

/* log density of a proposal below the peak: four tensor operations, one rounding each. */
static double log_density(const sow__draw *draw, const struct log_test *test, double x)
{
    if (draw->real == SOW_F64) {
        double c = (x - test->mean) / test->std;
        return c * c * -0.5 - test->log_peak;
    }
    double c = rounded(draw, (float)x - (float)test->mean);
    c = rounded(draw, (float)c / (float)test->std);
    c = rounded(draw, (float)c * (float)c);
    c = rounded(draw, (float)c * -0.5f);
    return rounded(draw, (float)c - (float)test->log_peak);
}

/* PyTorch's vector log is not correctly rounded; only the comparison sees it. */
static double log_uniform(const sow__draw *draw, double u)
{
    return draw->real == SOW_F64 ? sow__log(u) : rounded(draw, (float)sow__log(u));
}

/* Round k of the uniform branch: proposals first, then the numbers that accept them. */
static sow__draw proposal_draw(const sow__draw *draw, uint64_t k, bool accepting)
{
    sow__draw uniform = *draw;
    uniform.kind = SOW__FILL_UNIFORM;
    if (accepting) {
        uniform.a = 0.0;
        uniform.b = 1.0;
    }
    uint64_t words = sow__draw_after(&uniform).position - uniform.place.position;
    uniform.place.position += (2 * k + (accepting ? 1 : 0)) * words;
    return uniform;
}

/* Takes the proposals of a round for elements that are pending; returns how many still are. */
static int64_t accept(const sow__draw *draw, const struct log_test *test, int64_t count,
                      unsigned char *out, const unsigned char *proposals,
                      const unsigned char *uniforms, unsigned char *pending)
{
    size_t bytes = sow__dtype_bytes(draw->real);
    int64_t n_pending = 0;
    for (int64_t i = 0; i < count; i++) {
        if (!pending[i]) {
            continue;
        }
        size_t at = (size_t)i * bytes;
        memcpy(out + at, proposals + at, bytes);
        double density = log_density(draw, test, load(draw, proposals, (size_t)i));
        pending[i] = log_uniform(draw, load(draw, uniforms, (size_t)i)) > density;
        n_pending += pending[i];
    }
    return n_pending;
}

/* scratch: two values and one byte per element. */
static sow_status proposal_rounds(const sow__draw *draw, sow__cursor *cursor, int64_t first,
                                  int64_t count, unsigned char *out, unsigned char *scratch,
                                  uint64_t *n_rounds, sow_error *err)
{
    size_t piece_bytes = (size_t)count * sow__dtype_bytes(draw->real);
    unsigned char *proposals = scratch, *uniforms = scratch + piece_bytes,
                  *pending = uniforms + piece_bytes;
    struct log_test test = log_test_of(draw);
    memset(pending, 1, (size_t)count);
    for (uint64_t k = 0; k <= MOST_UNIFORM_ROUNDS; k++) {
        sow__draw proposal = proposal_draw(draw, k, false),
                  accepting = proposal_draw(draw, k, true);
        sow_status status = sow__draw_piece(&proposal, cursor, first, count, proposals, err);
        if (status == SOW_OK) {
            status = sow__draw_piece(&accepting, cursor, first, count, uniforms, err);
        }
        if (status != SOW_OK) {
            return status;
        }
        if (accept(draw, &test, count, out, proposals, uniforms, pending) == 0) {
            *n_rounds = k > *n_rounds ? k : *n_rounds;
            return SOW_OK;
        }
    }
    return sow__fail(err, SOW_ERROR_RUNTIME,
                     "trunc_normal: after %d rounds no value is inside [%g, %g]",
                     MOST_UNIFORM_ROUNDS, draw->a, draw->b);
}

/* ---- torch-2.11 ---- */

/* erfinv, times std sqrt 2, plus mean, clamped: each a tensor operation with one rounding. */
static void from_erfinv(const sow__draw *draw, unsigned char *out, int64_t count)
{
    double scale = draw->std * sqrt(2.0), mean = rounded(draw, draw->mean);
    double low = rounded(draw, draw->a), high = rounded(draw, draw->b);
    for (int64_t i = 0; i < count; i++) {
        double x = load(draw, out, (size_t)i);
        if (draw->real == SOW_F64) {
            x = sow__erfinv_f64(x) * scale + mean;
        } else if (draw->real == SOW_F32) {
            x = (float)((float)(sow__erfinv_f32((float)x) * (float)scale) + (float)mean);
        } else {
            x = rounded(draw, sow__erfinv_half((float)x));
            x = rounded(draw, (float)x * (float)scale);
            x = rounded(draw, (float)x + (float)mean);
        }
        x = x < low ? low : x > high ? high : x;
        sow__convert(out + (size_t)i * sow__dtype_bytes(draw->real), draw->real, &x, SOW_F64, 1);
    }
}

static sow__draw erfinv_draw(const sow__draw *draw)
{
    sow__draw uniform = *draw;
    uniform.kind = SOW__FILL_UNIFORM;
    uniform.a = 2 * sow__trunc_cdf(draw->fill, draw->a) - 1;
    uniform.b = 2 * sow__trunc_cdf(draw->fill, draw->b) - 1;
    return uniform;
}

/* ---- all ---- */

/* Most elements that are worked on at a time, so that scratch memory does not grow with
 * the tensor. */
#define MOST_AT_A_TIME (1 << 20)

/* Any elements, whichever way they are drawn. */
static sow_status any_piece(const sow__draw *draw, sow__cursor *cursor, int64_t first,
                            int64_t count, void *out, uint64_t *n_rounds, sow_error *err)
{
    size_t bytes = sow__dtype_bytes(draw->real);
    int64_t most = count < MOST_AT_A_TIME ? count : MOST_AT_A_TIME;
    bool is_normal = sow__trunc_is_normal(draw->fill);
    size_t scratch_bytes = (size_t)most * (is_normal ? bytes : 2 * bytes + 1);
    unsigned char *scratch = malloc(scratch_bytes + 1);
    if (scratch == NULL) {
        return sow__fail_memory(err, scratch_bytes);
    }
    sow_status status = SOW_OK;
    for (int64_t done = 0; status == SOW_OK && done < count; done += most) {
        int64_t n = count - done < most ? count - done : most;
        unsigned char *to = (unsigned char *)out + (size_t)done * bytes;
        status = (is_normal ? normal_rounds : proposal_rounds)(draw, cursor, first + done, n, to,
                                                               scratch, n_rounds, err);
    }
    free(scratch);
    return status;
}

/* Whole blocks, and before and behind them the elements of others. */
static sow_status block_piece(const sow__draw *draw, sow__cursor *cursor, int64_t first,
                              int64_t count, unsigned char *out, uint64_t *n_rounds, sow_error *err)
{
    const int64_t block = SOW__NORMAL_BLOCK;
    const sow__trunc_bounds bounds = {rounded(draw, draw->a), rounded(draw, draw->b)};
    size_t bytes = sow__dtype_bytes(draw->real);
    int64_t end = first + count, once = draw->n % block == 0 ? draw->n : draw->n - block;
    int64_t low = (first + block - 1) / block * block;
    int64_t high = (end < once ? end : once) / block * block;
    if (low >= high) {
        return any_piece(draw, cursor, first, count, out, n_rounds, err);
    }
    sow_status status = SOW_OK;
    if (first < low) {
        status = any_piece(draw, cursor, first, low - first, out, n_rounds, err);
    }
    if (status == SOW_OK) {
        status = sow__trunc_blocks(draw, cursor, &bounds, low / block, (high - low) / block,
                                   out + (size_t)(low - first) * bytes, n_rounds, err);
    }
    if (status == SOW_OK && high < end) {
        status = any_piece(draw, cursor, high, end - high, out + (size_t)(high - first) * bytes,
                           n_rounds, err);
    }
    return status;
}

sow_status sow__trunc_piece(const sow__draw *draw, sow__cursor *cursor, int64_t first,
                            int64_t count, void *out, uint64_t *n_rounds, sow_error *err)
{
    if (draw->place.dialect == SOW_TORCH_2_11) {
        sow__draw uniform = erfinv_draw(draw);
        sow_status status = sow__draw_piece(&uniform, cursor, first, count, out, err);
        from_erfinv(draw, out, status == SOW_OK ? count : 0);
        return status;
    }
    if (!sow__trunc_is_normal(draw->fill) || !draw->bulk || !draw->bulk_redraw) {
        return any_piece(draw, cursor, first, count, out, n_rounds, err);
    }
    if (sow__trunc_never_rejects(draw)) {
        sow__draw normal = sow__trunc_round(draw, 0, NULL);
        return sow__draw_piece(&normal, cursor, first, count, out, err);
    }
    return block_piece(draw, cursor, first, count, out, n_rounds, err);
}

sow__place sow__trunc_after(const sow__draw *draw, uint64_t n_rounds)
{
    if (draw->place.dialect == SOW_TORCH_2_11) {
        sow__draw uniform = erfinv_draw(draw);
        return sow__draw_after(&uniform);
    }
    if (!sow__trunc_is_normal(draw->fill)) {
        sow__draw beyond = proposal_draw(draw, n_rounds + 1, false);
        return beyond.place;
    }
    sow__draw normal = sow__trunc_round(draw, 0, NULL);
    for (uint64_t k = 1; k <= n_rounds; k++) {
        normal = sow__trunc_round(draw, k, &normal);
    }
    return sow__draw_after(&normal);
}
