/* The tape: fills recorded on a deferred storage.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fill/tape.h"

#include "base/dtype.h"
#include "base/error.h"
#include <stdlib.h>
#include <string.h>

/* ---- records ---- */

/* A tensor that has shape and dtype but no other part in the library: what a record keeps of a
 * view. Dims beyond n_dims are not copied. */
static sow_tensor *shadow_of(const sow_tensor *view)
{
    sow_tensor *shadow = calloc(1, sizeof *shadow);
    sow__storage *stand_in = calloc(1, sizeof *stand_in);
    if (shadow == NULL || stand_in == NULL) {
        free(shadow);
        free(stand_in);
        return NULL;
    }
    *stand_in = (sow__storage){.n_refs = 1,
                               .device = SOW_DEFERRED,
                               .dtype = view->storage->dtype,
                               .borrowed = true,
                               .numel = view->storage->numel};
    *shadow = *view;
    shadow->n_refs = 1;
    shadow->storage = stand_in;
    shadow->flag = NULL;
    shadow->override = NULL;
    return shadow;
}

static void free_shadow(sow_tensor *shadow)
{
    if (shadow != NULL) {
        free(shadow->storage);
        free(shadow);
    }
}

/* Elements of the storage that a view covers as one run in row-major order: only then are its
 * pieces pieces of the storage. */
static void find_run(sow__record *record)
{
    record->low = -1;
    if (sow_tensor_is_contiguous(record->view)) {
        record->low = record->view->offset;
        record->high = record->view->offset + record->view->numel;
    }
}

sow_status sow__record_make(sow__record *record, const sow__fill *fill, const sow_tensor *view,
                            sow_error *err)
{
    *record = (sow__record){.fill = *fill, .view = shadow_of(view)};
    if (record->view == NULL) {
        return sow__fail_memory(err, sizeof *view);
    }
    find_run(record);
    return SOW_OK;
}

void sow__record_clear(sow__record *record)
{
    sow__stream_unref(record->place.stream);
    sow__stream_unref(record->permutations.stream);
    sow__tape_unref(record->source);
    free_shadow(record->source_view);
    free(record->written);
    free_shadow(record->view);
    *record = (sow__record){0};
}

/* ---- tapes ---- */

sow__tape *sow__tape_ref(sow__tape *tape)
{
    atomic_fetch_add_explicit(&tape->n_refs, 1, memory_order_relaxed);
    return tape;
}

void sow__tape_unref(sow__tape *tape)
{
    if (tape == NULL || atomic_fetch_sub_explicit(&tape->n_refs, 1, memory_order_acq_rel) > 1) {
        return;
    }
    for (size_t i = 0; i < tape->n_records; i++) {
        sow__record_clear(&tape->records[i]);
    }
    free(tape->records);
    free(tape);
}

static sow__tape *new_tape(const sow__storage *storage)
{
    sow__tape *tape = calloc(1, sizeof *tape);
    if (tape != NULL) {
        atomic_init(&tape->n_refs, 1);
        tape->dtype = storage->dtype;
        tape->numel = (int64_t)storage->numel;
    }
    return tape;
}

sow__tape *sow__tape_of(sow__storage *storage)
{
    if (storage->tape == NULL) {
        storage->tape = new_tape(storage);
        storage->tape_free = sow__tape_unref;
    }
    return storage->tape;
}

/* A second holder of everything a record owns. */
static sow_status copy_record(sow__record *to, const sow__record *from, sow_error *err)
{
    *to = *from;
    to->view = shadow_of(from->view);
    to->source_view = from->source_view != NULL ? shadow_of(from->source_view) : NULL;
    to->place.stream = from->place.stream != NULL ? sow__stream_ref(from->place.stream) : NULL;
    to->permutations.stream =
        from->permutations.stream != NULL ? sow__stream_ref(from->permutations.stream) : NULL;
    to->source = from->source != NULL ? sow__tape_ref(from->source) : NULL;
    to->written = from->written != NULL ? malloc((size_t)from->view->numel) : NULL;
    if (to->written != NULL) {
        memcpy(to->written, from->written, (size_t)from->view->numel);
    }
    if (to->view == NULL || (from->source_view != NULL && to->source_view == NULL) ||
        (from->written != NULL && to->written == NULL)) {
        sow__record_clear(to);
        return sow__fail_memory(err, sizeof *from->view);
    }
    return SOW_OK;
}

/* A copy that shares a tape must not see what is recorded later: the storage goes on with a tape of
 * its own. Nobody can become the second holder meanwhile, as that takes this storage; acquire, as
 * the last other holder may have read the records on another thread. */
static sow_status make_own(sow__storage *storage, sow_error *err)
{
    sow__tape *shared = sow__tape_of(storage);
    if (shared == NULL) {
        return sow__fail_memory(err, sizeof *shared);
    }
    if (atomic_load_explicit(&shared->n_refs, memory_order_acquire) == 1) {
        return SOW_OK;
    }
    sow__tape *own = new_tape(storage);
    if (own == NULL) {
        return sow__fail_memory(err, sizeof *own);
    }
    own->n_recorded = shared->n_recorded;
    own->records = calloc(shared->n_records + 1, sizeof *own->records);
    own->capacity = shared->n_records + 1;
    sow_status status = own->records != NULL ? SOW_OK : sow__fail_memory(err, sizeof *own->records);
    for (size_t i = 0; status == SOW_OK && i < shared->n_records; i++) {
        status = copy_record(&own->records[i], &shared->records[i], err);
        own->n_records += status == SOW_OK;
    }
    if (status != SOW_OK) {
        sow__tape_unref(own);
        return status;
    }
    sow__tape_unref(shared);
    storage->tape = own;
    return SOW_OK;
}

