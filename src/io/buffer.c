/* A row of bytes that grows.
 * SPDX-License-Identifier: Apache-2.0 */
#include "io/buffer.h"

#include "base/error.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static sow_status grow(sow__buffer *buffer, size_t needed, sow_error *err)
{
    size_t capacity = buffer->capacity < 64 ? 64 : buffer->capacity;
    while (capacity < needed) {
        capacity = capacity > SIZE_MAX / 2 ? needed : 2 * capacity;
    }
    char *data = realloc(buffer->data, capacity);
    if (data == NULL) {
        return sow__fail_memory(err, capacity);
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return SOW_OK;
}

sow_status sow__buffer_append(sow__buffer *buffer, const void *bytes, size_t n_bytes,
                              sow_error *err)
{
    if (n_bytes > SIZE_MAX - buffer->n_bytes) {
        return sow__fail_memory(err, n_bytes);
    }
    size_t needed = buffer->n_bytes + n_bytes;
    if (needed > buffer->capacity || buffer->data == NULL) {
        sow_status status = grow(buffer, needed, err);
        if (status != SOW_OK) {
            return status;
        }
    }
    if (n_bytes > 0) {
        memcpy(buffer->data + buffer->n_bytes, bytes, n_bytes);
    }
    buffer->n_bytes = needed;
    return SOW_OK;
}

sow_status sow__buffer_append_text(sow__buffer *buffer, const char *text, sow_error *err)
{
    return sow__buffer_append(buffer, text, strlen(text), err);
}

void sow__buffer_free(sow__buffer *buffer)
{
    free(buffer->data);
    *buffer = (sow__buffer){0};
}
