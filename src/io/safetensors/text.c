/* The header of a safetensors file as text, byte for byte as the reference writes it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "io/safetensors/text.h"

#include "base/error.h"
#include "io/safetensors/format.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What stands for a character inside a JSON string, NULL for itself. buffer holds the long form. */
static const char *escape(unsigned char c, char buffer[8])
{
    switch (c) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\b':
        return "\\b";
    case '\f':
        return "\\f";
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\t':
        return "\\t";
    }
    if (c >= 0x20) {
        return NULL;
    }
    snprintf(buffer, 8, "\\u%04x", c);
    return buffer;
}

static sow_status append_string(sow__buffer *buffer, const char *text, sow_error *err)
{
    sow_status status = sow__buffer_append(buffer, "\"", 1, err);
    while (status == SOW_OK && *text != '\0') {
        char long_form[8];
        size_t plain = 0;
        const char *escaped = NULL;
        while (text[plain] != '\0' &&
               (escaped = escape((unsigned char)text[plain], long_form)) == NULL) {
            plain++;
        }
        status = sow__buffer_append(buffer, text, plain, err);
        text += plain;
        if (status == SOW_OK && escaped != NULL) {
            status = sow__buffer_append_text(buffer, escaped, err);
            text++;
        }
    }
    return status == SOW_OK ? sow__buffer_append(buffer, "\"", 1, err) : status;
}

static sow_status append_metadata(sow__buffer *buffer, const char *const *metadata, sow_error *err)
{
    sow_status status = sow__buffer_append_text(buffer, "\"" SOW__SAFETENSORS_METADATA "\":{", err);
    for (size_t i = 0; status == SOW_OK && metadata[i] != NULL; i += 2) {
        if (i > 0) {
            status = sow__buffer_append(buffer, ",", 1, err);
        }
        if (status == SOW_OK) {
            status = append_string(buffer, metadata[i], err);
        }
        if (status == SOW_OK) {
            status = sow__buffer_append(buffer, ":", 1, err);
        }
        if (status == SOW_OK) {
            status = append_string(buffer, metadata[i + 1], err);
        }
    }
    return status == SOW_OK ? sow__buffer_append(buffer, "}", 1, err) : status;
}

static sow_status append_tensor(sow__buffer *buffer, const sow__planned *tensor, sow_error *err)
{
    const sow_safetensors_spec *spec = tensor->spec;
    char text[128];
    sow_status status = append_string(buffer, spec->name, err);
    if (status == SOW_OK) {
        snprintf(text, sizeof text, ":{\"dtype\":\"%s\",\"shape\":[",
                 sow_safetensors_dtype_name(spec->dtype));
        status = sow__buffer_append_text(buffer, text, err);
    }
    for (int i = 0; i < spec->n_dims && status == SOW_OK; i++) {
        snprintf(text, sizeof text, "%s%" PRId64, i > 0 ? "," : "", spec->sizes[i]);
        status = sow__buffer_append_text(buffer, text, err);
    }
    if (status == SOW_OK) {
        snprintf(text, sizeof text, "],\"data_offsets\":[%" PRIu64 ",%" PRIu64 "]}", tensor->begin,
                 tensor->end);
        status = sow__buffer_append_text(buffer, text, err);
    }
    return status;
}

/* Pads what follows the prefix and puts its length there. */
static sow_status close_header(sow__buffer *buffer, size_t start, sow_error *err)
{
    size_t n_bytes = buffer->n_bytes - start - SOW__SAFETENSORS_PREFIX_BYTES;
    size_t padding = (8 - n_bytes % 8) % 8;
    sow_status status = sow__buffer_append(buffer, "       ", padding, err);
    if (status != SOW_OK) {
        return status;
    }
    n_bytes += padding;
    if (n_bytes > SOW__SAFETENSORS_MAX_HEADER_BYTES) {
        return sow__fail(err, SOW_ERROR_VALUE,
                         "safetensors: the header needs %zu bytes, at most %d are allowed", n_bytes,
                         SOW__SAFETENSORS_MAX_HEADER_BYTES);
    }
    for (size_t i = 0; i < SOW__SAFETENSORS_PREFIX_BYTES; i++) {
        buffer->data[start + i] = (char)(n_bytes >> 8 * i & 0xFF);
    }
    return SOW_OK;
}

sow_status sow__safetensors_text(sow__buffer *buffer, const sow__planned *tensors, size_t n_tensors,
                                 const char *const *metadata, sow_error *err)
{
    size_t start = buffer->n_bytes;
    sow_status status = sow__buffer_append(buffer, "\0\0\0\0\0\0\0\0{", 9, err);
    if (status == SOW_OK && metadata != NULL) {
        status = append_metadata(buffer, metadata, err);
    }
    for (size_t i = 0; i < n_tensors && status == SOW_OK; i++) {
        if (i > 0 || metadata != NULL) {
            status = sow__buffer_append(buffer, ",", 1, err);
        }
        if (status == SOW_OK) {
            status = append_tensor(buffer, &tensors[i], err);
        }
    }
    if (status == SOW_OK) {
        status = sow__buffer_append(buffer, "}", 1, err);
    }
    return status == SOW_OK ? close_header(buffer, start, err) : status;
}
