/* Running a plan into a safetensors file or into memory.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Tensors are cut into pieces of equal bytes; threads take the pieces in the order of the stream
 * (file: any order will do) or in the order of the file (pipe: each waits for its turn to write).
 * So the output does not depend on who does what. */
#include "plan/plan.h"

#include "base/dtype.h"
#include "base/error.h"
#include "base/pieces.h"
#include "base/threads.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_PIECE_BYTES ((size_t)1 << 20)
/* A multiple of 16 elements of every type, so that pieces begin where normal blocks do. */
#define PIECE_UNIT ((size_t)256)

struct write {
    const sow_plan *plan;
    const sow_run_options *options;
    sow_safetensors_writer *writer;
    size_t piece_bytes;
    size_t *order;           /* entry numbers in the order of work */
    uint64_t *first_piece;   /* of order[i]; one more at the end */
    sow__cursors *cursors;   /* one set per worker */
    unsigned char **buffers; /* one piece per worker, made when it is first needed */
    bool is_sequential;
    pthread_mutex_t lock;
    pthread_cond_t turn;
    uint64_t next_write; /* sequential: the piece that may be written */
    bool failed;         /* sequential: nobody's turn will come */
    uint64_t done_bytes, all_bytes;
};

static uint64_t pieces_of(const struct write *write, const sow__entry *entry)
{
    if (!sow__entry_is_streamable(entry)) {
        return 1;
    }
    return (entry->is.n_bytes + write->piece_bytes - 1) / write->piece_bytes;
}

/* ---- the values of a piece
 * --------------------------------------------------------------------------------------- */

static sow_status make_piece(const sow__entry *entry, sow__cursors *cursors, uint64_t offset,
                             size_t n_bytes, unsigned char *buffer, sow_error *err)
{
    if (entry->is.action == SOW_PLAN_COPY) {
        return sow_safetensors_read(entry->file, entry->source, offset, buffer, n_bytes, err);
    }
    const sow_tensor *tensor = entry->tensor;
    size_t bytes = sow__dtype_bytes(entry->is.dtype);
    int64_t first = tensor->offset + (int64_t)(offset / bytes);
    if (entry->tape == NULL) {
        memcpy(buffer, (const unsigned char *)tensor->storage->data + (size_t)first * bytes,
               n_bytes);
        return SOW_OK;
    }
    return sow__tape_piece(entry->tape, cursors, first, (int64_t)(n_bytes / bytes), buffer, err);
}

/* All values of an entry that has no pieces, in logical order. The caller frees them. */
static unsigned char *make_whole(const sow__entry *entry, sow__cursors *cursors, sow_error *err)
{
    const sow_tensor *tensor = entry->tensor;
    size_t bytes = sow__dtype_bytes(entry->is.dtype);
    unsigned char *values = malloc(entry->is.n_bytes + 1);
    void *made = NULL;
    const void *data = tensor->storage->data;
    sow_status status = values != NULL ? SOW_OK : sow__fail_memory(err, entry->is.n_bytes);
    if (status == SOW_OK && entry->tape != NULL) {
        made = sow__storage_alloc(entry->tape->dtype, (uint64_t)entry->tape->numel);
        status = made != NULL ? sow__tape_run(entry->tape, cursors, made, err)
                              : sow__fail_memory(err, (size_t)entry->tape->numel * bytes);
        data = made;
    }
    if (status == SOW_OK) {
        sow__order order;
        sow__tensor_logical_order(tensor, &order);
        sow__order_gather(&order, data, bytes, 0, tensor->numel, values);
    } else {
        free(values);
        values = NULL;
    }
    free(made);
    return values;
}

/* ---- writing
 * -------------------------------------------------------------------------------------------------------
 */

static bool is_cancelled(void *user)
{
    const struct write *write = user;
    return write->options->cancelled != NULL && write->options->cancelled(write->options->user);
}

/* Waits until every piece before this one is written; false when that will not come. */
static bool await_turn(struct write *write, uint64_t piece)
{
    pthread_mutex_lock(&write->lock);
    while (!write->failed && write->next_write != piece) {
        pthread_cond_wait(&write->turn, &write->lock);
    }
    bool is_mine = !write->failed;
    pthread_mutex_unlock(&write->lock);
    return is_mine;
}

static void end_turn(struct write *write, bool failed)
{
    pthread_mutex_lock(&write->lock);
    write->next_write++;
    write->failed = write->failed || failed;
    pthread_cond_broadcast(&write->turn);
    pthread_mutex_unlock(&write->lock);
}

static sow_status put(struct write *write, uint64_t piece, size_t index, uint64_t offset,
                      const unsigned char *buffer, size_t n_bytes, sow_error *err)
{
    if (write->is_sequential && !await_turn(write, piece)) {
        return sow__fail(err, SOW_ERROR_CANCELLED, "stopped after another piece failed");
    }
    sow_status status = sow_safetensors_write(write->writer, index, offset, buffer, n_bytes,
                                              is_cancelled, write, err);
    if (write->is_sequential) {
        end_turn(write, status != SOW_OK);
    }
    return status;
}

