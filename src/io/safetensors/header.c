/* The header of a safetensors file, read and checked.
 * SPDX-License-Identifier: Apache-2.0 */
#include "io/safetensors/header.h"

#include "base/error.h"
#include "io/safetensors/format.h"
#include "io/safetensors/scan.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The names and sizes of a header move while it is read; until then an entry holds their places. */
typedef struct raw_entry {
    size_t key, name, sizes;
    int n_dims;
    sow_dtype dtype;
    uint64_t begin, end;
} raw_entry;

typedef struct raw_pair {
    size_t position, key, value;
} raw_pair;

typedef struct reader {
    sow__scan scan;
    sow__buffer names, sizes;
    sow__buffer entries, pairs; /* of raw_entry and raw_pair */
    sow__buffer word;           /* a key or a value that is not kept */
    bool has_metadata;
} reader;

static sow_status fail_at(const reader *r, size_t position, const char *text, sow_error *err)
{
    return sow__scan_fail(&r->scan, err, SOW_ERROR_CORRUPT, position, "%s", text);
}

/* ---- one tensor ---- */

enum { FIELD_DTYPE, FIELD_SHAPE, FIELD_OFFSETS, N_FIELDS };
static const char *const field_names[N_FIELDS] = {"dtype", "shape", "data_offsets"};

static sow_status require(reader *r, char first, const char *field, size_t key, sow_error *err)
{
    int got = sow__scan_peek(&r->scan);
    if (got != first) {
        return sow__scan_fail(&r->scan, err, SOW_ERROR_CORRUPT, key, "%s must be %s, got %s", field,
                              sow__scan_kind(first), sow__scan_kind(got));
    }
    return SOW_OK;
}

/* Passes a string that is not kept; it is in r->word until the next one. */
static sow_status read_word(reader *r, sow_error *err)
{
    r->word.n_bytes = 0;
    return sow__scan_string(&r->scan, &r->word, err);
}

static sow_status read_dtype(reader *r, raw_entry *entry, sow_error *err)
{
    sow_status status = require(r, '"', "dtype", entry->key, err);
    if (status == SOW_OK) {
        status = read_word(r, err);
    }
    if (status != SOW_OK) {
        return status;
    }
    if (!sow__safetensors_dtype_find(r->word.data, &entry->dtype)) {
        char quoted[SOW__QUOTE_SIZE];
        return sow__scan_fail(&r->scan, err, SOW_ERROR_UNSUPPORTED, entry->key, "unknown dtype %s",
                              sow__safetensors_quote(r->word.data, quoted));
    }
    return SOW_OK;
}

static sow_status read_shape(reader *r, raw_entry *entry, sow_error *err)
{
    sow_status status = require(r, '[', "shape", entry->key, err);
    r->scan.at += status == SOW_OK;
    entry->sizes = r->sizes.n_bytes;
    bool is_first = true, is_end = false;
    while (status == SOW_OK) {
        int64_t size;
        status = sow__scan_next(&r->scan, ']', &is_first, &is_end, err);
        if (status != SOW_OK || is_end) {
            break;
        }
        status = sow__scan_count(&r->scan, entry->key, "shape", &size, err);
        if (status == SOW_OK) {
            status = sow__buffer_append(&r->sizes, &size, sizeof size, err);
        }
    }
    entry->n_dims = (int)((r->sizes.n_bytes - entry->sizes) / sizeof(int64_t));
    return status;
}

static sow_status read_offsets(reader *r, raw_entry *entry, sow_error *err)
{
    sow_status status = require(r, '[', "data_offsets", entry->key, err);
    r->scan.at += status == SOW_OK;
    int64_t offsets[2] = {0, 0};
    size_t n = 0;
    bool is_first = true, is_end = false;
    while (status == SOW_OK) {
        status = sow__scan_next(&r->scan, ']', &is_first, &is_end, err);
        if (status != SOW_OK) {
            return status;
        }
        if (is_end ? n < 2 : n == 2) {
            return fail_at(r, entry->key, "data_offsets must be two numbers", err);
        }
        if (is_end) {
            break;
        }
        status = sow__scan_count(&r->scan, entry->key, "data_offsets", &offsets[n++], err);
    }
    entry->begin = (uint64_t)offsets[0];
    entry->end = (uint64_t)offsets[1];
    return status;
}

