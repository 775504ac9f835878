/* Reading a tensor of a file into a tensor, so that a failure is seen afterwards.
 * SPDX-License-Identifier: Apache-2.0 */
#include "plan/read.h"

#include "base/dtype.h"
#include "base/error.h"
#include "nn/load.h"
#include "tensor/tensor.h"

#include <stdlib.h>

#define PIECE_ELEMENTS 65536

/* In pieces through a buffer: converts, and follows the strides of the target. */
static sow_status read_pieces(const sow_safetensors *file, const sow_safetensors_tensor *source,
                              sow_tensor *target, sow_error *err)
{
    const size_t from_bytes = sow__dtype_bytes(source->dtype);
    const size_t to_bytes = sow__dtype_bytes(target->storage->dtype);
    sow__order order;
    sow__tensor_logical_order(target, &order);
    unsigned char *raw = malloc(PIECE_ELEMENTS * (from_bytes + to_bytes));
    if (raw == NULL) {
        return sow__fail_memory(err, PIECE_ELEMENTS * (from_bytes + to_bytes));
    }
    sow_status status = SOW_OK;
    for (int64_t done = 0; status == SOW_OK && done < order.numel; done += PIECE_ELEMENTS) {
        const int64_t left = order.numel - done;
        const size_t n = (size_t)(left < PIECE_ELEMENTS ? left : PIECE_ELEMENTS);
        unsigned char *converted = raw + PIECE_ELEMENTS * from_bytes;
        status = sow_safetensors_read(file, source, (uint64_t)done * from_bytes, raw,
                                      n * from_bytes, err);
        if (status == SOW_OK) {
            sow__convert(converted, target->storage->dtype, raw, source->dtype, n);
            sow__order_scatter(&order, target->storage->data, to_bytes, done, (int64_t)n,
                               converted);
        }
    }
    free(raw);
    return status;
}

static sow_status read_into(const sow_safetensors *file, const sow_safetensors_tensor *source,
                            sow_tensor *target, sow_error *err)
{
    if (target->numel == 0) {
        return SOW_OK;
    }
    if (target->storage->dtype == source->dtype && sow_tensor_is_contiguous(target)) {
        return sow_safetensors_read(file, source, 0, sow_tensor_data(target),
                                    sow_tensor_n_bytes(target), err);
    }
    return read_pieces(file, source, target, err);
}

/* ---- targets with memory ---- */

/* Until all is read the storage counts as emptied: its values are half the old ones. */
static sow_status read_over(const sow_safetensors *file, const sow_safetensors_tensor *source,
                            sow_tensor *target, sow_error *err)
{
    sow__storage *storage = target->storage;
    storage->n_emptied++;
    storage->blank = true;
    const sow_status status = read_into(file, source, target, err);
    if (status == SOW_OK) {
        storage->n_emptied--;
        storage->blank = false;
    }
    return status;
}

/* ---- targets without ---- */

/* A cpu tensor whose memory, when the target is the whole of its storage, can become the target's.
 */
static sow_tensor *beside(const sow_tensor *target, sow_error *err)
{
    const sow_dtype dtype = sow_tensor_dtype(target);
    return sow__tensor_is_whole(target) && !sow_tensor_is_contiguous(target)
               ? sow_empty_strided(dtype, target->n_dims, target->sizes, target->strides, SOW_CPU,
                                   err)
               : sow_empty(dtype, target->n_dims, target->sizes, SOW_CPU, err);
}

static sow_status read_aside(const sow_safetensors *file, const sow_safetensors_tensor *source,
                             sow_tensor *target, sow_error *err)
{
    sow_error own = {.status = SOW_OK};
    sow_error *why = err == NULL ? &own : err;
    sow_tensor *values = beside(target, why);
    if (values == NULL) {
        return why->status;
    }
    sow_status status = read_into(file, source, values, err);
    if (status == SOW_OK && sow__tensor_is_whole(target)) {
        sow__storage_take(target->storage, values->storage);
    } else if (status == SOW_OK) {
        status = sow__load_make_room(target, sow_tensor_dtype(values), err);
        if (status == SOW_OK) {
            status = sow_tensor_copy(target, values, err);
        }
    }
    sow_tensor_free(values);
    return status;
}

sow_status sow__read_tensor(const sow_safetensors *file, const sow_safetensors_tensor *source,
                            sow_tensor *target, sow_error *err)
{
    const sow_status status = sow__load_check_target(target, source->dtype, err);
    if (status != SOW_OK) {
        return status;
    }
    return (sow_tensor_device(target) == SOW_CPU ? read_over : read_aside)(file, source, target,
                                                                           err);
}