static void report(struct write *write, size_t n_bytes)
{
    pthread_mutex_lock(&write->lock);
    write->done_bytes += n_bytes;
    if (write->options->progress != NULL) {
        write->options->progress(write->options->user, write->done_bytes, write->all_bytes);
    }
    pthread_mutex_unlock(&write->lock);
}

/* The place in the order of work whose tensor holds a piece: the last one that begins at or before
 * it. */
static size_t place_of(const struct write *write, uint64_t piece)
{
    size_t low = 0, high = write->plan->n_entries;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (write->first_piece[middle] <= piece) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

static sow_status do_piece(struct write *write, int worker, uint64_t piece, sow_error *err)
{
    size_t place = place_of(write, piece), index = write->order[place];
    const sow__entry *entry = &write->plan->entries[index];
    size_t n_bytes = entry->is.n_bytes;
    uint64_t offset = (piece - write->first_piece[place]) * write->piece_bytes;
    unsigned char *whole = NULL, *values;
    sow_status status = SOW_OK;
    if (sow__entry_is_streamable(entry)) {
        n_bytes = n_bytes - offset < write->piece_bytes ? n_bytes - offset : write->piece_bytes;
        if (write->buffers[worker] == NULL) {
            write->buffers[worker] = malloc(write->piece_bytes);
        }
        values = write->buffers[worker];
        status = values != NULL
                     ? make_piece(entry, &write->cursors[worker], offset, n_bytes, values, err)
                     : sow__fail_memory(err, write->piece_bytes);
    } else {
        values = whole = make_whole(entry, &write->cursors[worker], err);
        status = values != NULL ? SOW_OK : SOW_ERROR_MEMORY;
        status = status != SOW_OK && err != NULL ? err->status : status;
    }
    if (status == SOW_OK) {
        status = put(write, piece, index, offset, values, n_bytes, err);
    }
    free(whole);
    if (status == SOW_OK) {
        report(write, n_bytes);
    }
    return status;
}

static sow_status work(void *user, int worker, uint64_t piece, sow_error *err)
{
    struct write *write = user;
    sow_status status = is_cancelled(write)
                            ? sow__fail(err, SOW_ERROR_CANCELLED, "stopped on request")
                            : do_piece(write, worker, piece, err);
    if (status != SOW_OK && write->is_sequential) {
        end_turn(write, true);
    }
    return status;
}

/* ---- order of work
 * ---------------------------------------------------------------------------------------------------
 */

struct key {
    uint64_t position;
    size_t index;
};

static int compare_keys(const void *a, const void *b)
{
    const struct key *x = a, *y = b;
    if (x->position != y->position) {
        return x->position < y->position ? -1 : 1;
    }
    return x->index < y->index ? -1 : x->index > y->index;
}

/* By position in the stream, so that a thread's cursor mostly moves on by a little. */
static sow_status order_by_stream(struct write *write, sow_error *err)
{
    size_t n = write->plan->n_entries;
    struct key *keys = malloc((n + 1) * sizeof *keys);
    if (keys == NULL) {
        return sow__fail_memory(err, n * sizeof *keys);
    }
    for (size_t i = 0; i < n; i++) {
        const sow_plan_entry *is = &write->plan->entries[i].is;
        keys[i] = (struct key){.position = is->draws ? is->position : 0, .index = i};
    }
    qsort(keys, n, sizeof *keys, compare_keys);
    for (size_t i = 0; i < n; i++) {
        write->order[i] = keys[i].index;
    }
    free(keys);
    return SOW_OK;
}

static sow_status make_order(struct write *write, sow_error *err)
{
    size_t n = write->plan->n_entries;
    for (size_t i = 0; write->is_sequential && i < n; i++) {
        write->order[i] = sow_safetensors_writer_order(write->writer, i);
    }
    sow_status status = write->is_sequential ? SOW_OK : order_by_stream(write, err);
    uint64_t n_pieces = 0;
    for (size_t i = 0; status == SOW_OK && i < n; i++) {
        const sow__entry *entry = &write->plan->entries[write->order[i]];
        write->first_piece[i] = n_pieces;
        n_pieces += pieces_of(write, entry);
        write->all_bytes += entry->is.n_bytes;
    }
    write->first_piece[n] = n_pieces;
    return status;
}

/* ---- the whole
 * --------------------------------------------------------------------------------------------------------
 */

static sow_safetensors_writer *open_writer(const sow_plan *plan, const char *path,
                                           const sow_run_options *options, sow_error *err)
{
    sow_safetensors_spec *specs = calloc(plan->n_entries + 1, sizeof *specs);
    if (specs == NULL) {
        sow__fail_memory(err, plan->n_entries * sizeof *specs);
        return NULL;
    }
    for (size_t i = 0; i < plan->n_entries; i++) {
        const sow_plan_entry *is = &plan->entries[i].is;
        specs[i] = (sow_safetensors_spec){is->name, is->dtype, is->n_dims, is->sizes};
    }
    const sow_safetensors_options how = {.metadata = options->metadata, .force = options->force};
    sow_safetensors_writer *writer =
        sow_safetensors_create(path, specs, plan->n_entries, &how, err);
    free(specs);
    return writer;
}

static sow_status run_pieces(struct write *write, int n_threads, sow_error *err)
{
    size_t n = write->plan->n_entries;
    write->order = calloc(n + 1, sizeof *write->order);
    write->first_piece = calloc(n + 1, sizeof *write->first_piece);
    write->cursors = calloc((size_t)n_threads, sizeof *write->cursors);
    write->buffers = calloc((size_t)n_threads, sizeof *write->buffers);
    sow_status status = SOW_OK;
    if (write->order == NULL || write->first_piece == NULL || write->cursors == NULL ||
        write->buffers == NULL) {
        status = sow__fail_memory(err, (size_t)n_threads * sizeof *write->cursors);
    }
    if (status == SOW_OK) {
        status = make_order(write, err);
    }
    if (status == SOW_OK) {
        sow__pieces pieces = {
            .n_threads = n_threads, .n_pieces = write->first_piece[n], .work = work, .user = write};
        status = sow__pieces_run(&pieces, err);
    }
    for (int i = 0; i < n_threads && write->cursors != NULL && write->buffers != NULL; i++) {
        sow__cursors_clear(&write->cursors[i]);
        free(write->buffers[i]);
    }
    free(write->buffers);
    free(write->cursors);
    free(write->first_piece);
    free(write->order);
    return status;
}

sow_status sow_plan_write(const sow_plan *plan, const char *path, const sow_run_options *options,
                          sow_error *err)
{
    static const sow_run_options defaults = {0};
    options = options != NULL ? options : &defaults;
    sow_status status = sow_plan_check(plan, err);
    if (status != SOW_OK) {
        return status;
    }
    sow_error local = {0};
    err = err != NULL ? err : &local;
    size_t piece_bytes = options->piece_bytes > 0 ? options->piece_bytes : DEFAULT_PIECE_BYTES;
    struct write write = {
        .plan = plan,
        .options = options,
        .writer = open_writer(plan, path, options, err),
        .piece_bytes = (piece_bytes + PIECE_UNIT - 1) / PIECE_UNIT * PIECE_UNIT,
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .turn = PTHREAD_COND_INITIALIZER,
    };
    if (write.writer == NULL) {
        return err->status;
    }
    write.is_sequential = sow_safetensors_writer_is_sequential(write.writer);
    status = run_pieces(&write, sow__thread_count(options->n_threads), err);
    if (status != SOW_OK) {
        sow_safetensors_abandon(write.writer);
        return status;
    }
    return sow_safetensors_finish(write.writer, err);
}

/* ---- into memory
 * --------------------------------------------------------------------------------------------------------
 */

static sow_status load(const sow__entry *entry, sow_error *err)
{
    sow_tensor *tensor = entry->tensor;
    if (tensor->storage->dtype != entry->is.dtype || !sow_tensor_is_contiguous(tensor)) {
        return sow__fail(err, SOW_ERROR_UNSUPPORTED, "%s: %s in the file, %s%s in memory",
                         entry->name, sow_dtype_name(entry->is.dtype),
                         sow_dtype_name(tensor->storage->dtype),
                         sow_tensor_is_contiguous(tensor) ? "" : " with strides");
    }
    sow_status status =
        tensor->storage->device == SOW_CPU ? SOW_OK : sow_tensor_to_empty(tensor, SOW_CPU, err);
    if (status == SOW_OK) {
        status = sow_safetensors_read(entry->file, entry->source, 0, sow_tensor_data(tensor),
                                      entry->is.n_bytes, err);
    }
    if (status == SOW_OK) {
        sow_tensor_set_initialized(tensor, true);
    }
    return status;
}

sow_status sow_plan_run(const sow_plan *plan, const sow_run_options *options, sow_error *err)
{
    static const sow_run_options defaults = {0};
    options = options != NULL ? options : &defaults;
    sow_status status = sow_plan_check(plan, err);
    for (size_t i = 0; status == SOW_OK && i < plan->n_entries; i++) {
        const sow__entry *entry = &plan->entries[i];
        if (options->cancelled != NULL && options->cancelled(options->user)) {
            return sow__fail(err, SOW_ERROR_CANCELLED, "stopped on request");
        }
        status = entry->is.action == SOW_PLAN_COPY
                     ? load(entry, err)
                     : sow_tensor_materialize(entry->tensor, options->n_threads, err);
    }
    return status;
}