static sow_status read_field(reader *r, raw_entry *entry, bool seen[N_FIELDS], sow_error *err)
{
    sow_status status = read_word(r, err);
    if (status != SOW_OK) {
        return status;
    }
    int field = 0;
    while (field < N_FIELDS && strcmp(r->word.data, field_names[field]) != 0) {
        field++;
    }
    char quoted[SOW__QUOTE_SIZE];
    sow__safetensors_quote(r->word.data, quoted);
    if (field == N_FIELDS) {
        return sow__scan_fail(&r->scan, err, SOW_ERROR_CORRUPT, entry->key, "unknown field %s",
                              quoted);
    }
    if (seen[field]) {
        return sow__scan_fail(&r->scan, err, SOW_ERROR_CORRUPT, entry->key, "%s is given twice",
                              quoted);
    }
    seen[field] = true;
    status = sow__scan_expect(&r->scan, ':', "after a key", err);
    if (status != SOW_OK) {
        return status;
    }
    return field == FIELD_DTYPE   ? read_dtype(r, entry, err)
           : field == FIELD_SHAPE ? read_shape(r, entry, err)
                                  : read_offsets(r, entry, err);
}

static sow_status check_extent(const reader *r, const raw_entry *entry, sow_error *err)
{
    if (entry->end < entry->begin) {
        return sow__scan_fail(&r->scan, err, SOW_ERROR_CORRUPT, entry->key,
                              "data_offsets end at %" PRIu64 ", before they begin at %" PRIu64,
                              entry->end, entry->begin);
    }
    const int64_t *sizes = r->sizes.data != NULL
                               ? (const int64_t *)(const void *)(r->sizes.data + entry->sizes)
                               : NULL;
    uint64_t n_bytes = 0;
    sow__extent extent = sow__safetensors_extent(entry->dtype, entry->n_dims, sizes, &n_bytes);
    if (extent == SOW__EXTENT_OK && n_bytes == entry->end - entry->begin) {
        return SOW_OK;
    }
    char shape[SOW__QUOTE_SIZE];
    sow__safetensors_shape(entry->n_dims, sizes, shape);
    const char *dtype = sow_safetensors_dtype_name(entry->dtype);
    if (extent == SOW__EXTENT_OVERFLOW) {
        return sow__scan_fail(&r->scan, err, SOW_ERROR_CORRUPT, entry->key,
                              "shape %s of %s overflows", shape, dtype);
    }
    if (extent == SOW__EXTENT_PARTIAL) {
        return sow__scan_fail(&r->scan, err, SOW_ERROR_CORRUPT, entry->key,
                              "shape %s of %s does not fill whole bytes", shape, dtype);
    }
    return sow__scan_fail(&r->scan, err, SOW_ERROR_CORRUPT, entry->key,
                          "shape %s of %s needs %" PRIu64 " bytes, data_offsets hold %" PRIu64,
                          shape, dtype, n_bytes, entry->end - entry->begin);
}

static sow_status read_entry(reader *r, raw_entry *entry, sow_error *err)
{
    bool seen[N_FIELDS] = {false}, is_first = true, is_end = false;
    sow_status status = require(r, '{', "the entry", entry->key, err);
    r->scan.at += status == SOW_OK;
    while (status == SOW_OK) {
        status = sow__scan_next(&r->scan, '}', &is_first, &is_end, err);
        if (status != SOW_OK || is_end) {
            break;
        }
        status = read_field(r, entry, seen, err);
    }
    for (int field = 0; field < N_FIELDS && status == SOW_OK; field++) {
        if (!seen[field]) {
            status = sow__scan_fail(&r->scan, err, SOW_ERROR_CORRUPT, entry->key, "no %s",
                                    field_names[field]);
        }
    }
    return status == SOW_OK ? check_extent(r, entry, err) : status;
}

/* ---- the whole header ---- */

static sow_status read_pair(reader *r, sow_error *err)
{
    sow__scan_peek(&r->scan);
    raw_pair pair = {.position = r->scan.at, .key = r->names.n_bytes};
    sow_status status = sow__scan_string(&r->scan, &r->names, err);
    if (status == SOW_OK) {
        status = sow__scan_expect(&r->scan, ':', "after a key", err);
    }
    if (status != SOW_OK) {
        return status;
    }
    int first = sow__scan_peek(&r->scan);
    if (first != '"') {
        char quoted[SOW__QUOTE_SIZE];
        return sow__scan_fail(&r->scan, err, SOW_ERROR_CORRUPT, pair.position,
                              "__metadata__: the value of %s must be a string, got %s",
                              sow__safetensors_quote(r->names.data + pair.key, quoted),
                              sow__scan_kind(first));
    }
    pair.value = r->names.n_bytes;
    status = sow__scan_string(&r->scan, &r->names, err);
    return status == SOW_OK ? sow__buffer_append(&r->pairs, &pair, sizeof pair, err) : status;
}

