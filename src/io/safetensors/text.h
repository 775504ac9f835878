/* The header of a safetensors file as text, byte for byte as the reference writes it.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_IO_SAFETENSORS_TEXT_H
#define SOW_IO_SAFETENSORS_TEXT_H

#include "io/buffer.h"
#include <sow/safetensors.h>

/* A tensor to be written, in the order of the file. */
typedef struct sow__planned {
    const sow_safetensors_spec *spec;
    size_t index;        /* in the caller's list */
    uint64_t begin, end; /* from the start of the data */
} sow__planned;

/* Appends the length of the header and the header, padded with spaces to a multiple of 8 bytes.
 * metadata: key, value, key, value..., NULL, in the order to write; NULL: none. */
sow_status sow__safetensors_text(sow__buffer *buffer, const sow__planned *tensors, size_t n_tensors,
                                 const char *const *metadata, sow_error *err);

#endif
