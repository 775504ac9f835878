/* The tape: fills recorded on a deferred storage, each with its place in the stream, and running
 * them later.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_FILL_TAPE_H
#define SOW_FILL_TAPE_H

#include "fill/fill.h"
#include <stdatomic.h>

/* One recorded fill. The record owns what it points to. */
typedef struct sow__record {
    sow__fill fill;
    sow_tensor *view; /* shape, strides and offset in the storage; its storage is a stand-in with
                         the dtype alone */
    sow__place place; /* where it begins; the stream is NULL when it draws nothing */
    sow__place permutations; /* sparse alone */
    uint64_t n_words;
    sow__tape *source;       /* copy alone: what the source's storage held when it was copied */
    sow_tensor *source_view; /* copy alone */
    unsigned char *written;  /* copy alone: a byte per element, in the order of the view's walk, 0
                                where the source had no value; NULL: it had all */
    int64_t low,
        high; /* elements of the storage that it covers when it is one run, else low = -1 */
} sow__record;

/* Records in the order they were made. A tape is changed only while one storage holds it: copies
 * share it, and may be on other threads. */
struct sow__tape {
    atomic_int n_refs;
    sow_dtype dtype;
    int64_t numel; /* of the storage */
    size_t n_records, capacity;
    sow__record *records;
    uint64_t n_recorded; /* ever, those that fell out too */
};

/* The tape of a deferred storage, made if need be; NULL when there is no memory. */
sow__tape *sow__tape_of(sow__storage *storage);
/* One more holder, returned. */
sow__tape *sow__tape_ref(sow__tape *tape);
/* NULL is fine. */
void sow__tape_unref(sow__tape *tape);

/* Appends a record (taken over, also on failure) and drops all earlier ones when it overwrites
 * every element. */
sow_status sow__tape_append(sow__storage *storage, sow__record *record, sow_error *err);

/* A record of a fill on a view of a deferred storage; draws nothing yet. NULL view on failure. */
sow_status sow__record_make(sow__record *record, const sow__fill *fill, const sow_tensor *view,
                            sow_error *err);
void sow__record_clear(sow__record *record);

/* A byte per element of a walk over the storage, 0 for those that no record gives a value, in new
 * memory; NULL when all have one. */
sow_status sow__tape_written(const sow__tape *tape, const sow__order *order,
                             unsigned char **written, sow_error *err);

/* SOW_ERROR_RUNTIME "neither loaded nor initialised" when an element of a view of the storage has
 * no value. tape NULL: nothing was recorded. */
sow_status sow__tape_check(const sow__tape *tape, const sow_tensor *view, sow_error *err);

/* True when every element has a value: written in memory, or by some record. Of memory, one write
 * anywhere counts for all of it. */
bool sow__view_has_values(const sow_tensor *view);
bool sow__storage_has_values(sow__storage *storage);

/* True when any piece can be computed without the rest. */
bool sow__tape_is_streamable(const sow__tape *tape);

/* A worker's cursors: one per stream that it met last. Zero is the empty set. */
#define SOW__N_CURSORS 4

typedef struct sow__cursors {
    sow__cursor cursor[SOW__N_CURSORS]; /* stream NULL: free */
    unsigned next;                      /* the one to give up next */
} sow__cursors;

sow__cursor *sow__cursors_get(sow__cursors *cursors, sow__stream *stream);
void sow__cursors_clear(sow__cursors *cursors);

/* Elements first..first+count of the storage of a streamable tape, dense. Elements that no record
 * covers are left. */
sow_status sow__tape_piece(const sow__tape *tape, sow__cursors *cursors, int64_t first,
                           int64_t count, void *out, sow_error *err);

/* All elements of a tape into memory of its whole storage. */
sow_status sow__tape_run(const sow__tape *tape, sow__cursors *cursors, void *data, sow_error *err);

#endif
