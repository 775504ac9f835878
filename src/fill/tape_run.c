/* Running a tape: pieces of it, or all of it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fill/tape.h"

#include "base/dtype.h"
#include "base/error.h"
#include <stdlib.h>

sow__cursor *sow__cursors_get(sow__cursors *cursors, sow__stream *stream)
{
    for (int i = 0; i < SOW__N_CURSORS; i++) {
        if (cursors->cursor[i].stream == stream) {
            return &cursors->cursor[i];
        }
    }
    sow__cursor *cursor = &cursors->cursor[cursors->next++ % SOW__N_CURSORS];
    if (cursor->stream != NULL) {
        sow__cursor_close(cursor);
    }
    sow__cursor_open(cursor, stream);
    return cursor;
}

void sow__cursors_clear(sow__cursors *cursors)
{
    for (int i = 0; i < SOW__N_CURSORS; i++) {
        if (cursors->cursor[i].stream != NULL) {
            sow__cursor_close(&cursors->cursor[i]);
        }
    }
    *cursors = (sow__cursors){0};
}

static sow__fill_source source_of(const sow__record *record, sow__cursors *cursors)
{
    sow__fill_source source = {.place = &record->place};
    if (record->place.stream != NULL) {
        source.cursor = sow__cursors_get(cursors, record->place.stream);
    }
    if (record->permutations.stream != NULL) {
        source.permutations = &record->permutations;
        source.permutations_cursor = sow__cursors_get(cursors, record->permutations.stream);
    }
    return source;
}

/* Elements first..first+count of a copy whose source is whole: the source's piece, converted. */
static sow_status copy_piece(const sow__record *record, sow__cursors *cursors, int64_t first,
                             int64_t count, void *out, sow_error *err)
{
    sow_dtype from = record->source->dtype, to = record->view->storage->dtype;
    if (from == to) {
        return sow__tape_piece(record->source, cursors, first, count, out, err);
    }
    size_t n_bytes = (size_t)count * sow__dtype_bytes(from);
    void *buffer = malloc(n_bytes + 1);
    if (buffer == NULL) {
        return sow__fail_memory(err, n_bytes);
    }
    sow_status status = sow__tape_piece(record->source, cursors, first, count, buffer, err);
    if (status == SOW_OK) {
        sow__convert(out, to, buffer, from, (size_t)count);
    }
    free(buffer);
    return status;
}

sow_status sow__tape_piece(const sow__tape *tape, sow__cursors *cursors, int64_t first,
                           int64_t count, void *out, sow_error *err)
{
    size_t bytes = sow__dtype_bytes(tape->dtype);
    for (size_t i = 0; i < tape->n_records; i++) {
        const sow__record *record = &tape->records[i];
        int64_t low = record->low > first ? record->low : first;
        int64_t high = record->high < first + count ? record->high : first + count;
        if (low >= high) {
            continue;
        }
        unsigned char *to = (unsigned char *)out + (size_t)(low - first) * bytes;
        sow_status status;
        if (record->fill.kind == SOW__FILL_COPY) {
            status = copy_piece(record, cursors, low - record->low, high - low, to, err);
        } else {
            sow__fill_source source = source_of(record, cursors);
            status = sow__fill_piece(&record->fill, record->view, &source, low - record->low,
                                     high - low, to, err);
        }
        if (status != SOW_OK) {
            return status;
        }
    }
    return SOW_OK;
}

/* A view of the record's shape over real memory. */
static sow_tensor view_over(const sow_tensor *shadow, sow__storage *storage)
{
    sow_tensor view = *shadow;
    view.storage = storage;
    return view;
}

static sow__storage storage_over(sow_dtype dtype, int64_t numel, void *data)
{
    return (sow__storage){.n_refs = 1,
                          .device = SOW_CPU,
                          .dtype = dtype,
                          .borrowed = true,
                          .data = data,
                          .numel = (uint64_t)numel};
}

/* A copy whose source is a view of some other shape: the source is made whole first. */
static sow_status copy_whole(const sow__record *record, sow__cursors *cursors, sow_tensor *view,
                             sow_error *err)
{
    const sow__tape *from = record->source;
    void *data = sow__storage_alloc(from->dtype, (uint64_t)from->numel);
    if (data == NULL) {
        return sow__fail_memory(err, (size_t)from->numel * sow__dtype_bytes(from->dtype));
    }
    sow__storage storage = storage_over(from->dtype, from->numel, data);
    sow_tensor source = view_over(record->source_view, &storage);
    sow_status status = sow__tape_run(from, cursors, data, err);
    if (status == SOW_OK) {
        status = sow__tensor_copy_cpu(view, &source, err);
    }
    free(data);
    return status;
}

sow_status sow__tape_run(const sow__tape *tape, sow__cursors *cursors, void *data, sow_error *err)
{
    sow__storage storage = storage_over(tape->dtype, tape->numel, data);
    sow_status status = SOW_OK;
    for (size_t i = 0; status == SOW_OK && i < tape->n_records; i++) {
        const sow__record *record = &tape->records[i];
        sow_tensor view = view_over(record->view, &storage);
        if (record->fill.kind == SOW__FILL_COPY) {
            status = copy_whole(record, cursors, &view, err);
        } else {
            sow__fill_source source = source_of(record, cursors);
            status = sow__fill_run(&record->fill, &view, &source, NULL, err);
        }
    }
    return status;
}