static sow_status read_metadata(reader *r, size_t key, sow_error *err)
{
    if (r->has_metadata) {
        return fail_at(r, key, "__metadata__ is given twice", err);
    }
    r->has_metadata = true;
    sow_status status = require(r, '{', SOW__SAFETENSORS_METADATA, key, err);
    r->scan.at += status == SOW_OK;
    bool is_first = true, is_end = false;
    while (status == SOW_OK) {
        status = sow__scan_next(&r->scan, '}', &is_first, &is_end, err);
        if (status != SOW_OK || is_end) {
            break;
        }
        status = read_pair(r, err);
    }
    return status;
}

static sow_status read_member(reader *r, sow_error *err)
{
    sow__scan_peek(&r->scan);
    raw_entry entry = {.key = r->scan.at, .name = r->names.n_bytes};
    sow_status status = sow__scan_string(&r->scan, &r->names, err);
    if (status == SOW_OK) {
        status = sow__scan_expect(&r->scan, ':', "after a key", err);
    }
    if (status != SOW_OK) {
        return status;
    }
    if (strcmp(r->names.data + entry.name, SOW__SAFETENSORS_METADATA) == 0) {
        r->names.n_bytes = entry.name;
        return read_metadata(r, entry.key, err);
    }
    r->scan.subject = r->names.data + entry.name;
    status = read_entry(r, &entry, err);
    r->scan.subject = NULL;
    return status == SOW_OK ? sow__buffer_append(&r->entries, &entry, sizeof entry, err) : status;
}

static sow_status read_members(reader *r, sow_error *err)
{
    sow_status status = sow__scan_expect(&r->scan, '{', "at the start of the header", err);
    bool is_first = true, is_end = false;
    while (status == SOW_OK) {
        status = sow__scan_next(&r->scan, '}', &is_first, &is_end, err);
        if (status != SOW_OK || is_end) {
            break;
        }
        status = read_member(r, err);
    }
    return status == SOW_OK ? sow__scan_end(&r->scan, err) : status;
}

/* ---- from places to pointers ---- */

static int compare_places(const void *a, const void *b)
{
    const sow__header_entry *x = a, *y = b;
    if (x->tensor.begin != y->tensor.begin) {
        return x->tensor.begin < y->tensor.begin ? -1 : 1;
    }
    if (x->tensor.end != y->tensor.end) {
        return x->tensor.end < y->tensor.end ? -1 : 1;
    }
    return (x->key > y->key) - (x->key < y->key);
}

static int compare_names(const void *a, const void *b)
{
    const sow__header_name *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order != 0 ? order : (x->entry->key > y->entry->key) - (x->entry->key < y->entry->key);
}

static int compare_keys(const void *a, const void *b)
{
    const sow__header_pair *x = a, *y = b;
    int order = strcmp(x->key, y->key);
    return order != 0 ? order : (x->position > y->position) - (x->position < y->position);
}

/* NULL only when there is no memory. */
static void *new_array(size_t n, size_t element_bytes, sow_error *err)
{
    void *array = calloc(n > 0 ? n : 1, element_bytes);
    if (array == NULL) {
        sow__fail_memory(err, n * element_bytes);
    }
    return array;
}

static sow_status make_entries(sow__header *header, const reader *r, uint64_t data, sow_error *err)
{
    size_t n = r->entries.n_bytes / sizeof(raw_entry);
    header->entries = new_array(n, sizeof *header->entries, err);
    header->by_name = new_array(n, sizeof *header->by_name, err);
    if (header->entries == NULL || header->by_name == NULL) {
        return SOW_ERROR_MEMORY;
    }
    static const int64_t none[1] = {0};
    const raw_entry *raw = (const raw_entry *)(const void *)r->entries.data;
    for (size_t i = 0; i < n; i++) {
        const char *sizes = header->sizes.data;
        header->entries[i] = (sow__header_entry){
            .tensor = {.name = header->names.data + raw[i].name,
                       .dtype = raw[i].dtype,
                       .n_dims = raw[i].n_dims,
                       .sizes = sizes != NULL
                                    ? (const int64_t *)(const void *)(sizes + raw[i].sizes)
                                    : none,
                       .begin = data + raw[i].begin,
                       .end = data + raw[i].end},
            .key = raw[i].key};
    }
    header->n_entries = n;
    qsort(header->entries, n, sizeof *header->entries, compare_places);
    for (size_t i = 0; i < n; i++) {
        const sow__header_entry *entry = &header->entries[i];
        header->by_name[i] = (sow__header_name){entry->tensor.name, entry};
    }
    qsort(header->by_name, n, sizeof *header->by_name, compare_names);
    return SOW_OK;
}

