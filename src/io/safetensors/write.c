/* Safetensors files: writing.
 * SPDX-License-Identifier: Apache-2.0 */
#include "io/safetensors/write.h"
#include "base/checked.h"
#include "base/dtype.h"
#include "base/error.h"
#include "base/text.h"
#include "io/output.h"
#include "io/safetensors/format.h"
#include "io/safetensors/read.h"
#include "io/safetensors/text.h"
#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DATA_BYTES                                                                             \
    ((uint64_t)INT64_MAX - SOW__SAFETENSORS_PREFIX_BYTES - SOW__SAFETENSORS_MAX_HEADER_BYTES)

struct sow_safetensors_writer {
    sow__output *output;
    char *path;              /* for messages */
    sow__file_range *places; /* of the caller's list */
    size_t *order;           /* numbers of the caller's list, in the order of the file */
    size_t n_tensors;
    uint64_t n_bytes, data; /* of the file; where the data start */
    atomic_uint_least64_t n_written;
};

/* ---- checks ---- */

static sow_status check_utf8(const char *text, const char *what, sow_error *err)
{
    char quoted[SOW__QUOTE_SIZE];
    for (const unsigned char *s = (const unsigned char *)text; *s != '\0';) {
        size_t n = sow__utf8_length(s);
        if (n == 0) {
            return sow__fail(err, SOW_ERROR_VALUE, "safetensors: %s %s is not UTF-8", what,
                             sow__safetensors_quote(text, quoted));
        }
        s += n;
    }
    return SOW_OK;
}

static sow_status check_spec(const sow_safetensors_spec *spec, size_t index, uint64_t *n_bytes,
                             sow_error *err)
{
    if (spec->name == NULL) {
        return sow__fail(err, SOW_ERROR_VALUE, "safetensors: tensor number %zu has no name", index);
    }
    sow_status status = check_utf8(spec->name, "tensor name", err);
    if (status != SOW_OK) {
        return status;
    }
    char quoted[SOW__QUOTE_SIZE], shape[SOW__QUOTE_SIZE];
    sow__safetensors_quote(spec->name, quoted);
    if (strcmp(spec->name, SOW__SAFETENSORS_METADATA) == 0) {
        return sow__fail(err, SOW_ERROR_VALUE,
                         "safetensors: a tensor can not be named %s, the format uses it", quoted);
    }
    const char *dtype = sow_safetensors_dtype_name(spec->dtype);
    if (dtype == NULL) {
        const char *name = sow_dtype_torch_name(spec->dtype);
        return sow__fail(err, SOW_ERROR_UNSUPPORTED,
                         "safetensors: tensor %s: the format has no dtype %s", quoted,
                         name != NULL ? name : "of that number");
    }
    if (spec->n_dims < 0 || (spec->n_dims > 0 && spec->sizes == NULL)) {
        return sow__fail(err, SOW_ERROR_VALUE, "safetensors: tensor %s: %d dims and %s", quoted,
                         spec->n_dims, spec->sizes != NULL ? "sizes" : "no sizes");
    }
    for (int i = 0; i < spec->n_dims; i++) {
        if (spec->sizes[i] < 0) {
            return sow__fail(err, SOW_ERROR_VALUE,
                             "safetensors: tensor %s: size %d is negative: %" PRId64, quoted, i,
                             spec->sizes[i]);
        }
    }
    switch (sow__safetensors_extent(spec->dtype, spec->n_dims, spec->sizes, n_bytes)) {
    case SOW__EXTENT_OK:
        return SOW_OK;
    case SOW__EXTENT_OVERFLOW:
        return sow__fail(err, SOW_ERROR_OVERFLOW,
                         "safetensors: tensor %s: shape %s of %s overflows", quoted,
                         sow__safetensors_shape(spec->n_dims, spec->sizes, shape), dtype);
    case SOW__EXTENT_PARTIAL:
        break;
    }
    return sow__fail(err, SOW_ERROR_VALUE,
                     "safetensors: tensor %s: shape %s of %s does not fill whole bytes", quoted,
                     sow__safetensors_shape(spec->n_dims, spec->sizes, shape), dtype);
}

