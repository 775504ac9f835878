/* Running a fill on a view with memory, or a piece of it into a buffer.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fill/draw.h"
#include "fill/matrix.h"

#include "base/dtype.h"
#include "base/error.h"
#include "base/pieces.h"
#include "base/threads.h"
#include <stdlib.h>
#include <string.h>

bool sow__fill_overwrites(const sow__fill *fill)
{
    return fill->kind != SOW__FILL_MUL;
}

bool sow__fill_draws(const sow__fill *fill)
{
    switch (fill->kind) {
    case SOW__FILL_UNIFORM:
    case SOW__FILL_NORMAL:
    case SOW__FILL_TRUNC_NORMAL:
    case SOW__FILL_ORTHOGONAL:
    case SOW__FILL_SPARSE:
        return true;
    default:
        return false;
    }
}

bool sow__fill_is_streamable(const sow__fill *fill)
{
    return fill->kind != SOW__FILL_ORTHOGONAL && fill->kind != SOW__FILL_SPARSE;
}

/* ---- measuring ---- */

/* Elements that are looked at together when rounds are counted. */
#define MEASURE_PIECE ((int64_t)1 << 20)

/* One per thread. */
struct counter {
    sow__cursor cursor; /* open when there is memory for values */
    void *values;       /* of one piece */
    uint64_t n_rounds;
};

struct count {
    const sow__draw *draw;
    const sow__cursor *from; /* where it stands is near */
    struct counter *counters;
};

static sow_status count_piece(void *user, int worker, uint64_t piece, sow_error *err)
{
    const struct count *count = user;
    const sow__draw *draw = count->draw;
    struct counter *counter = &count->counters[worker];
    int64_t first = (int64_t)piece * MEASURE_PIECE, n_left = draw->n - first;
    int64_t n = n_left < MEASURE_PIECE ? n_left : MEASURE_PIECE;
    size_t n_bytes = (size_t)n * sow__dtype_bytes(draw->real);
    if (counter->values == NULL) {
        counter->values = malloc(n_bytes);
        if (counter->values == NULL) {
            return sow__fail_memory(err, n_bytes);
        }
        sow__cursor_copy(&counter->cursor, count->from);
    }
    return sow__trunc_piece(draw, &counter->cursor, first, n, counter->values, &counter->n_rounds,
                            err);
}

/* Every piece needs its own rounds; the tensor needs the most of them. */
static sow_status count_rounds(const sow__draw *draw, const sow__cursor *from, uint64_t *n_rounds,
                               sow_error *err)
{
    *n_rounds = 0;
    if (draw->place.dialect == SOW_TORCH_2_11 ||
        (sow__trunc_is_normal(draw->fill) && sow__trunc_never_rejects(draw))) {
        return SOW_OK;
    }
    uint64_t n_pieces = ((uint64_t)draw->n + MEASURE_PIECE - 1) / MEASURE_PIECE;
    int n_threads = n_pieces > 1 ? sow__thread_count(0) : 1;
    struct count count = {
        .draw = draw, .from = from, .counters = calloc((size_t)n_threads, sizeof *count.counters)};
    if (count.counters == NULL) {
        return sow__fail_memory(err, (size_t)n_threads * sizeof *count.counters);
    }
    const sow__pieces pieces = {
        .n_threads = n_threads, .n_pieces = n_pieces, .work = count_piece, .user = &count};
    sow_status status = sow__pieces_run(&pieces, err);
    for (int i = 0; i < n_threads; i++) {
        struct counter *counter = &count.counters[i];
        *n_rounds = counter->n_rounds > *n_rounds ? counter->n_rounds : *n_rounds;
        if (counter->values != NULL) {
            sow__cursor_close(&counter->cursor);
            free(counter->values);
        }
    }
    free(count.counters);
    return status;
}

static sow__fill_end end_at(const sow__place *begin, const sow__place *after)
{
    return (sow__fill_end){.n_words = after->position - begin->position, .cached = after->cached};
}

