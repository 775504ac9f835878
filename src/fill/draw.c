/* Uniform and normal draws: which words make which element.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fill/draw.h"

#include "base/dtype.h"
#include <math.h>
#include <string.h>

#define BLOCK SOW__NORMAL_BLOCK

/* Floats from which on a uniform fill writes past the caches: 32 MB, which few caches hold. It wins
 * a third on memory that is there, and loses a fifth on new pages, which the kernel has just
 * cleared in the cache. */
#define PAST_CACHES ((int64_t)1 << 23)
#define LINE_BYTES 64

static int64_t min_i64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* PyTorch's empty_like keeps the order of strides: its result is row-major when the dims of more
 * than one element have strides that do not grow. */
static bool dense_copy_is_contiguous(const sow_tensor *view)
{
    int64_t last = INT64_MAX;
    for (int d = 0; d < view->n_dims; d++) {
        if (view->sizes[d] != 1) {
            if (view->strides[d] > last) {
                return false;
            }
            last = view->strides[d];
        }
    }
    return true;
}

sow__draw sow__draw_of(const sow__fill *fill, const sow_tensor *view, const sow__place *place)
{
    sow_dtype dtype = view->storage->dtype;
    bool is_complex = sow__dtype_is_complex(dtype);
    int64_t n = view->numel * (is_complex ? 2 : 1);
    bool is_normal = fill->kind != SOW__FILL_UNIFORM;
    return (sow__draw){
        .fill = fill,
        .kind = fill->kind,
        .real = sow__dtype_real(dtype),
        .n = n,
        .bulk = is_normal && n >= BLOCK && sow_tensor_is_contiguous(view),
        .bulk_redraw = is_normal && n >= BLOCK && dense_copy_is_contiguous(view),
        .a = fill->a,
        .b = fill->b,
        .mean = fill->mean,
        .std = is_complex ? fill->std / sqrt(2.0) : fill->std,
        .place = *place,
    };
}

static int words_per_real(sow_dtype real)
{
    return real == SOW_F64 ? 2 : 1;
}

/* In these the last n % 16 elements draw words of their own before they are drawn again as part of
 * the last 16. */
static bool tail_draws_twice(const sow__draw *draw)
{
    return draw->real == SOW_F32 || draw->real == SOW_F64 || draw->place.dialect == SOW_TORCH_2_11;
}

/* Words before the 16 extra values that end a bulk normal fill whose n is no multiple of 16. */
static uint64_t words_before_tail(const sow__draw *draw)
{
    int64_t n = tail_draws_twice(draw) ? draw->n : draw->n / BLOCK * BLOCK;
    return (uint64_t)n * (uint64_t)words_per_real(draw->real);
}

/* Values of a serial fill that come from its own pairs: all but the cached one. */
static int64_t serial_own(const sow__draw *draw)
{
    return draw->n - (draw->place.cached.valid && draw->n > 0 ? 1 : 0);
}

sow__place sow__draw_after(const sow__draw *draw)
{
    sow__place after = draw->place;
    uint64_t per_real = (uint64_t)words_per_real(draw->real);
    if (draw->kind == SOW__FILL_UNIFORM) {
        after.position += (uint64_t)draw->n * per_real;
    } else if (draw->bulk) {
        after.position += words_before_tail(draw) + (draw->n % BLOCK != 0 ? BLOCK * per_real : 0);
    } else if (draw->n > 0) {
        int64_t own = serial_own(draw);
        after.position += 4 * (uint64_t)((own + 1) / 2);
        after.cached = (sow__cached_normal){.valid = own % 2 != 0, .at = after.position - 4};
    }
    return after;
}

/* ---- uniform ---- */

static void uniform_values(const sow__draw *draw, const sow__uniform *u, void *out,
                           const uint32_t *raw, size_t n)
{
    const sow__kern *kern = sow__kern_get();
    bool is_2_11 = draw->place.dialect == SOW_TORCH_2_11;
    switch (draw->real) {
    case SOW_F64:
        kern->uniform_f64(out, raw, n, u);
        break;
    case SOW_F16:
        (is_2_11 ? kern->uniform_f16_2_11 : kern->uniform_f16)(out, raw, n, u);
        break;
    case SOW_BF16:
        (is_2_11 ? kern->uniform_bf16_2_11 : kern->uniform_bf16)(out, raw, n, u);
        break;
    default:
        kern->uniform_f32(out, raw, n, u);
    }
}