/* ---- order ---- */

static int compare_names(const void *a, const void *b)
{
    const sow__planned *x = a, *y = b;
    return strcmp(x->spec->name, y->spec->name);
}

/* The reference's order: rank of the dtype from high to low, then the name. */
static int compare_places(const void *a, const void *b)
{
    const sow__planned *x = a, *y = b;
    int x_rank = sow__dtype_info_of(x->spec->dtype)->rank;
    int y_rank = sow__dtype_info_of(y->spec->dtype)->rank;
    return x_rank != y_rank ? y_rank - x_rank : compare_names(a, b);
}

/* Checks the tensors and puts them in the order of the file, with their places in the data. */
static sow_status plan(sow__planned *planned, const sow_safetensors_spec *tensors, size_t n_tensors,
                       sow_error *err)
{
    for (size_t i = 0; i < n_tensors; i++) {
        planned[i] = (sow__planned){.spec = &tensors[i], .index = i};
        sow_status status = check_spec(&tensors[i], i, &planned[i].end, err);
        if (status != SOW_OK) {
            return status;
        }
    }
    qsort(planned, n_tensors, sizeof *planned, compare_names);
    for (size_t i = 1; i < n_tensors; i++) {
        if (compare_names(&planned[i - 1], &planned[i]) == 0) {
            char quoted[SOW__QUOTE_SIZE];
            return sow__fail(err, SOW_ERROR_VALUE, "safetensors: tensor %s is given twice",
                             sow__safetensors_quote(planned[i].spec->name, quoted));
        }
    }
    qsort(planned, n_tensors, sizeof *planned, compare_places);
    uint64_t end = 0;
    for (size_t i = 0; i < n_tensors; i++) {
        planned[i].begin = end;
        if (!sow__add_u64(end, planned[i].end, &end) || end > MAX_DATA_BYTES) {
            return sow__fail(err, SOW_ERROR_OVERFLOW,
                             "safetensors: the tensors together are too large for a file");
        }
        planned[i].end = end;
    }
    return SOW_OK;
}

typedef struct pair {
    const char *key, *value;
} pair;

static int compare_pairs(const void *a, const void *b)
{
    const pair *x = a, *y = b;
    return strcmp(x->key, y->key);
}

static sow_status check_pairs(const pair *pairs, size_t n_pairs, sow_error *err)
{
    for (size_t i = 0; i < n_pairs; i++) {
        char quoted[SOW__QUOTE_SIZE];
        sow__safetensors_quote(pairs[i].key, quoted);
        if (pairs[i].value == NULL) {
            return sow__fail(err, SOW_ERROR_VALUE, "safetensors: metadata key %s has no value",
                             quoted);
        }
        sow_status status = check_utf8(pairs[i].key, "metadata key", err);
        if (status == SOW_OK) {
            status = check_utf8(pairs[i].value, "metadata value", err);
        }
        if (status != SOW_OK) {
            return status;
        }
        if (i > 0 && compare_pairs(&pairs[i - 1], &pairs[i]) == 0) {
            return sow__fail(err, SOW_ERROR_VALUE, "safetensors: metadata key %s is given twice",
                             quoted);
        }
    }
    return SOW_OK;
}

/* The pairs in byte order of their keys, with a NULL at the end; the caller frees the array. NULL
 * on failure. */
