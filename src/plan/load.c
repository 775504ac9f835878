/* Loading a safetensors file into a module, tensor by tensor.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/load.h"
#include "base/dtype.h"
#include "base/error.h"
#include "tensor/tensor.h"
#include <sow/plan.h>

#include <stdlib.h>

#define PIECE_ELEMENTS 65536

static const char *file_name(const void *of, size_t index)
{
    return sow_safetensors_at(of, index)->name;
}

static bool file_find(const void *of, const char *key, sow__load_item *item)
{
    const sow_safetensors_tensor *tensor = sow_safetensors_find(of, key);
    if (tensor != NULL) {
        *item = (sow__load_item){
            .dtype = tensor->dtype, .n_dims = tensor->n_dims, .sizes = tensor->sizes};
    }
    return tensor != NULL;
}

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

static sow_status file_copy(const void *of, const char *key, sow_tensor *target, sow_error *err)
{
    const sow_safetensors_tensor *source = sow_safetensors_find(of, key);
    const sow_status status = sow__load_make_room(target, source->dtype, err);
    return status == SOW_OK ? read_into(of, source, target, err) : status;
}

static sow_tensor *file_take(const void *of, const char *key, sow_error *err)
{
    const sow_safetensors_tensor *source = sow_safetensors_find(of, key);
    sow_tensor *tensor = sow_empty(source->dtype, source->n_dims, source->sizes, SOW_CPU, err);
    if (tensor != NULL && read_into(of, source, tensor, err) != SOW_OK) {
        sow_tensor_free(tensor);
        return NULL;
    }
    return tensor;
}

sow_status sow_module_load_safetensors(sow_module *module, const sow_safetensors *file,
                                       const sow_load_options *options, sow_load_report **report,
                                       sow_error *err)
{
    const sow__load_source source = {.of = file,
                                     .n_keys = sow_safetensors_count(file),
                                     .name = file_name,
                                     .find = file_find,
                                     .copy = file_copy,
                                     .take = file_take,
                                     .fills_meta = true};
    return sow__module_load(module, &source, options, report, err);
}
