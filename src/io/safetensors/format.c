/* What the reader and the writer of safetensors both know of the format.
 * SPDX-License-Identifier: Apache-2.0 */
#include "io/safetensors/format.h"

#include "base/checked.h"
#include "base/dtype.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *sow_safetensors_dtype_name(sow_dtype dtype)
{
    const sow__dtype_info *info = sow__dtype_info_of(dtype);
    return info != NULL ? info->safetensors_name : NULL;
}

bool sow__safetensors_dtype_find(const char *name, sow_dtype *dtype)
{
    for (int i = 0; i < SOW_N_DTYPES; i++) {
        const char *known = sow_safetensors_dtype_name((sow_dtype)i);
        if (known != NULL && strcmp(known, name) == 0) {
            *dtype = (sow_dtype)i;
            return true;
        }
    }
    return false;
}

/* A zero factor does not hide an overflow: another reader may multiply in another order. */
sow__extent sow__safetensors_extent(sow_dtype dtype, int n_dims, const int64_t *sizes,
                                    uint64_t *n_bytes)
{
    uint64_t n_bits = (uint64_t)sow_dtype_bits(dtype);
    bool is_empty = false;
    for (int i = 0; i < n_dims; i++) {
        if (sizes[i] == 0) {
            is_empty = true;
        } else if (!sow__mul_u64(n_bits, (uint64_t)sizes[i], &n_bits)) {
            return SOW__EXTENT_OVERFLOW;
        }
    }
    if (is_empty) {
        n_bits = 0;
    }
    if (n_bits % 8 != 0) {
        return SOW__EXTENT_PARTIAL;
    }
    *n_bytes = n_bits / 8;
    return SOW__EXTENT_OK;
}

const char *sow__safetensors_quote(const char *name, char text[SOW__QUOTE_SIZE])
{
    const size_t longest = SOW__QUOTE_SIZE - sizeof "\"...\"";
    size_t n = strlen(name);
    if (n <= longest) {
        snprintf(text, SOW__QUOTE_SIZE, "\"%s\"", name);
        return text;
    }
    n = longest;
    while (n > 0 && ((unsigned char)name[n] & 0xC0) == 0x80) {
        n--; /* not inside a character */
    }
    snprintf(text, SOW__QUOTE_SIZE, "\"%.*s...\"", (int)n, name);
    return text;
}

const char *sow__safetensors_shape(int n_dims, const int64_t *sizes, char text[SOW__QUOTE_SIZE])
{
    size_t used = (size_t)snprintf(text, SOW__QUOTE_SIZE, "[");
    for (int i = 0; i < n_dims; i++) {
        if (used > SOW__QUOTE_SIZE - 32) {
            used += (size_t)snprintf(text + used, SOW__QUOTE_SIZE - used, ", ...");
            break;
        }
        used += (size_t)snprintf(text + used, SOW__QUOTE_SIZE - used, "%s%" PRId64,
                                 i > 0 ? ", " : "", sizes[i]);
    }
    snprintf(text + used, SOW__QUOTE_SIZE - used, "]");
    return text;
}
