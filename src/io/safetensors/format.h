/* What the reader and the writer of safetensors both know of the format.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_IO_SAFETENSORS_FORMAT_H
#define SOW_IO_SAFETENSORS_FORMAT_H

#include <sow/safetensors.h>

/* A file is the length of the header in 8 bytes, little endian; the header; the data. */
#define SOW__SAFETENSORS_PREFIX_BYTES 8
#define SOW__SAFETENSORS_MAX_HEADER_BYTES 100000000
#define SOW__SAFETENSORS_METADATA "__metadata__"

/* Finds a type by the format's name; false for a name that is none. */
bool sow__safetensors_dtype_find(const char *name, sow_dtype *dtype);

typedef enum sow__extent {
    SOW__EXTENT_OK,
    SOW__EXTENT_OVERFLOW, /* the bits do not fit 64 bits, zero factors left out */
    SOW__EXTENT_PARTIAL,  /* a 4- or 6-bit type that does not fill whole bytes */
} sow__extent;

/* Bytes of a tensor whose sizes are all >= 0. */
sow__extent sow__safetensors_extent(sow_dtype dtype, int n_dims, const int64_t *sizes,
                                    uint64_t *n_bytes);

#define SOW__QUOTE_SIZE 144

/* A name in double quotes for a message, cut when it is long. Returns text. */
const char *sow__safetensors_quote(const char *name, char text[SOW__QUOTE_SIZE]);

/* "[2, 3]" for a message, cut when it is long. Returns text. */
const char *sow__safetensors_shape(int n_dims, const int64_t *sizes, char text[SOW__QUOTE_SIZE]);

#endif