/* True when a record writes every element of the storage, in whatever order. */
static bool overwrites_all(const sow__record *record)
{
    return sow__fill_overwrites(&record->fill) && sow__tensor_is_whole(record->view);
}

sow_status sow__tape_append(sow__storage *storage, sow__record *record, sow_error *err)
{
    sow_status status = make_own(storage, err);
    if (status != SOW_OK) {
        sow__record_clear(record);
        return status;
    }
    sow__tape *tape = storage->tape;
    if (tape->n_records == tape->capacity) {
        size_t capacity = tape->capacity == 0 ? 2 : 2 * tape->capacity;
        sow__record *grown = realloc(tape->records, capacity * sizeof *grown);
        if (grown == NULL) {
            sow__record_clear(record);
            return sow__fail_memory(err, capacity * sizeof *grown);
        }
        tape->records = grown;
        tape->capacity = capacity;
    }
    if (overwrites_all(record)) {
        for (size_t i = 0; i < tape->n_records; i++) {
            sow__record_clear(&tape->records[i]);
        }
        tape->n_records = 0;
    }
    tape->records[tape->n_records++] = *record;
    tape->n_recorded++;
    return SOW_OK;
}

/* ---- coverage ---- */

/* Marks the elements that a record writes; one byte each. What has no value overwrites too. */
static void mark(const sow__record *record, unsigned char *written)
{
    sow__order order;
    sow__tensor_order(record->view, &order);
    if (record->written != NULL) {
        sow__order_scatter(&order, written, 1, 0, order.numel, record->written);
        return;
    }
    unsigned char ones[512];
    memset(ones, 1, sizeof ones);
    for (int64_t first = 0; first < order.numel; first += (int64_t)sizeof ones) {
        int64_t left = order.numel - first;
        sow__order_scatter(&order, written, 1, first,
                           left < (int64_t)sizeof ones ? left : (int64_t)sizeof ones, ones);
    }
}

/* True without a look at single elements: one record writes all, and none brings what has no
 * value. */
static bool is_plainly_whole(const sow__tape *tape)
{
    bool is_whole = false;
    for (size_t i = 0; i < tape->n_records; i++) {
        if (tape->records[i].written != NULL) {
            return false;
        }
        is_whole = is_whole || overwrites_all(&tape->records[i]);
    }
    return is_whole;
}

/* False when nothing was recorded but what needs values: then no element has to be looked at, of a
 * tensor that may be larger than memory. */
static bool writes(const sow__tape *tape)
{
    bool is_written = false;
    for (size_t i = 0; i < tape->n_records; i++) {
        is_written = is_written || sow__fill_overwrites(&tape->records[i].fill);
    }
    return is_written;
}

sow_status sow__tape_written(const sow__tape *tape, const sow__order *order,
                             unsigned char **written, sow_error *err)
{
    *written = NULL;
    if (order->numel == 0 || is_plainly_whole(tape)) {
        return SOW_OK;
    }
    unsigned char *of_storage = calloc((size_t)tape->numel, 1);
    unsigned char *of_walk = malloc((size_t)order->numel);
    if (of_storage == NULL || of_walk == NULL) {
        free(of_storage);
        free(of_walk);
        return sow__fail_memory(err, (size_t)tape->numel + (size_t)order->numel);
    }
    for (size_t i = 0; i < tape->n_records; i++) {
        if (sow__fill_overwrites(&tape->records[i].fill)) {
            mark(&tape->records[i], of_storage);
        }
    }
    sow__order_gather(order, of_storage, 1, 0, order->numel, of_walk);
    free(of_storage);
    if (memchr(of_walk, 0, (size_t)order->numel) == NULL) {
        free(of_walk);
        of_walk = NULL;
    }
    *written = of_walk;
    return SOW_OK;
}

sow_status sow__tape_check(const sow__tape *tape, const sow_tensor *view, sow_error *err)
{
    sow__order order;
    unsigned char *written = NULL;
    sow__tensor_order(view, &order);
    bool is_whole = order.numel == 0;
    if (!is_whole && tape != NULL && writes(tape)) {
        const sow_status status = sow__tape_written(tape, &order, &written, err);
        if (status != SOW_OK) {
            return status;
        }
        is_whole = written == NULL;
        free(written);
    }
    return is_whole ? SOW_OK : sow__fail(err, SOW_ERROR_RUNTIME, "neither loaded nor initialised");
}

bool sow__view_has_values(const sow_tensor *view)
{
    const sow__storage *storage = view->storage;
    switch (storage->device) {
    case SOW_CPU:
        return storage->numel == 0 || !storage->blank;
    case SOW_DEFERRED:
        return sow__tape_check(storage->tape, view, NULL) == SOW_OK;
    default:
        return false;
    }
}

bool sow__storage_has_values(sow__storage *storage)
{
    const int64_t numel = (int64_t)storage->numel;
    return sow__view_has_values(&(sow_tensor){
        .storage = storage, .n_dims = 1, .numel = numel, .sizes = {numel}, .strides = {1}});
}

/* A copy is streamable when its source is whole and streamable itself. */
static bool copy_is_streamable(const sow__record *record)
{
    const sow_tensor *source = record->source_view;
    return sow_tensor_is_contiguous(source) && source->numel == record->source->numel &&
           sow__tape_is_streamable(record->source);
}

bool sow__tape_is_streamable(const sow__tape *tape)
{
    for (size_t i = 0; i < tape->n_records; i++) {
        const sow__record *record = &tape->records[i];
        if (record->low < 0 || !sow__fill_is_streamable(&record->fill) ||
            (record->fill.kind == SOW__FILL_COPY && !copy_is_streamable(record))) {
            return false;
        }
    }
    return true;
}