sow_status sow__fill_measure(const sow__fill *fill, const sow_tensor *view, const sow__place *place,
                             sow__cursor *cursor, sow__fill_end *end, sow_error *err)
{
    sow__draw draw;
    sow__place after = *place;
    switch (fill->kind) {
    case SOW__FILL_UNIFORM:
    case SOW__FILL_NORMAL:
        draw = sow__draw_of(fill, view, place);
        after = sow__draw_after(&draw);
        break;
    case SOW__FILL_ORTHOGONAL:
    case SOW__FILL_SPARSE:
        draw = sow__matrix_draw(fill, view, place);
        after = sow__draw_after(&draw);
        break;
    case SOW__FILL_TRUNC_NORMAL: {
        draw = sow__draw_of(fill, view, place);
        uint64_t n_rounds;
        sow_status status = count_rounds(&draw, cursor, &n_rounds, err);
        if (status != SOW_OK) {
            return status;
        }
        after = sow__trunc_after(&draw, n_rounds);
        break;
    }
    default:
        break;
    }
    *end = end_at(place, &after);
    return SOW_OK;
}

/* ---- pieces ---- */

static void fill_with(sow_dtype dtype, const void *number, sow_dtype type, int64_t count,
                      unsigned char *out)
{
    size_t bytes = sow__dtype_bytes(dtype), n_bytes = (size_t)count * bytes;
    if (count <= 0) {
        return;
    }
    sow__convert(out, dtype, number, type, 1);
    for (size_t done = bytes; done < n_bytes;) {
        size_t n = done < n_bytes - done ? done : n_bytes - done;
        memcpy(out + done, out, n);
        done += n;
    }
}

static void fill_constant(sow_dtype dtype, double value, int64_t count, unsigned char *out)
{
    fill_with(dtype, &value, SOW_F64, count, out);
}

/* A one at a logical place, if the piece holds it. */
static void put_one(sow_dtype dtype, int64_t at, int64_t first, int64_t count, unsigned char *out)
{
    if (at >= first && at < first + count) {
        fill_constant(dtype, 1.0, 1, out + (size_t)(at - first) * sow__dtype_bytes(dtype));
    }
}

static void fill_eye(const sow_tensor *view, int64_t first, int64_t count, unsigned char *out)
{
    sow_dtype dtype = view->storage->dtype;
    int64_t rows = view->sizes[0], cols = view->sizes[1];
    fill_constant(dtype, 0.0, count, out);
    for (int64_t i = cols > 0 ? first / cols : 0; i < rows && i < cols && i * cols <= first + count;
         i++) {
        put_one(dtype, i * cols + i, first, count, out);
    }
}

static void fill_dirac(const sow__fill *fill, const sow_tensor *view, int64_t first, int64_t count,
                       unsigned char *out)
{
    sow_dtype dtype = view->storage->dtype;
    int64_t per_group = view->sizes[0] / fill->groups, spatial = 1, centre = 0;
    for (int d = 2; d < view->n_dims; d++) {
        centre = centre * view->sizes[d] + view->sizes[d] / 2;
        spatial *= view->sizes[d];
    }
    int64_t row = view->sizes[1] * spatial,
            n_ones = per_group < view->sizes[1] ? per_group : view->sizes[1];
    fill_constant(dtype, 0.0, count, out);
    for (int64_t g = 0; row > 0 && g < fill->groups; g++) {
        for (int64_t d = 0; d < n_ones; d++) {
            put_one(dtype, (g * per_group + d) * row + d * spatial + centre, first, count, out);
        }
    }
}

static void multiply(sow_dtype dtype, double factor, int64_t count, void *values)
{
    const sow__kern *kern = sow__kern_get();
    float chunk[512];
    if (dtype == SOW_F32) {
        kern->mul_f32(values, (size_t)count, factor);
    } else if (dtype == SOW_F64) {
        kern->mul_f64(values, (size_t)count, factor);
    } else {
        uint16_t *bits = values;
        for (int64_t done = 0; done < count; done += 512) {
            size_t n = count - done < 512 ? (size_t)(count - done) : 512;
            sow__convert(chunk, SOW_F32, bits + done, dtype, n);
            kern->mul_f32(chunk, n, factor);
            sow__convert(bits + done, dtype, chunk, SOW_F32, n);
        }
    }
}

