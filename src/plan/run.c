/* Running a plan into a safetensors file.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The file's data are cut into pieces of equal length, whatever tensors they fall into; threads
 * take the pieces in the order of the file. A place in the stream costs no more to reach than
 * another, so the output does not depend on who does what. Twice as many workers as threads are at
 * it: while one half waits for the disk the other computes. */
#include "plan/plan.h"

#include "base/dtype.h"
#include "base/error.h"
#include "base/pieces.h"
#include "io/output.h"
#include "io/safetensors/write.h"
#include "plan/budget.h"
#include "plan/statistics.h"
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

/* An entry that has no pieces: made whole by the first who needs a part, freed after the last. */
struct whole {
    unsigned char *values;
    uint64_t left; /* bytes that are still to be taken */
};

struct write {
    const sow_plan *plan;
    const sow_run_options *options;
    sow_safetensors_writer *writer;
    sow__file_range data; /* of the file */
    size_t piece_bytes;
    size_t *order;           /* entry numbers in the order of the file */
    struct whole *wholes;    /* one per entry */
    sow__cursors *cursors;   /* one set per worker */
    unsigned char **buffers; /* one piece per worker, made when it is first needed */
    sem_t computing;         /* how many more may compute */
    bool is_sequential;
    pthread_mutex_t whole_lock;
    pthread_mutex_t lock;
    pthread_cond_t turn;
    uint64_t next_write; /* sequential: the piece that may be written */
    bool failed;         /* sequential: nobody's turn will come */
    uint64_t done_bytes;
};

/* ---- values ---- */

