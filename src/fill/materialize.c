/* Deferred tensors become real: copies and materialization.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/checked.h"
#include "base/dtype.h"
#include "base/error.h"
#include "base/pieces.h"
#include "base/threads.h"
#include "fill/tape.h"

#include <stdlib.h>
#include <string.h>

/* Pieces are long, as a thread that takes the next but one has to reach its place in the stream,
 * and several per thread, as one of them may be held up. */
#define SHORTEST_PIECE ((int64_t)1 << 18)
#define PIECES_PER_THREAD 4

struct materialize {
    int64_t piece_elements;
    const sow__tape *tape;
    unsigned char *data;
    sow__cursors *cursors; /* one set per worker */
};

static sow_status run_piece(void *user, int worker, uint64_t piece, sow_error *err)
{
    const struct materialize *job = user;
    int64_t first = (int64_t)piece * job->piece_elements;
    int64_t left = job->tape->numel - first;
    return sow__tape_piece(job->tape, &job->cursors[worker], first,
                           left < job->piece_elements ? left : job->piece_elements,
                           job->data + (size_t)first * sow__dtype_bytes(job->tape->dtype), err);
}

static sow_status run_tape(const sow__tape *tape, int n_threads, void *data, sow_error *err)
{
    n_threads = sow__thread_count(n_threads);
    struct materialize job = {
        .tape = tape, .data = data, .cursors = calloc((size_t)n_threads, sizeof *job.cursors)};
    if (job.cursors == NULL) {
        return sow__fail_memory(err, (size_t)n_threads * sizeof *job.cursors);
    }
    sow_status status;
    if (sow__tape_is_streamable(tape)) {
        int64_t share = tape->numel / (n_threads * PIECES_PER_THREAD) + 1;
        int64_t units = (share - 1) / SHORTEST_PIECE + 1;
        job.piece_elements = units * SHORTEST_PIECE;
        int64_t n_pieces = (tape->numel + job.piece_elements - 1) / job.piece_elements;
        sow__pieces pieces = {.n_threads = n_threads,
                              .n_pieces = (uint64_t)n_pieces,
                              .work = run_piece,
                              .user = &job};
        status = sow__pieces_run(&pieces, err);
    } else {
        status = sow__tape_run(tape, &job.cursors[0], data, err);
    }
    for (int i = 0; i < n_threads; i++) {
        sow__cursors_clear(&job.cursors[i]);
    }
    free(job.cursors);
    return status;
}

sow_status sow_tensor_materialize(sow_tensor *tensor, int n_threads, sow_error *err)
{
    sow__storage *storage = tensor->storage;
    if (storage->device == SOW_CPU) {
        return SOW_OK;
    }
    if (storage->device == SOW_META) {
        return sow__fail(err, SOW_ERROR_RUNTIME,
                         "a meta tensor has no values to materialize: use to_empty");
    }
    void *data = sow__storage_alloc(storage->dtype, storage->numel);
    if (data == NULL) {
        return sow__fail_memory(err, (size_t)storage->numel * sow__dtype_bytes(storage->dtype));
    }
    sow_status status =
        storage->tape != NULL ? run_tape(storage->tape, n_threads, data, err) : SOW_OK;
    if (status != SOW_OK) {
        free(data);
        return status;
    }
    const bool is_covered = sow__storage_has_values(storage);
    sow__storage_set_data(storage, data);
    storage->blank = !is_covered;
    return SOW_OK;
}

/* ---- copy ---- */

/* The record keeps the source as it is now: it shares the source's tape, and whoever records next
 * makes its own. */
static sow_status record_copy(sow_tensor *target, const sow_tensor *source, sow_error *err)
{
    static const sow__fill copy = {.kind = SOW__FILL_COPY, .initializer = "copy"};
    sow__tape *from = sow__tape_of(source->storage);
    sow__record record, source_record;
    sow_status status = from != NULL ? SOW_OK : sow__fail_memory(err, sizeof *from);
    if (status == SOW_OK) {
        status = sow__record_make(&record, &copy, target, err);
    }
    if (status != SOW_OK) {
        return status;
    }
    status = sow__record_make(&source_record, &copy, source, err);
    if (status != SOW_OK) {
        sow__record_clear(&record);
        return status;
    }
    record.source_view = source_record.view;
    record.source = sow__tape_ref(from);
    sow__order to_order, from_order;
    sow__order_pair(target, source, &to_order, &from_order);
    status = sow__tape_written(from, &from_order, &record.written, err);
    if (status != SOW_OK) {
        sow__record_clear(&record);
        return status;
    }
    return sow__tape_append(target->storage, &record, err);
}

/* The values of a deferred source, made for the copy alone. */
static sow_status copy_deferred_to_cpu(sow_tensor *target, const sow_tensor *source, sow_error *err)
{
    const sow__tape *tape = source->storage->tape;
    sow_status status = sow__tape_check(tape, source, err);
    if (status != SOW_OK) {
        return sow__fail_within(err, "the source of a copy");
    }
    void *data = sow__storage_alloc(source->storage->dtype, source->storage->numel);
    if (data == NULL) {
        return sow__fail_memory(err, sow_tensor_n_bytes(source));
    }
    sow__storage storage = *source->storage;
    storage.device = SOW_CPU;
    storage.data = data;
    sow_tensor values = *source;
    values.storage = &storage;
    status = tape != NULL ? run_tape(tape, 0, data, err) : SOW_OK;
    if (status == SOW_OK) {
        status = sow__tensor_copy_cpu(target, &values, err);
    }
    free(data);
    return status;
}

sow_status sow_tensor_copy(sow_tensor *target, const sow_tensor *source, sow_error *err)
{
    sow_device to = target->storage->device, from = source->storage->device;
    sow_status status = sow__check_copy(target, source, err);
    if (status != SOW_OK || to == SOW_META) {
        return status;
    }
    if (from == SOW_META) {
        return sow__fail(err, SOW_ERROR_UNSUPPORTED, "Cannot copy out of meta tensor; no data!");
    }
    if (from == SOW_DEFERRED && to == SOW_DEFERRED) {
        return record_copy(target, source, err);
    }
    if (from == SOW_DEFERRED) {
        return copy_deferred_to_cpu(target, source, err);
    }
    status = sow_tensor_materialize(target, 0, err);
    return status == SOW_OK ? sow__tensor_copy_cpu(target, source, err) : status;
}