/* One piece; *n_rounds is for trunc_normal alone. */
static sow_status piece(const sow__fill *fill, const sow_tensor *view,
                        const sow__fill_source *source, int64_t first, int64_t count, void *out,
                        uint64_t *n_rounds, sow_error *err)
{
    sow_dtype dtype = view->storage->dtype;
    switch (fill->kind) {
    case SOW__FILL_CONSTANT:
        if (fill->is_integer) {
            fill_with(dtype, &fill->integer, SOW_I64, count, out);
        } else {
            fill_constant(dtype, fill->value, count, out);
        }
        return SOW_OK;
    case SOW__FILL_EYE:
        fill_eye(view, first, count, out);
        return SOW_OK;
    case SOW__FILL_DIRAC:
        fill_dirac(fill, view, first, count, out);
        return SOW_OK;
    case SOW__FILL_MUL:
        multiply(dtype, fill->value, count, out);
        return SOW_OK;
    case SOW__FILL_UNIFORM:
    case SOW__FILL_NORMAL:
    case SOW__FILL_TRUNC_NORMAL: {
        sow__draw draw = sow__draw_of(fill, view, source->place);
        int reals = sow__dtype_is_complex(dtype) ? 2 : 1;
        if (fill->kind == SOW__FILL_TRUNC_NORMAL) {
            return sow__trunc_piece(&draw, source->cursor, first, count, out, n_rounds, err);
        }
        return sow__draw_piece(&draw, source->cursor, reals * first, reals * count, out, err);
    }
    default:
        return sow__fail(err, SOW_ERROR_UNSUPPORTED, "%s: this fill has no pieces",
                         fill->initializer);
    }
}

sow_status sow__fill_piece(const sow__fill *fill, const sow_tensor *view,
                           const sow__fill_source *source, int64_t first, int64_t count, void *out,
                           sow_error *err)
{
    uint64_t n_rounds = 0;
    return piece(fill, view, source, first, count, out, &n_rounds, err);
}

/* ---- whole views ---- */

#define RUN_PIECE_BYTES (1 << 18)

/* Piece by piece through a buffer into strided memory. */
static sow_status run_strided(const sow__fill *fill, sow_tensor *view,
                              const sow__fill_source *source, const sow__order *order,
                              uint64_t *n_rounds, sow_error *err)
{
    size_t bytes = sow__dtype_bytes(view->storage->dtype);
    int64_t most = RUN_PIECE_BYTES / (int64_t)bytes;
    unsigned char *buffer = malloc(RUN_PIECE_BYTES);
    if (buffer == NULL) {
        return sow__fail_memory(err, RUN_PIECE_BYTES);
    }
    sow_status status = SOW_OK;
    for (int64_t first = 0; status == SOW_OK && first < view->numel; first += most) {
        int64_t count = view->numel - first < most ? view->numel - first : most;
        if (!sow__fill_overwrites(fill)) {
            sow__order_gather(order, view->storage->data, bytes, first, count, buffer);
        }
        status = piece(fill, view, source, first, count, buffer, n_rounds, err);
        if (status == SOW_OK) {
            sow__order_scatter(order, view->storage->data, bytes, first, count, buffer);
        }
    }
    free(buffer);
    return status;
}

/* Below this a thread costs more than it gives; a range for each thread begins where a normal block
 * begins, and is long, so that reaching its place in the stream costs little. */
#define PARALLEL_ELEMENTS ((int64_t)1 << 21)

struct ranges {
    const sow__fill *fill;
    const sow_tensor *view;
    const sow__fill_source *source;
    unsigned char *data;
    int64_t n_elements; /* of a range */
    uint64_t *n_rounds; /* one per range */
};