/* Bytes offset..offset+n_bytes of an entry; both are whole elements. */
static sow_status make_part(const sow__entry *entry, sow__cursors *cursors, uint64_t offset,
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

/* A part of an entry that has no pieces. */
static sow_status take_part(struct write *write, size_t index, sow__cursors *cursors,
                            uint64_t offset, size_t n_bytes, unsigned char *buffer, sow_error *err)
{
    const sow__entry *entry = &write->plan->entries[index];
    struct whole *whole = &write->wholes[index];
    sow_status status = SOW_OK;
    pthread_mutex_lock(&write->whole_lock);
    if (whole->values == NULL) {
        whole->values = make_whole(entry, cursors, err);
        whole->left = entry->is.n_bytes;
        if (whole->values != NULL && write->options->statistics != NULL) {
            sow__statistics_look(write->options->statistics, index, whole->values,
                                 entry->is.n_bytes);
        }
    }
    if (whole->values == NULL) {
        status = err->status;
    } else {
        memcpy(buffer, whole->values + offset, n_bytes);
        whole->left -= n_bytes;
        if (whole->left == 0) {
            free(whole->values);
            whole->values = NULL;
        }
    }
    pthread_mutex_unlock(&write->whole_lock);
    return status;
}

/* The first entry, in the order of the file, that ends after an offset. */
static size_t first_after(const struct write *write, uint64_t offset)
{
    size_t low = 0, high = write->plan->n_entries;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (sow__safetensors_place(write->writer, write->order[middle]).end > offset) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

/* Bytes begin..end of the file, which are of one entry; its statistics are taken while they are in
 * the cache. */
static sow_status make_share(struct write *write, int worker, size_t index, sow__file_range share,
                             unsigned char *to, sow_error *err)
{
    const sow__entry *entry = &write->plan->entries[index];
    sow__cursors *cursors = &write->cursors[worker];
    const uint64_t base = sow__safetensors_place(write->writer, index).begin;
    const size_t n_bytes = share.end - share.begin;
    const sow_status status =
        sow__entry_is_streamable(entry)
            ? make_part(entry, cursors, share.begin - base, n_bytes, to, err)
            : take_part(write, index, cursors, share.begin - base, n_bytes, to, err);
    if (status == SOW_OK && write->options->statistics != NULL) {
        sow__statistics_take(write->options->statistics, index, base, share.begin - base, to,
                             n_bytes);
    }
    return status;
}

/* The bytes of a range of the file's data, from every tensor that it touches. */
static sow_status make_range(struct write *write, int worker, sow__file_range range,
                             unsigned char *buffer, sow_error *err)
{
    sow_status status = SOW_OK;
    for (size_t i = first_after(write, range.begin); status == SOW_OK && i < write->plan->n_entries;
         i++) {
        size_t index = write->order[i];
        sow__file_range share = sow__safetensors_place(write->writer, index);
        if (share.begin >= range.end) {
            break;
        }
        share.begin = share.begin > range.begin ? share.begin : range.begin;
        share.end = share.end < range.end ? share.end : range.end;
        if (share.begin < share.end) {
            status =
                make_share(write, worker, index, share, buffer + (share.begin - range.begin), err);
        }
    }
    return status;
}

/* ---- writing ---- */

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

static sow_status put(struct write *write, uint64_t piece, sow__file_range range,
                      const unsigned char *buffer, sow_error *err)
{
    if (write->is_sequential && !await_turn(write, piece)) {
        return sow__fail(err, SOW_ERROR_CANCELLED, "stopped after another piece failed");
    }
    sow_status status = sow__safetensors_write_at(
        write->writer, range.begin, buffer, range.end - range.begin, is_cancelled, write, err);
    if (write->is_sequential) {
        end_turn(write, status != SOW_OK);
    }
    return status;
}

static void report(struct write *write, uint64_t n_bytes)
{
    pthread_mutex_lock(&write->lock);
    write->done_bytes += n_bytes;
    if (write->options->progress != NULL) {
        write->options->progress(write->options->user, write->done_bytes,
                                 write->data.end - write->data.begin);
    }
    pthread_mutex_unlock(&write->lock);
}

/* Piece boundaries are multiples of the piece length in the file, so that all but the ends can go
 * past the page cache. */
static sow__file_range piece_range(const struct write *write, uint64_t piece)
{
    uint64_t first = write->data.begin / write->piece_bytes + piece;
    sow__file_range range = {first * write->piece_bytes, (first + 1) * write->piece_bytes};
    range.begin = range.begin > write->data.begin ? range.begin : write->data.begin;
    range.end = range.end < write->data.end ? range.end : write->data.end;
    return range;
}

static uint64_t n_pieces_of(const struct write *write)
{
    if (write->data.begin == write->data.end) {
        return 0;
    }
    return (write->data.end - 1) / write->piece_bytes - write->data.begin / write->piece_bytes + 1;
}

/* True when a range that comes from one stretch of one checkpoint was taken over as a whole by
 * the file system: then no byte of it passes through here. */
static bool clone_range(struct write *write, sow__file_range range)
{
    const sow_safetensors *file = NULL;
    uint64_t from = 0; /* where the range begins in the checkpoint, modulo 2^64 */
    if (write->is_sequential || write->options->statistics != NULL) {
        return false;
    }
    for (size_t i = first_after(write, range.begin); i < write->plan->n_entries; i++) {
        const sow__entry *entry = &write->plan->entries[write->order[i]];
        const sow__file_range place = sow__safetensors_place(write->writer, write->order[i]);
        if (place.begin >= range.end) {
            break;
        }
        if (place.begin == place.end) {
            continue;
        }
        if (entry->is.action != SOW_PLAN_COPY) {
            return false;
        }
        const uint64_t begin = entry->source->begin + range.begin - place.begin;
        if (file != NULL && (file != entry->file || from != begin)) {
            return false;
        }
        file = entry->file;
        from = begin;
    }
    return file != NULL && sow__safetensors_clone_at(write->writer, range.begin, file, from,
                                                     range.end - range.begin);
}

static sow_status do_piece(struct write *write, int worker, uint64_t piece, sow_error *err)
{
    sow__file_range range = piece_range(write, piece);
    if (clone_range(write, range)) {
        report(write, range.end - range.begin);
        return SOW_OK;
    }
    if (write->buffers[worker] == NULL) {
        write->buffers[worker] = aligned_alloc(SOW__OUTPUT_ALIGNMENT, write->piece_bytes);
    }
    unsigned char *buffer = write->buffers[worker];
    if (buffer == NULL) {
        return sow__fail_memory(err, write->piece_bytes);
    }
    while (sem_wait(&write->computing) != 0 && errno == EINTR) {
    }
    sow_status status = make_range(write, worker, range, buffer, err);
    sem_post(&write->computing);
    if (status == SOW_OK) {
        status = put(write, piece, range, buffer, err);
    }
    if (status == SOW_OK) {
        report(write, range.end - range.begin);
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

/* ---- the whole ---- */

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

static sow_status allocate(struct write *write, int n_workers, sow_error *err)
{
    size_t n = write->plan->n_entries;
    write->order = calloc(n + 1, sizeof *write->order);
    write->wholes = calloc(n + 1, sizeof *write->wholes);
    write->cursors = calloc((size_t)n_workers, sizeof *write->cursors);
    write->buffers = calloc((size_t)n_workers, sizeof *write->buffers);
    if (write->order == NULL || write->wholes == NULL || write->cursors == NULL ||
        write->buffers == NULL) {
        return sow__fail_memory(err, (size_t)n_workers * sizeof *write->cursors);
    }
    return SOW_OK;
}

static void release(struct write *write, int n_workers)
{
    for (int i = 0; write->cursors != NULL && i < n_workers; i++) {
        sow__cursors_clear(&write->cursors[i]);
    }
    for (int i = 0; write->buffers != NULL && i < n_workers; i++) {
        free(write->buffers[i]);
    }
    for (size_t i = 0; write->wholes != NULL && i < write->plan->n_entries; i++) {
        free(write->wholes[i].values);
    }
    free(write->buffers);
    free(write->cursors);
    free(write->wholes);
    free(write->order);
}

/* Settles the ranges of histograms that only the first values tell, for entries that
 * have pieces. */
static sow_status look_ahead(struct write *write, sow_error *err)
{
    unsigned char *values = malloc(SOW__LOOK_BYTES);
    sow_status status = values != NULL ? SOW_OK : sow__fail_memory(err, SOW__LOOK_BYTES);
    for (size_t i = 0; status == SOW_OK && i < write->plan->n_entries; i++) {
        const sow__entry *entry = &write->plan->entries[i];
        if (!sow__statistics_wants_look(write->options->statistics, i) ||
            !sow__entry_is_streamable(entry)) {
            continue;
        }
        const size_t n_bytes =
            entry->is.n_bytes < SOW__LOOK_BYTES ? entry->is.n_bytes : SOW__LOOK_BYTES;
        status = make_part(entry, &write->cursors[0], 0, n_bytes, values, err);
        if (status == SOW_OK) {
            sow__statistics_look(write->options->statistics, i, values, n_bytes);
        }
    }
    free(values);
    return status;
}

/* Neighbours in the file are neighbours in the stream, mostly: a worker that takes several has less
 * of the stream to pass over. A pipe is written in order, so there nobody may be ahead. */
static uint64_t in_a_row(const struct write *write, int n_workers, uint64_t n_pieces)
{
    uint64_t share = n_pieces / (4 * (uint64_t)n_workers);
    return write->is_sequential || share < 1 ? 1 : share < 8 ? share : 8;
}

static sow_status run_pieces(struct write *write, const sow__budget *budget, sow_error *err)
{
    const int n_workers = budget->n_workers;
    sow_status status = allocate(write, n_workers, err);
    if (status == SOW_OK && sem_init(&write->computing, 0, (unsigned)budget->n_computing) != 0) {
        status = sow__fail(err, SOW_ERROR_VALUE, "%d threads are too many", budget->n_computing);
    }
    if (status == SOW_OK) {
        for (size_t i = 0; i < write->plan->n_entries; i++) {
            write->order[i] = sow_safetensors_writer_order(write->writer, i);
        }
        status = write->options->statistics != NULL ? look_ahead(write, err) : SOW_OK;
        sow__pieces pieces = {
            .n_threads = n_workers, .n_pieces = n_pieces_of(write), .work = work, .user = write};
        pieces.n_in_a_row = in_a_row(write, n_workers, pieces.n_pieces);
        status = status == SOW_OK ? sow__pieces_run(&pieces, err) : status;
        sem_destroy(&write->computing);
    }
    release(write, n_workers);
    return status;
}

sow_status sow_plan_write(const sow_plan *plan, const char *path, const sow_run_options *options,
                          sow_error *err)
{
    static const sow_run_options defaults = {0};
    options = options != NULL ? options : &defaults;
    sow__budget budget;
    sow_status status = sow__plan_start(plan, options, err);
    if (status == SOW_OK) {
        status = sow__budget_make(plan, options, &budget, err);
    }
    if (status != SOW_OK) {
        return status;
    }
    sow_error local = {0};
    err = err != NULL ? err : &local;
    struct write write = {
        .plan = plan,
        .options = options,
        .writer = open_writer(plan, path, options, err),
        .piece_bytes = budget.piece_bytes,
        .whole_lock = PTHREAD_MUTEX_INITIALIZER,
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .turn = PTHREAD_COND_INITIALIZER,
    };
    if (write.writer == NULL) {
        return err->status;
    }
    write.data = sow__safetensors_data(write.writer);
    write.is_sequential = sow_safetensors_writer_is_sequential(write.writer);
    status = run_pieces(&write, &budget, err);
    if (status != SOW_OK) {
        sow_safetensors_abandon(write.writer);
        return status;
    }
    if (options->statistics != NULL) {
        sow__statistics_finish(options->statistics);
    }
    return sow_safetensors_finish(write.writer, err);
}
