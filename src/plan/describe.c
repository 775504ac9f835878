/* What a plan says of an entry: initializer, fill, expected moments, place in the stream.
 * SPDX-License-Identifier: Apache-2.0 */
#include "plan/mixture.h"

#include "base/dtype.h"
#include "base/error.h"
#include <stdlib.h>
#include <string.h>

/* A text that grows; data is NULL when memory ran out. */
struct text {
    char *data;
    size_t used, capacity;
};

static void append(struct text *text, const char *more)
{
    size_t n = strlen(more);
    if (text->used + n + 1 > text->capacity) {
        size_t capacity = 2 * (text->used + n + 1);
        char *grown = text->data != NULL ? realloc(text->data, capacity) : NULL;
        if (grown == NULL) {
            free(text->data);
            text->data = NULL;
            text->used = text->capacity = 0;
            return;
        }
        text->data = grown;
        text->capacity = capacity;
    }
    memcpy(text->data + text->used, more, n + 1);
    text->used += n;
}

static void append_item(struct text *text, const char *item)
{
    if (text->used > 0) {
        append(text, " + ");
    }
    append(text, item);
}

/* MKL's erfinv and LAPACK's QR have last bits of their own. */
static bool is_exact(const sow__record *record)
{
    sow_dtype dtype = record->view->storage->dtype;
    bool is_erfinv = record->fill.kind == SOW__FILL_TRUNC_NORMAL &&
                     record->place.dialect == SOW_TORCH_2_11 &&
                     (dtype == SOW_F32 || dtype == SOW_F64);
    return record->fill.kind != SOW__FILL_ORTHOGONAL && !is_erfinv;
}

static void describe_tape(const sow__tape *tape, sow_plan_entry *is, struct text *initializer,
                          struct text *fills)
{
    for (size_t i = 0; i < tape->n_records; i++) {
        const sow__record *record = &tape->records[i];
        if (record->source != NULL) {
            describe_tape(record->source, is, initializer, fills);
            continue;
        }
        char text[128];
        sow__fill_text(&record->fill, text, sizeof text);
        append_item(initializer, record->fill.initializer);
        append_item(fills, text);
        is->exact = is->exact && is_exact(record);
        if (record->place.stream != NULL) {
            is->draws = true;
            is->seed = record->place.stream->seed;
            is->position = record->place.position;
            is->n_words = record->n_words;
        }
    }
}

sow_status sow__entry_describe(sow__entry *entry, sow_error *err)
{
    struct text initializer = {.data = calloc(1, 32), .capacity = 32};
    struct text fills = {.data = calloc(1, 32), .capacity = 32};
    entry->is.draws = false;
    sow__mixture mixture;
    sow__entry_mixture(entry, &mixture);
    sow__mixture_moments(&mixture, &entry->is.mean, &entry->is.std);
    if (entry->is.action == SOW_PLAN_COPY) {
        append(&initializer, sow_safetensors_path(entry->file));
        append(&fills, entry->source->name);
    } else if (entry->tape != NULL) {
        describe_tape(entry->tape, &entry->is, &initializer, &fills);
        if (entry->tape->n_records == 0) {
            append(&initializer, "nothing");
            append(&fills, "nothing");
        }
    } else {
        append(&initializer, "memory");
        append(&fills, "memory");
    }
    free(entry->initializer);
    free(entry->fill);
    entry->is.initializer = entry->initializer = initializer.data;
    entry->is.fill = entry->fill = fills.data;
    return initializer.data != NULL && fills.data != NULL ? SOW_OK : sow__fail_memory(err, 64);
}