static sow_status run_range(void *user, int worker, uint64_t index, sow_error *err)
{
    (void)worker;
    const struct ranges *ranges = user;
    int64_t first = (int64_t)index * ranges->n_elements, n_left = ranges->view->numel - first;
    int64_t n = n_left < ranges->n_elements ? n_left : ranges->n_elements;
    size_t bytes = sow__dtype_bytes(ranges->view->storage->dtype);
    sow__cursor cursor;
    sow__cursor_copy(&cursor, ranges->source->cursor);
    const sow__fill_source source = {.place = ranges->source->place, .cursor = &cursor};
    sow_status status = piece(ranges->fill, ranges->view, &source, first, n,
                              ranges->data + (size_t)first * bytes, &ranges->n_rounds[index], err);
    sow__cursor_close(&cursor);
    return status;
}

/* A drawing fill of a long run of memory, one range per thread. */
static sow_status run_parallel(const sow__fill *fill, const sow_tensor *view,
                               const sow__fill_source *source, unsigned char *data,
                               uint64_t *n_rounds, sow_error *err)
{
    uint64_t rounds[SOW__MAX_THREADS] = {0};
    int n_threads = sow__thread_count(0);
    int64_t n_elements = (view->numel / n_threads / 16 + 1) * 16;
    struct ranges ranges = {fill, view, source, data, n_elements, rounds};
    const sow__pieces pieces = {.n_threads = n_threads,
                                .n_pieces = (uint64_t)((view->numel - 1) / n_elements + 1),
                                .work = run_range,
                                .user = &ranges};
    sow_status status = sow__pieces_run(&pieces, err);
    for (uint64_t i = 0; i < pieces.n_pieces; i++) {
        *n_rounds = rounds[i] > *n_rounds ? rounds[i] : *n_rounds;
    }
    return status;
}

static sow_status run_pieces(const sow__fill *fill, sow_tensor *view,
                             const sow__fill_source *source, uint64_t *n_rounds, sow_error *err)
{
    sow__order order;
    bool is_positional = fill->kind == SOW__FILL_EYE || fill->kind == SOW__FILL_DIRAC;
    (is_positional ? sow__tensor_logical_order : sow__tensor_order)(view, &order);
    if (!sow__order_is_dense(&order)) {
        return run_strided(fill, view, source, &order, n_rounds, err);
    }
    size_t bytes = sow__dtype_bytes(view->storage->dtype);
    unsigned char *data = (unsigned char *)view->storage->data + (size_t)view->offset * bytes;
    if (source->threads && view->numel >= PARALLEL_ELEMENTS && sow__fill_draws(fill) &&
        sow__thread_count(0) > 1) {
        return run_parallel(fill, view, source, data, n_rounds, err);
    }
    return piece(fill, view, source, 0, view->numel, data, n_rounds, err);
}

sow_status sow__fill_run(const sow__fill *fill, sow_tensor *view, const sow__fill_source *source,
                         sow__fill_end *end, sow_error *err)
{
    uint64_t n_rounds = 0;
    sow_status status = SOW_OK;
    if (view->numel == 0) {
        /* nothing to write; what it would draw is measured below */
    } else if (fill->kind == SOW__FILL_ORTHOGONAL) {
        status = sow__orthogonal_run(fill, view, source, err);
    } else if (fill->kind == SOW__FILL_SPARSE) {
        status = sow__sparse_run(fill, view, source, err);
    } else {
        status = run_pieces(fill, view, source, &n_rounds, err);
    }
    if (status != SOW_OK || end == NULL) {
        return status;
    }
    if (fill->kind == SOW__FILL_TRUNC_NORMAL) {
        sow__draw draw = sow__draw_of(fill, view, source->place);
        sow__place after = sow__trunc_after(&draw, n_rounds);
        *end = end_at(source->place, &after);
        return SOW_OK;
    }
    if (!sow__fill_draws(fill)) {
        *end = (sow__fill_end){0};
        return SOW_OK;
    }
    return sow__fill_measure(fill, view, source->place, source->cursor, end, err);
}
