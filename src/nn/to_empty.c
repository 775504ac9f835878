/* module.to_empty: new memory without values for every tensor of a tree.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/module.h"

#include "tensor/tensor.h"

#include <stdlib.h>

/* A fresh tensor with the shape of another; dense strides are kept as torch.empty_like
 * keeps them. */
static sow_tensor *empty_like(const sow_tensor *tensor, sow_device device, sow_error *err)
{
    int64_t extent = 0;
    const bool dense = !sow__tensor_overlaps(tensor) &&
                       sow__shape_extent(tensor->n_dims, tensor->sizes, tensor->strides, &extent) &&
                       extent == tensor->numel;
    sow_tensor *fresh =
        dense && !sow_tensor_is_contiguous(tensor)
            ? sow_empty_strided(sow_tensor_dtype(tensor), tensor->n_dims, tensor->sizes,
                                tensor->strides, device, err)
            : sow_empty(sow_tensor_dtype(tensor), tensor->n_dims, tensor->sizes, device, err);
    if (fresh != NULL) {
        fresh->override = tensor->override;
        fresh->override_user = tensor->override_user;
    }
    return fresh;
}

/* Lets a tensor be what another is, for all who hold it; the other is used up. */
static void become(sow_tensor *tensor, sow_tensor *fresh)
{
    const int n_refs = tensor->n_refs;
    sow_tensor old = *tensor;
    *tensor = *fresh;
    tensor->n_refs = n_refs;
    *fresh = old;
    fresh->n_refs = 1;
    sow_tensor_free(fresh);
}

static sow_status slot_to_empty(sow__slot *slot, bool is_parameter, sow_device device,
                                sow_error *err)
{
    if (slot->tensor == NULL) {
        return SOW_OK;
    }
    if (slot->lazy) {
        return sow__fail_lazy(slot->name, err);
    }
    sow_error own = {.status = SOW_OK};
    sow_error *why = err == NULL ? &own : err;
    const bool was_meta = sow_tensor_device(slot->tensor) == SOW_META;
    sow_tensor *fresh = empty_like(slot->tensor, device, why);
    if (fresh == NULL) {
        return why->status;
    }
    /* A Parameter object survives a change of its data, unless that crosses the meta device. */
    if (is_parameter && was_meta == (device == SOW_META)) {
        become(slot->tensor, fresh);
    } else {
        sow_tensor_free(slot->tensor);
        slot->tensor = fresh;
    }
    return SOW_OK;
}

static sow_status own_to_empty(sow_module *module, void *user, sow_error *err)
{
    const sow_device device = *(const sow_device *)user;
    sow_status status = SOW_OK;
    for (size_t i = 0; status == SOW_OK && i < module->parameters.n_items; i++) {
        status = slot_to_empty(&module->parameters.items[i], true, device, err);
    }
    for (size_t i = 0; status == SOW_OK && i < module->buffers.n_items; i++) {
        status = slot_to_empty(&module->buffers.items[i], false, device, err);
    }
    return status;
}

sow_status sow_module_to_empty(sow_module *module, sow_device device, sow_error *err)
{
    return sow_module_apply(module, own_to_empty, &device, err);
}