/* The next count reals from the cursor's position; returns where their memory ends. */
static unsigned char *uniform_run(const sow__draw *draw, sow__cursor *cursor, int64_t count,
                                  unsigned char *out, bool past_caches)
{
    const sow__uniform u = {.from = draw->a,
                            .to = draw->b,
                            .to_becomes_from = draw->place.dialect != SOW_TORCH_2_11,
                            .past_caches = past_caches};
    size_t per_real = (size_t)words_per_real(draw->real), bytes = sow__dtype_bytes(draw->real);
    size_t n_raw;
    const uint32_t *raw;
    sow__reader reader;
    sow__reader_open(&reader, cursor, (uint64_t)count * per_real);
    while ((n_raw = sow__reader_next(&reader, &raw)) > 0) {
        uniform_values(draw, &u, out, raw, n_raw / per_real);
        out += n_raw / per_real * bytes;
    }
    return out;
}

static sow_status uniform_piece(const sow__draw *draw, sow__cursor *cursor, int64_t first,
                                int64_t count, unsigned char *out, sow_error *err)
{
    uint64_t position =
        draw->place.position + (uint64_t)first * (uint64_t)words_per_real(draw->real);
    sow_status status = sow__cursor_seek(cursor, position, err);
    if (status != SOW_OK) {
        return status;
    }
    bool past_caches = draw->real == SOW_F32 && count >= PAST_CACHES &&
                       sow__memory_is_resident(out, (size_t)count * sizeof(float));
    if (past_caches) {
        /* Up to where a cache line begins, so that the rest writes whole ones. */
        int64_t head = (int64_t)(-(uintptr_t)out % LINE_BYTES / sizeof(float));
        out = uniform_run(draw, cursor, head, out, false);
        count -= head;
    }
    uniform_run(draw, cursor, count, out, past_caches);
    if (past_caches) {
        sow__kern_get()->end_past_caches();
    }
    return SOW_OK;
}

/* ---- normal in blocks ---- */

void sow__normal_blocks(const sow__draw *draw, void *out, const uint32_t *raw, size_t n_blocks)
{
    const sow__kern *kern = sow__kern_get();
    sow_dialect dialect = draw->place.dialect;
    double mean = draw->mean, std = draw->std;
    switch (draw->real) {
    case SOW_F64:
        kern->normal_f64(out, raw, n_blocks, mean, std);
        break;
    case SOW_F16:
        (dialect == SOW_TORCH_2_11   ? kern->normal_f16_2_11
         : dialect == SOW_TORCH_2_12 ? kern->normal_f16_2_12
                                     : kern->normal_f16)(out, raw, n_blocks, mean, std);
        break;
    case SOW_BF16:
        (dialect == SOW_TORCH_2_11   ? kern->normal_bf16_2_11
         : dialect == SOW_TORCH_2_12 ? kern->normal_bf16_2_12
                                     : kern->normal_bf16)(out, raw, n_blocks, mean, std);
        break;
    default:
        kern->normal_f32(out, raw, n_blocks, mean, std);
    }
}

/* Copies what [first, first + count) has in common with the block of 16 values that begins at real
 * number at. */
static void copy_overlap(unsigned char *out, int64_t first, int64_t count, const void *block,
                         int64_t at, size_t bytes)
{
    int64_t low = at > first ? at : first;
    int64_t high = min_i64(at + BLOCK, first + count);
    if (low < high) {
        memcpy(out + (size_t)(low - first) * bytes,
               (const unsigned char *)block + (size_t)(low - at) * bytes,
               (size_t)(high - low) * bytes);
    }
}

static void whole_blocks(const sow__draw *draw, sow__cursor *cursor, unsigned char *out,
                         int64_t n_blocks)
{
    size_t raw_per_block = BLOCK * (size_t)words_per_real(draw->real), n_raw;
    size_t block_bytes = BLOCK * sow__dtype_bytes(draw->real);
    const uint32_t *raw;
    sow__reader reader;
    sow__reader_open(&reader, cursor, (uint64_t)n_blocks * raw_per_block);
    while ((n_raw = sow__reader_next(&reader, &raw)) > 0) {
        size_t n = n_raw / raw_per_block;
        sow__normal_blocks(draw, out, raw, n);
        out += n * block_bytes;
    }
}

/* One block of 16 from the cursor's position, of which the part inside the piece is kept. */
static void one_block(const sow__draw *draw, sow__cursor *cursor, unsigned char *out, int64_t first,
                      int64_t count, int64_t at)
{
    double block[BLOCK];
    whole_blocks(draw, cursor, (unsigned char *)block, 1);
    copy_overlap(out, first, count, block, at, sow__dtype_bytes(draw->real));
}

