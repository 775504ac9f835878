/* The header of a safetensors file, read and checked.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_IO_SAFETENSORS_HEADER_H
#define SOW_IO_SAFETENSORS_HEADER_H

#include "io/buffer.h"
#include <sow/safetensors.h>

typedef struct sow__header_entry {
    sow_safetensors_tensor tensor;
    size_t key; /* position of the name in the header, for messages */
} sow__header_entry;

/* For lookups, in byte order of the names. */
typedef struct sow__header_name {
    const char *name;
    const sow__header_entry *entry;
} sow__header_name;

/* A pair of __metadata__. */
typedef struct sow__header_pair {
    const char *key, *value;
    size_t position; /* of the key in the header, for messages */
} sow__header_pair;

typedef struct sow__header {
    sow__header_entry *entries; /* in the order of their data */
    size_t n_entries;
    sow__header_name *by_name;
    sow__header_pair *pairs; /* in byte order of the keys */
    size_t n_pairs;
    sow__buffer names, sizes; /* what the entries and pairs point into */
} sow__header;

/* Where a header comes from; a NUL must follow its n_bytes of text. */
typedef struct sow__header_source {
    const char *path; /* for messages */
    const char *text;
    size_t n_bytes;
    uint64_t file_bytes; /* length of the file */
} sow__header_source;

/* Reads and checks a header against the length of its file. The result does not need the source.
 * The caller frees it with sow__header_free, also after a failure. *header must be zero. */
sow_status sow__header_read(sow__header *header, const sow__header_source *source, sow_error *err);

void sow__header_free(sow__header *header);

#endif
