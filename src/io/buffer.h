/* A row of bytes that grows.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_IO_BUFFER_H
#define SOW_IO_BUFFER_H

#include <sow/error.h>
#include <stddef.h>

/* Zero is empty. data is aligned for every type and moves when it grows. */
typedef struct sow__buffer {
    char *data;
    size_t n_bytes, capacity;
} sow__buffer;

/* Adds n_bytes at the end; SOW_ERROR_MEMORY leaves the buffer as it was. */
sow_status sow__buffer_append(sow__buffer *buffer, const void *bytes, size_t n_bytes,
                              sow_error *err);
/* The same for a C string without its NUL. */
sow_status sow__buffer_append_text(sow__buffer *buffer, const char *text, sow_error *err);

/* Frees the bytes; the buffer is empty then. */
void sow__buffer_free(sow__buffer *buffer);

#endif