static const char **sort_metadata(const char *const *metadata, sow_error *err)
{
    size_t n_pairs = 0;
    while (metadata[2 * n_pairs] != NULL && metadata[2 * n_pairs + 1] != NULL) {
        n_pairs++;
    }
    size_t n_all = n_pairs + (metadata[2 * n_pairs] != NULL); /* a last key without value */
    size_t n_bytes = (n_all + 1) * sizeof(pair);
    pair *pairs = calloc(1, n_bytes);
    const char **sorted = calloc(1, n_bytes);
    if (pairs == NULL || sorted == NULL) {
        free(pairs);
        free(sorted);
        sow__fail_memory(err, n_bytes);
        return NULL;
    }
    for (size_t i = 0; i < n_all; i++) {
        pairs[i] = (pair){metadata[2 * i], metadata[2 * i + 1]};
    }
    qsort(pairs, n_all, sizeof *pairs, compare_pairs);
    for (size_t i = 0; i < n_all; i++) {
        sorted[2 * i] = pairs[i].key;
        sorted[2 * i + 1] = pairs[i].value;
    }
    if (check_pairs(pairs, n_all, err) != SOW_OK) {
        free(sorted);
        sorted = NULL;
    }
    free(pairs);
    return sorted;
}

/* ---- starting ---- */

static void writer_free(sow_safetensors_writer *writer)
{
    if (writer == NULL) {
        return;
    }
    free(writer->path);
    free(writer->places);
    free(writer->order);
    free(writer);
}

static sow_safetensors_writer *new_writer(const char *path, size_t n_tensors, sow_error *err)
{
    sow_safetensors_writer *writer = calloc(1, sizeof *writer);
    if (writer != NULL) {
        writer->path = strdup(path);
        writer->places = calloc(n_tensors + 1, sizeof *writer->places);
        writer->order = calloc(n_tensors + 1, sizeof *writer->order);
        writer->n_tensors = n_tensors;
        atomic_init(&writer->n_written, 0);
    }
    if (writer == NULL || writer->path == NULL || writer->places == NULL || writer->order == NULL) {
        writer_free(writer);
        sow__fail_memory(err, n_tensors * (sizeof *writer->places + sizeof *writer->order));
        return NULL;
    }
    return writer;
}

/* Opens the output and writes the header. */
static sow_status start(sow_safetensors_writer *writer, const sow__planned *planned,
                        const sow__buffer *header, bool force, sow_error *err)
{
    uint64_t data = header->n_bytes;
    writer->data = data;
    writer->n_bytes = data;
    for (size_t i = 0; i < writer->n_tensors; i++) {
        writer->order[i] = planned[i].index;
        writer->places[planned[i].index] =
            (sow__file_range){data + planned[i].begin, data + planned[i].end};
        writer->n_bytes = data + planned[i].end;
    }
    const sow__output_options options = {.force = force};
    writer->output = sow__output_create(writer->path, writer->n_bytes, &options, err);
    if (writer->output == NULL) {
        return SOW_ERROR_IO;
    }
    return sow__output_write(writer->output, 0, header->data, header->n_bytes, NULL, err);
}

static sow_status make_header(sow__buffer *header, const sow__planned *planned, size_t n_tensors,
                              const char *const *metadata, sow_error *err)
{
    const char **sorted = NULL;
    if (metadata != NULL) {
        sorted = sort_metadata(metadata, err);
        if (sorted == NULL) {
            return err != NULL ? err->status : SOW_ERROR_VALUE;
        }
    }
    sow_status status = sow__safetensors_text(header, planned, n_tensors, sorted, err);
    free(sorted);
    return status;
}

sow_safetensors_writer *
sow_safetensors_create(const char *path, const sow_safetensors_spec *tensors, size_t n_tensors,
                       const sow_safetensors_options *options, sow_error *err)
{
    const sow_safetensors_options defaults = {0};
    const sow_safetensors_options *chosen = options != NULL ? options : &defaults;
    if (path == NULL) {
        sow__fail(err, SOW_ERROR_VALUE, "safetensors: no path given");
        return NULL;
    }
    sow__planned *planned = calloc(n_tensors + 1, sizeof *planned);
    if (planned == NULL) {
        sow__fail_memory(err, n_tensors * sizeof *planned);
        return NULL;
    }
    sow__buffer header = {0};
    sow_safetensors_writer *writer = NULL;
    if (plan(planned, tensors, n_tensors, err) == SOW_OK &&
        make_header(&header, planned, n_tensors, chosen->metadata, err) == SOW_OK) {
        writer = new_writer(path, n_tensors, err);
    }
    if (writer != NULL && start(writer, planned, &header, chosen->force, err) != SOW_OK) {
        sow_safetensors_abandon(writer);
        writer = NULL;
    }
    sow__buffer_free(&header);
    free(planned);
    return writer;
}