static sow_status bulk_piece(const sow__draw *draw, sow__cursor *cursor, int64_t first,
                             int64_t count, unsigned char *out, sow_error *err)
{
    int64_t end = min_i64(first + count, draw->n / BLOCK * BLOCK);
    uint64_t words_per_block = BLOCK * (uint64_t)words_per_real(draw->real);
    int64_t at = first / BLOCK * BLOCK;
    if (at < end) {
        uint64_t position = draw->place.position + (uint64_t)(at / BLOCK) * words_per_block;
        sow_status status = sow__cursor_seek(cursor, position, err);
        if (status != SOW_OK) {
            return status;
        }
        if (at < first) {
            one_block(draw, cursor, out, first, count, at);
            at += BLOCK;
        }
        int64_t n_whole = at < end ? (end - at) / BLOCK : 0;
        whole_blocks(draw, cursor, out + (size_t)(at - first) * sow__dtype_bytes(draw->real),
                     n_whole);
        at += n_whole * BLOCK;
        if (at < end) {
            one_block(draw, cursor, out, first, count, at);
        }
    }
    if (draw->n % BLOCK != 0 && first + count > draw->n - BLOCK) {
        sow_status status =
            sow__cursor_seek(cursor, draw->place.position + words_before_tail(draw), err);
        if (status != SOW_OK) {
            return status;
        }
        one_block(draw, cursor, out, first, count, draw->n - BLOCK);
    }
    return SOW_OK;
}

/* ---- normal in pairs, in double ---- */

#define MOST_PAIRS (SOW__RING_WORDS / 4) /* that a reader lends at a time */

/* Rounds n doubles to the type of the draw: 16-bit types by way of float32. */
static void store(const sow__draw *draw, void *out, const double *values, size_t n)
{
    sow__convert(out, draw->real, values, SOW_F64, n);
}

static sow_status cached_value(const sow__draw *draw, sow__cursor *cursor, double *value,
                               sow_error *err)
{
    const sow__cached_normal *cached = &draw->place.cached;
    if (cached->known) {
        *value = cached->value;
        return SOW_OK;
    }
    return sow__cursor_pair_sine(cursor, cached->at, value, err);
}

static sow_status serial_piece(const sow__draw *draw, sow__cursor *cursor, int64_t first,
                               int64_t count, unsigned char *out, sow_error *err)
{
    const sow__kern *kern = sow__kern_get();
    size_t bytes = sow__dtype_bytes(draw->real);
    int64_t n_cached = draw->n - serial_own(draw);
    double values[2 * MOST_PAIRS], sine = 0.0;
    if (first < n_cached && count > 0) {
        sow_status status = cached_value(draw, cursor, values, err);
        if (status != SOW_OK) {
            return status;
        }
        kern->scale_shift(values, values, 1, draw->mean, draw->std);
        store(draw, out, values, 1);
        first++;
        count--;
        out += bytes;
    }
    int64_t own = first - n_cached; /* number among the values that come from pairs */
    uint64_t position = draw->place.position + 4 * (uint64_t)(own / 2);
    sow_status status = count > 0 ? sow__cursor_seek(cursor, position, err) : SOW_OK;
    if (status != SOW_OK || count == 0) {
        return status;
    }
    int64_t skip = own % 2, n_pairs = (skip + count + 1) / 2;
    const uint32_t *raw;
    size_t n_raw;
    sow__reader reader;
    sow__reader_open(&reader, cursor, 4 * (uint64_t)n_pairs);
    while ((n_raw = sow__reader_next(&reader, &raw)) > 0) {
        int64_t n = min_i64((int64_t)(n_raw / 2) - skip, count);
        kern->normal_pairs(values, raw, n_raw / 4);
        sine = values[n_raw / 2 - 1];
        kern->scale_shift(values + skip, values + skip, (size_t)n, draw->mean, draw->std);
        store(draw, out, values + skip, (size_t)n);
        out += (size_t)n * bytes;
        count -= n;
        skip = 0;
    }
    cursor->pair_at = cursor->position - 4;
    cursor->pair_sine = sine;
    return status;
}

sow_status sow__draw_piece(const sow__draw *draw, sow__cursor *cursor, int64_t first, int64_t count,
                           void *out, sow_error *err)
{
    if (draw->kind == SOW__FILL_UNIFORM) {
        return uniform_piece(draw, cursor, first, count, out, err);
    }
    if (draw->bulk) {
        return bulk_piece(draw, cursor, first, count, out, err);
    }
    return serial_piece(draw, cursor, first, count, out, err);
}
