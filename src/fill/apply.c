/* Applying a fill to a tensor: run now, recorded, or nothing, by the tensor's device.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "fill/matrix.h"
#include "fill/tape.h"

#include <string.h>

/* The cached normal that a fill left: its value, when the cursor has just read the pair. */
static void learn(sow__cached_normal *cached, const sow__cursor *cursor)
{
    if (cached->valid && !cached->known && cursor->pair_at == cached->at) {
        cached->known = true;
        cached->value = cursor->pair_sine;
    }
}

/* PyTorch finds these errors when numbers are drawn already. */
static sow_status check_after_drawing(const sow__fill *fill, const sow_tensor *tensor,
                                      sow_generator *generator, sow_error *err)
{
    sow__place place = sow__generator_place(generator), after;
    sow_status status = SOW_OK;
    if (fill->kind == SOW__FILL_ORTHOGONAL) {
        status = sow__orthogonal_check(tensor, err);
    } else if (fill->kind == SOW__FILL_TRUNC_NORMAL) {
        status = sow__trunc_check_drawn(fill, tensor, place.dialect, err);
    }
    if (status == SOW_OK) {
        return SOW_OK;
    }
    if (fill->kind == SOW__FILL_ORTHOGONAL) {
        sow__draw draw = sow__matrix_draw(fill, tensor, &place);
        after = sow__draw_after(&draw);
    } else {
        sow__draw draw = sow__draw_of(fill, tensor, &place);
        after = sow__trunc_after_failure(&draw);
    }
    sow__generator_move(generator, after.position, &after.cached);
    return status;
}

/* The permutations of sparse come from the default generator, whichever made the normals. */
static void take_permutations(const sow_tensor *tensor, sow__record *record)
{
    sow_generator *generator = sow__generator_acquire(NULL);
    record->permutations = sow__generator_place(generator);
    sow__stream_ref(record->permutations.stream);
    sow__generator_move(generator,
                        record->permutations.position + sow__sparse_permutation_words(tensor),
                        &record->permutations.cached);
    sow__generator_release(generator);
}

static sow_status record_drawing(const sow__fill *fill, sow_tensor *tensor,
                                 sow_generator *generator, sow_error *err)
{
    sow__record record;
    sow_status status = sow__record_make(&record, fill, tensor, err);
    if (status != SOW_OK) {
        return status;
    }
    sow__fill_end end;
    record.place = sow__generator_place(generator);
    sow__stream_ref(record.place.stream);
    status =
        sow__fill_measure(fill, tensor, &record.place, sow__generator_cursor(generator), &end, err);
    if (status != SOW_OK) {
        sow__record_clear(&record);
        return status;
    }
    record.n_words = end.n_words;
    uint64_t position = record.place.position + end.n_words;
    status = sow__tape_append(tensor->storage, &record, err);
    if (status == SOW_OK) {
        sow__generator_move(generator, position, &end.cached);
    }
    return status;
}

/* Sparse has two places; the second is taken when the first generator is free again, as it may be
 * the same one. */
static sow_status record_sparse(const sow__fill *fill, sow_tensor *tensor, sow_generator *generator,
                                sow_error *err)
{
    sow_status status = record_drawing(fill, tensor, generator, err);
    sow__generator_release(generator);
    if (status == SOW_OK) {
        sow__tape *tape = tensor->storage->tape;
        take_permutations(tensor, &tape->records[tape->n_records - 1]);
    }
    return status;
}

static sow_status run_drawing(const sow__fill *fill, sow_tensor *tensor, sow_generator *generator,
                              sow_error *err)
{
    sow__place place = sow__generator_place(generator);
    sow__fill_source source = {
        .place = &place, .cursor = sow__generator_cursor(generator), .threads = true};
    sow__fill_end end;
    sow_status status = sow__fill_run(fill, tensor, &source, &end, err);
    if (status == SOW_OK) {
        learn(&end.cached, source.cursor);
        sow__generator_move(generator, place.position + end.n_words, &end.cached);
    }
    return status;
}

/* The normal part from one generator, the permutations from the default one. */
static sow_status run_sparse(const sow__fill *fill, sow_tensor *tensor, sow_generator *generator,
                             sow_error *err)
{
    const sow__fill normal = sow__sparse_normal(fill);
    sow_status status = run_drawing(&normal, tensor, generator, err);
    sow__generator_release(generator);
    if (status != SOW_OK || tensor->n_dims != 2) {
        return status;
    }
    sow_generator *fallback = sow__generator_acquire(NULL);
    sow__place place = sow__generator_place(fallback);
    status = sow__sparse_zero(fill, tensor, &place, sow__generator_cursor(fallback), err);
    sow__generator_move(fallback, place.position + sow__sparse_permutation_words(tensor),
                        &place.cached);
    sow__generator_release(fallback);
    return status;
}

static sow_status apply_drawing(const sow__fill *fill, sow_tensor *tensor, sow_generator *generator,
                                sow_error *err)
{
    bool is_deferred = tensor->storage->device == SOW_DEFERRED;
    sow_generator *acquired = sow__generator_acquire(generator);
    sow_status status = sow__fill_check(fill, tensor, sow_generator_dialect(acquired), err);
    if (status == SOW_OK) {
        status = check_after_drawing(fill, tensor, acquired, err);
    }
    if (status == SOW_OK && fill->kind == SOW__FILL_SPARSE) {
        return (is_deferred ? record_sparse : run_sparse)(fill, tensor, acquired, err);
    }
    if (status == SOW_OK) {
        status = (is_deferred ? record_drawing : run_drawing)(fill, tensor, acquired, err);
    }
    sow__generator_release(acquired);
    return status;
}

static sow_status apply(const sow__fill *fill, sow_tensor *tensor, sow_generator *generator,
                        sow_error *err)
{
    sow_device device = tensor->storage->device;
    if (device != SOW_META && sow__fill_draws(fill)) {
        return apply_drawing(fill, tensor, generator, err);
    }
    sow_status status = sow__fill_check(fill, tensor, SOW_TORCH_2_13, err);
    if (status != SOW_OK || device == SOW_META) {
        return status;
    }
    sow__place nowhere = {0};
    sow__fill_source source = {.place = &nowhere};
    if (device == SOW_CPU) {
        return sow__fill_run(fill, tensor, &source, NULL, err);
    }
    sow__record record;
    status = sow__record_make(&record, fill, tensor, err);
    return status == SOW_OK ? sow__tape_append(tensor->storage, &record, err) : status;
}

sow_status sow__fill_apply(const sow__fill *fill, sow_tensor *tensor, sow_generator *generator,
                           sow_error *err)
{
    const sow_status status = apply(fill, tensor, generator, err);
    if (status == SOW_OK) {
        tensor->storage->blank = false;
    }
    return status;
}
