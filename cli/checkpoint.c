/* The files of --from as one checkpoint.
 * SPDX-License-Identifier: Apache-2.0 */
#include "checkpoint.h"

#include "output.h"

#include <stdlib.h>
#include <string.h>

#define PIECE_BYTES ((size_t)1 << 20)

const sow_safetensors_tensor *cli_checkpoint_find(const cli_checkpoint *checkpoint,
                                                  const char *name, const sow_safetensors **file)
{
    for (size_t i = 0; i < checkpoint->n_files; i++) {
        const sow_safetensors_tensor *found = sow_safetensors_find(checkpoint->files[i], name);
        if (found != NULL) {
            *file = checkpoint->files[i];
            return found;
        }
    }
    return NULL;
}

/* ---- what the library asks ---- */

static bool find(void *user, const char *name, sow_dtype *dtype, int *n_dims, const int64_t **sizes)
{
    const sow_safetensors *file;
    const sow_safetensors_tensor *tensor = cli_checkpoint_find(user, name, &file);
    if (tensor == NULL) {
        return false;
    }
    *dtype = tensor->dtype;
    *n_dims = tensor->n_dims;
    *sizes = tensor->sizes;
    return true;
}

typedef struct place {
    const sow_safetensors *file;
    const sow_safetensors_tensor *tensor;
} place;

static bool same_bytes(const place *a, const place *b, unsigned char *pieces, sow_error *err)
{
    const uint64_t n_bytes = a->tensor->end - a->tensor->begin;
    for (uint64_t at = 0; at < n_bytes; at += PIECE_BYTES) {
        const size_t n = n_bytes - at < PIECE_BYTES ? (size_t)(n_bytes - at) : PIECE_BYTES;
        unsigned char *second = pieces + PIECE_BYTES;
        if (sow_safetensors_read(a->file, a->tensor, at, pieces, n, err) != SOW_OK ||
            sow_safetensors_read(b->file, b->tensor, at, second, n, err) != SOW_OK ||
            memcmp(pieces, second, n) != 0) {
            return false;
        }
    }
    return true;
}

static bool equal(void *user, const char *a_name, const char *b_name)
{
    cli_checkpoint *checkpoint = user;
    place a = {0}, b = {0};
    a.tensor = cli_checkpoint_find(checkpoint, a_name, &a.file);
    b.tensor = cli_checkpoint_find(checkpoint, b_name, &b.file);
    if (a.tensor == NULL || b.tensor == NULL || a.tensor->dtype != b.tensor->dtype ||
        a.tensor->end - a.tensor->begin != b.tensor->end - b.tensor->begin) {
        return false;
    }
    sow_error err = {.status = SOW_ERROR_MEMORY, .message = "out of memory"};
    unsigned char *pieces = malloc(2 * PIECE_BYTES);
    bool same = false;
    if (pieces != NULL) {
        err.status = SOW_OK;
        same = same_bytes(&a, &b, pieces, &err);
        free(pieces);
    }
    if (checkpoint->read_error.status == SOW_OK) {
        checkpoint->read_error = err;
    }
    return same;
}

static const char *name(void *user, size_t index)
{
    const cli_checkpoint *checkpoint = user;
    return index < checkpoint->n_names ? checkpoint->names[index] : NULL;
}

/* ---- opening ---- */

static int refuse_doubles(const cli_checkpoint *checkpoint, const sow_safetensors *added)
{
    const sow_safetensors_tensor *tensor;
    for (size_t i = 0; (tensor = sow_safetensors_at(added, i)) != NULL; i++) {
        const sow_safetensors *other;
        if (cli_checkpoint_find(checkpoint, tensor->name, &other) != NULL) {
            return cli_fail(CLI_INPUT, "tensor %s is in both %s and %s", tensor->name,
                            sow_safetensors_path(other), sow_safetensors_path(added));
        }
    }
    return CLI_GO_ON;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int add_names(cli_checkpoint *checkpoint, const sow_safetensors *added)
{
    const size_t n_added = sow_safetensors_count(added);
    const char **grown =
        realloc(checkpoint->names, (checkpoint->n_names + n_added + 1) * sizeof(*grown));
    if (grown == NULL) {
        return cli_fail_memory();
    }
    checkpoint->names = grown;
    grown += checkpoint->n_names;
    for (size_t i = 0; i < n_added; i++) {
        grown[i] = sow_safetensors_at(added, i)->name;
    }
    qsort(grown, n_added, sizeof(*grown), by_name);
    checkpoint->n_names += n_added;
    return CLI_GO_ON;
}

int cli_checkpoint_open(cli_checkpoint *checkpoint, const cli_list *paths)
{
    *checkpoint = (cli_checkpoint){.callbacks = {checkpoint, find, equal, name}};
    checkpoint->files = calloc(paths->n_items + 1, sizeof(sow_safetensors *));
    if (checkpoint->files == NULL) {
        return cli_fail_memory();
    }
    for (size_t i = 0; i < paths->n_items; i++) {
        sow_error err;
        sow_safetensors *file = sow_safetensors_open(paths->items[i], &err);
        if (file == NULL) {
            return cli_fail_input(&err);
        }
        int status = refuse_doubles(checkpoint, file);
        checkpoint->files[checkpoint->n_files++] = file;
        if (status == CLI_GO_ON) {
            status = add_names(checkpoint, file);
        }
        if (status != CLI_GO_ON) {
            return status;
        }
    }
    return CLI_GO_ON;
}

void cli_checkpoint_close(cli_checkpoint *checkpoint)
{
    for (size_t i = 0; i < checkpoint->n_files; i++) {
        sow_safetensors_close(checkpoint->files[i]);
    }
    free(checkpoint->files);
    free(checkpoint->names);
    *checkpoint = (cli_checkpoint){0};
}
