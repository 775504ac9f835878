/* Copying between cpu tensors of any strides and types.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/dtype.h"
#include "base/error.h"
#include "tensor/tensor.h"
#include <string.h>

#define PIECE 512
#define MOST_ELEMENT_BYTES 16

static sow_status check(const sow_tensor *target, const sow_tensor *source, sow_error *err)
{
    sow_dtype to = target->storage->dtype, from = source->storage->dtype;
    size_t sizes_bytes = (size_t)target->n_dims * sizeof *target->sizes;
    if (target->n_dims != source->n_dims ||
        memcmp(target->sizes, source->sizes, sizes_bytes) != 0) {
        char a[SOW__SIZES_TEXT_SIZE], b[SOW__SIZES_TEXT_SIZE];
        return sow__fail(err, SOW_ERROR_RUNTIME, "copy: target has shape %s, source %s",
                         sow__sizes_text(target->n_dims, target->sizes, a),
                         sow__sizes_text(source->n_dims, source->sizes, b));
    }
    if (to != from && !sow__convertible(to, from)) {
        return sow__fail(err, SOW_ERROR_UNSUPPORTED, "copy: %s can not be converted to %s",
                         sow_dtype_name(from), sow_dtype_name(to));
    }
    if (target->storage->device != SOW_CPU || source->storage->device != SOW_CPU) {
        return sow__fail(err, SOW_ERROR_RUNTIME, "copy: %s to %s has no values to copy",
                         sow_device_name(source->storage->device),
                         sow_device_name(target->storage->device));
    }
    return SOW_OK;
}

/* Both walks run through memory without gaps. */
static void copy_dense(const sow_tensor *target, const sow_tensor *source)
{
    sow_dtype to = target->storage->dtype, from = source->storage->dtype;
    void *out = sow_tensor_data(target);
    const void *in = sow_tensor_data(source);
    if (to == from) {
        memmove(out, in, sow_tensor_n_bytes(target));
    } else {
        sow__convert(out, to, in, from, (size_t)target->numel);
    }
}

static void copy_strided(const sow_tensor *target, const sow_tensor *source, const sow__order *to,
                         const sow__order *from)
{
    _Alignas(16) unsigned char raw[PIECE * MOST_ELEMENT_BYTES], out[PIECE * MOST_ELEMENT_BYTES];
    sow_dtype to_dtype = target->storage->dtype, from_dtype = source->storage->dtype;
    size_t to_bytes = sow__dtype_bytes(to_dtype), from_bytes = sow__dtype_bytes(from_dtype);
    for (int64_t done = 0; done < to->numel; done += PIECE) {
        int64_t n = to->numel - done < PIECE ? to->numel - done : PIECE;
        sow__order_gather(from, source->storage->data, from_bytes, done, n, raw);
        if (to_dtype != from_dtype) {
            sow__convert(out, to_dtype, raw, from_dtype, (size_t)n);
        }
        sow__order_scatter(to, target->storage->data, to_bytes, done, n,
                           to_dtype != from_dtype ? out : raw);
    }
}

sow_status sow__tensor_copy_cpu(sow_tensor *target, const sow_tensor *source, sow_error *err)
{
    sow__order to, from;
    sow_status status = check(target, source, err);
    if (status != SOW_OK || target->numel == 0) {
        return status;
    }
    sow__order_pair(target, source, &to, &from);
    if (sow__order_is_dense(&to) && sow__order_is_dense(&from)) {
        copy_dense(target, source);
    } else {
        copy_strided(target, source, &to, &from);
    }
    target->storage->blank = false;
    return SOW_OK;
}