/* ---- the rest ---- */

size_t sow_safetensors_writer_order(const sow_safetensors_writer *writer, size_t index)
{
    return index < writer->n_tensors ? writer->order[index] : SIZE_MAX;
}

bool sow_safetensors_writer_is_sequential(const sow_safetensors_writer *writer)
{
    return sow__output_is_sequential(writer->output);
}

uint64_t sow_safetensors_writer_n_bytes(const sow_safetensors_writer *writer)
{
    return writer->n_bytes;
}

sow__file_range sow__safetensors_place(const sow_safetensors_writer *writer, size_t index)
{
    return writer->places[index];
}

sow__file_range sow__safetensors_data(const sow_safetensors_writer *writer)
{
    return (sow__file_range){writer->data, writer->n_bytes};
}

sow_status sow__safetensors_write_at(sow_safetensors_writer *writer, uint64_t offset,
                                     const void *buffer, size_t n_bytes,
                                     bool (*cancelled)(void *user), void *user, sow_error *err)
{
    const sow__cancel cancel = {cancelled, user};
    sow_status status = sow__output_write(writer->output, offset, buffer, n_bytes, &cancel, err);
    if (status == SOW_OK) {
        atomic_fetch_add_explicit(&writer->n_written, n_bytes, memory_order_relaxed);
    }
    return status;
}

bool sow__safetensors_clone_at(sow_safetensors_writer *writer, uint64_t offset,
                               const sow_safetensors *from, uint64_t from_offset, size_t n_bytes)
{
    if (!sow__output_clone(writer->output, offset, sow__safetensors_descriptor(from), from_offset,
                           n_bytes)) {
        return false;
    }
    atomic_fetch_add_explicit(&writer->n_written, n_bytes, memory_order_relaxed);
    return true;
}

sow_status sow_safetensors_write(sow_safetensors_writer *writer, size_t index, uint64_t offset,
                                 const void *buffer, size_t n_bytes, bool (*cancelled)(void *user),
                                 void *user, sow_error *err)
{
    if (index >= writer->n_tensors) {
        return sow__fail(err, SOW_ERROR_INDEX, "%s: tensor number %zu of %zu", writer->path, index,
                         writer->n_tensors);
    }
    const sow__file_range *at = &writer->places[index];
    uint64_t held = at->end - at->begin;
    if (offset > held || n_bytes > held - offset) {
        return sow__fail(err, SOW_ERROR_VALUE,
                         "%s: tensor number %zu: %zu bytes from %" PRIu64 " leave its %" PRIu64
                         " bytes",
                         writer->path, index, n_bytes, offset, held);
    }
    return sow__safetensors_write_at(writer, at->begin + offset, buffer, n_bytes, cancelled, user,
                                     err);
}

sow_status sow_safetensors_finish(sow_safetensors_writer *writer, sow_error *err)
{
    uint64_t written = atomic_load(&writer->n_written), wanted = writer->n_bytes - writer->data;
    if (written < wanted) {
        sow_status status = sow__fail(err, SOW_ERROR_RUNTIME,
                                      "%s: only %" PRIu64 " of %" PRIu64 " bytes of data written",
                                      writer->path, written, wanted);
        sow_safetensors_abandon(writer);
        return status;
    }
    sow_status status = sow__output_finish(writer->output, err);
    writer_free(writer);
    return status;
}

void sow_safetensors_abandon(sow_safetensors_writer *writer)
{
    if (writer == NULL) {
        return;
    }
    sow__output_abandon(writer->output);
    writer_free(writer);
}
