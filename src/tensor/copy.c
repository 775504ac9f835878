/* Copying between cpu tensors of any strides and types.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/dtype.h"
#include "base/error.h"
#include "tensor/tensor.h"
#include <string.h>

#define PIECE 512
#define MOST_ELEMENT_BYTES 16

/* What PyTorch sees of an overlap: two dense tensors of one storage that are not the same. */
static bool overlap_partly(const sow_tensor *target, const sow_tensor *source)
{
    sow__order to, from;
    sow__tensor_order(target, &to);
    sow__tensor_order(source, &from);
    const bool meet = target->storage == source->storage && to.numel > 0 && from.numel > 0 &&
                      to.offset < from.offset + from.numel && from.offset < to.offset + to.numel;
    const bool are_same = to.offset == from.offset && target->n_dims == source->n_dims &&
                          memcmp(target->strides, source->strides,
                                 (size_t)target->n_dims * sizeof *target->strides) == 0;
    return meet && !are_same && sow__order_is_dense(&to) && sow__order_is_dense(&from);
}

static sow_status check_overlap(const sow_tensor *target, const sow_tensor *source, sow_error *err)
{
    if (target == source) {
        return SOW_OK;
    }
    const sow_status status = sow__check_written_once(target, err);
    return status == SOW_OK && overlap_partly(target, source)
               ? sow__fail(err, SOW_ERROR_RUNTIME,
                           "unsupported operation: some elements of the input tensor and the "
                           "written-to tensor refer to a single memory location. Please clone() "
                           "the tensor before performing the operation.")
               : status;
}

sow_status sow__check_convertible(sow_dtype to, sow_dtype from, sow_error *err)
{
    return to == from || sow__convertible(to, from)
               ? SOW_OK
               : sow__fail(err, SOW_ERROR_UNSUPPORTED, "copy: %s can not be converted to %s",
                           sow_dtype_name(from), sow_dtype_name(to));
}

sow_status sow__check_copy(const sow_tensor *target, const sow_tensor *source, sow_error *err)
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
    const sow_status status = sow__check_convertible(to, from, err);
    return status != SOW_OK || target->storage->device == SOW_META
               ? status
               : check_overlap(target, source, err);
}

static sow_status check(const sow_tensor *target, const sow_tensor *source, sow_error *err)
{
    if (target->storage->device != SOW_CPU || source->storage->device != SOW_CPU) {
        return sow__fail(err, SOW_ERROR_RUNTIME, "copy: %s to %s has no values to copy",
                         sow_device_name(source->storage->device),
                         sow_device_name(target->storage->device));
    }
    return sow__check_copy(target, source, err);
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

static void copy_values(const sow_tensor *target, const sow_tensor *source)
{
    sow__order to, from;
    sow__order_pair(target, source, &to, &from);
    if (sow__order_is_dense(&to) && sow__order_is_dense(&from)) {
        copy_dense(target, source);
    } else {
        copy_strided(target, source, &to, &from);
    }
    target->storage->blank = false;
}

/* True when the memory that two tensors reach over meets, whosever storage it is. */
static bool share_memory(const sow_tensor *a, const sow_tensor *b)
{
    const sow_tensor *const tensors[2] = {a, b};
    uintptr_t begin[2], end[2];
    for (int i = 0; i < 2; i++) {
        const sow_tensor *t = tensors[i];
        int64_t extent = 0;
        sow__shape_extent(t->n_dims, t->sizes, t->strides, &extent);
        begin[i] = (uintptr_t)sow_tensor_data(t);
        end[i] = begin[i] + (size_t)extent * sow__dtype_bytes(t->storage->dtype);
    }
    return begin[0] < end[1] && begin[1] < end[0];
}

sow_status sow__tensor_copy_cpu(sow_tensor *target, const sow_tensor *source, sow_error *err)
{
    const sow_status status = check(target, source, err);
    if (status != SOW_OK || target->numel == 0 || target == source) {
        return status;
    }
    if (!share_memory(target, source)) {
        copy_values(target, source);
        return SOW_OK;
    }
    sow_error own = {.status = SOW_OK};
    sow_error *why = err == NULL ? &own : err;
    sow_tensor *apart =
        sow_empty(source->storage->dtype, source->n_dims, source->sizes, SOW_CPU, why);
    if (apart == NULL) {
        return why->status;
    }
    copy_values(apart, source);
    copy_values(target, apart);
    sow_tensor_free(apart);
    return SOW_OK;
}