static sow_status make_pairs(sow__header *header, const reader *r, sow_error *err)
{
    size_t n = r->pairs.n_bytes / sizeof(raw_pair);
    header->pairs = new_array(n, sizeof *header->pairs, err);
    if (header->pairs == NULL) {
        return SOW_ERROR_MEMORY;
    }
    const raw_pair *raw = (const raw_pair *)(const void *)r->pairs.data;
    for (size_t i = 0; i < n; i++) {
        header->pairs[i] = (sow__header_pair){.key = header->names.data + raw[i].key,
                                              .value = header->names.data + raw[i].value,
                                              .position = raw[i].position};
    }
    header->n_pairs = n;
    qsort(header->pairs, n, sizeof *header->pairs, compare_keys);
    return SOW_OK;
}

/* ---- checks of the whole ---- */

/* Of several tensors the one that comes first in the file is named. */
static sow_status check_names(const sow__header *header, const reader *r, sow_error *err)
{
    const sow__header_entry *twice = NULL;
    for (size_t i = 1; i < header->n_entries; i++) {
        const sow__header_entry *entry = header->by_name[i].entry;
        if (strcmp(entry->tensor.name, header->by_name[i - 1].name) == 0 &&
            (twice == NULL || entry->key < twice->key)) {
            twice = entry;
        }
    }
    if (twice != NULL) {
        char quoted[SOW__QUOTE_SIZE];
        return sow__scan_fail(&r->scan, err, SOW_ERROR_CORRUPT, twice->key,
                              "tensor %s is given twice",
                              sow__safetensors_quote(twice->tensor.name, quoted));
    }
    for (size_t i = 1; i < header->n_pairs; i++) {
        const sow__header_pair *pair = &header->pairs[i];
        if (strcmp(pair->key, header->pairs[i - 1].key) == 0) {
            char quoted[SOW__QUOTE_SIZE];
            return sow__scan_fail(&r->scan, err, SOW_ERROR_CORRUPT, pair->position,
                                  "__metadata__: %s is given twice",
                                  sow__safetensors_quote(pair->key, quoted));
        }
    }
    return SOW_OK;
}

/* The data of the tensors must follow each other without a gap up to the end of the file. */
static sow_status check_places(const sow__header *header, const sow__header_source *source,
                               const reader *r, sow_error *err)
{
    const uint64_t data = SOW__SAFETENSORS_PREFIX_BYTES + source->n_bytes;
    uint64_t end = data;
    for (size_t i = 0; i < header->n_entries; i++) {
        const sow_safetensors_tensor *tensor = &header->entries[i].tensor;
        if (tensor->begin != end) {
            char quoted[SOW__QUOTE_SIZE];
            return sow__scan_fail(
                &r->scan, err, SOW_ERROR_CORRUPT, header->entries[i].key,
                "tensor %s: its data begin at %" PRIu64 ", those before end at %" PRIu64,
                sow__safetensors_quote(tensor->name, quoted), tensor->begin - data, end - data);
        }
        end = tensor->end;
    }
    if (end > source->file_bytes) {
        return sow__fail_at(err, SOW_ERROR_CORRUPT, (int64_t)source->file_bytes,
                            "%s: byte %" PRIu64 ": the file ends, but its data go on to byte "
                            "%" PRIu64,
                            source->path, source->file_bytes, end);
    }
    if (end < source->file_bytes) {
        return sow__fail_at(err, SOW_ERROR_CORRUPT, (int64_t)end,
                            "%s: byte %" PRIu64 ": the data end, but the file goes on to byte "
                            "%" PRIu64,
                            source->path, end, source->file_bytes);
    }
    return SOW_OK;
}

sow_status sow__header_read(sow__header *header, const sow__header_source *source, sow_error *err)
{
    reader r = {.scan = {.path = source->path, .text = source->text, .n_bytes = source->n_bytes}};
    sow_status status = sow__scan_check_utf8(&r.scan, err);
    if (status == SOW_OK) {
        status = read_members(&r, err);
    }
    header->names = r.names;
    header->sizes = r.sizes;
    if (status == SOW_OK) {
        status = make_entries(header, &r, SOW__SAFETENSORS_PREFIX_BYTES + source->n_bytes, err);
    }
    if (status == SOW_OK) {
        status = make_pairs(header, &r, err);
    }
    if (status == SOW_OK) {
        status = check_names(header, &r, err);
    }
    if (status == SOW_OK) {
        status = check_places(header, source, &r, err);
    }
    sow__buffer_free(&r.entries);
    sow__buffer_free(&r.pairs);
    sow__buffer_free(&r.word);
    return status;
}

void sow__header_free(sow__header *header)
{
    free(header->entries);
    free(header->by_name);
    free(header->pairs);
    sow__buffer_free(&header->names);
    sow__buffer_free(&header->sizes);
}
