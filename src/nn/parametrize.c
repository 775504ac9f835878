/* What the parametrizations share: finding a tensor, reading its values, moving it aside.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/parametrize.h"

#include "base/dtype.h"
#include "base/error.h"
#include "fill/tape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- looking ---- */

sow__slot *sow__parametrize_slot(const sow_module *module, const char *name)
{
    sow__slot *slot = sow__module_own_slot(module, name);
    return slot == NULL || slot->tensor == NULL ? NULL : slot;
}

sow_status sow__parametrize_check(const sow_module *module, const char *name, sow_error *err)
{
    const sow__slot *slot = sow__parametrize_slot(module, name);
    if (slot != NULL && slot->lazy) {
        return sow__fail(
            err, SOW_ERROR_RUNTIME,
            "Can't access the shape of an uninitialized parameter or buffer. This error usually "
            "happens in `load_state_dict` when trying to load an uninitialized parameter into an "
            "initialized one. Call `forward` to initialize the parameters before accessing their "
            "attributes.");
    }
    const sow_module *all = sow_module_get(module, "parametrizations");
    if (all != NULL && sow__module_own_child(all, name, strlen(name)) != NULL) {
        return sow__fail(err, SOW_ERROR_UNSUPPORTED, "'%s' is parametrized already", name);
    }
    if (slot != NULL && sow__dtype_is_complex(sow_tensor_dtype(slot->tensor))) {
        return sow__fail(err, SOW_ERROR_UNSUPPORTED, "'%s' is complex: no parametrization of it",
                         name);
    }
    return SOW_OK;
}

bool sow__is_readable(const sow_tensor *tensor)
{
    return tensor->storage->device == SOW_CPU || sow__view_has_values(tensor);
}

sow_tensor *sow__values_of(const sow_tensor *view, sow_dtype dtype, sow_error *err)
{
    sow_tensor *values =
        sow_empty(dtype, sow_tensor_n_dims(view), sow_tensor_sizes(view), SOW_CPU, err);
    if (values != NULL && sow_tensor_copy(values, view, err) != SOW_OK) {
        sow_tensor_free(values);
        return NULL;
    }
    return values;
}

sow_tensor *sow__dim_to_front(const sow_tensor *tensor, int dim, sow_error *err)
{
    int dims[SOW_MAX_DIMS];
    dims[0] = dim;
    for (int i = 1; i < sow_tensor_n_dims(tensor); i++) {
        dims[i] = i - 1 < dim ? i - 1 : i;
    }
    return sow_tensor_permute(tensor, dims, err);
}

sow_tensor *sow__empty_beside(const sow_tensor *tensor, int n_dims, const int64_t *sizes,
                              sow_error *err)
{
    sow_device device = sow_tensor_device(tensor);
    if (device == SOW_DEFERRED && sow__is_readable(tensor)) {
        device = SOW_CPU;
    }
    return sow_empty(sow_tensor_dtype(tensor), n_dims, sizes, device, err);
}

sow_status sow__draw_normal(sow_tensor *tensor, const char *initializer, sow_generator *generator,
                            sow_error *err)
{
    const sow__fill fill = {.kind = SOW__FILL_NORMAL, .initializer = initializer, .std = 1.0};
    return sow__fill_apply(&fill, tensor, generator, err);
}

/* ---- changing ---- */

char *sow__suffixed(const char *name, const char *suffix, sow_error *err)
{
    const size_t n_bytes = strlen(name) + strlen(suffix) + 1;
    char *text = malloc(n_bytes);
    if (text == NULL) {
        sow__fail_memory(err, n_bytes);
        return NULL;
    }
    snprintf(text, n_bytes, "%s%s", name, suffix);
    return text;
}

static sow_tensor *take_from(sow__slots *slots, const char *name)
{
    for (size_t i = 0; i < slots->n_items; i++) {
        sow__slot *slot = &slots->items[i];
        if (strcmp(slot->name, name) == 0) {
            sow_tensor *tensor = slot->tensor;
            free(slot->name);
            memmove(slot, slot + 1, (slots->n_items - i - 1) * sizeof *slot);
            slots->n_items--;
            return tensor;
        }
    }
    return NULL;
}

sow_tensor *sow__take_slot(sow_module *module, const char *name, bool *is_parameter)
{
    sow_tensor *tensor = take_from(&module->parameters, name);
    *is_parameter = tensor != NULL;
    return tensor != NULL ? tensor : take_from(&module->buffers, name);
}

void sow__forget_reset(sow_module *module)
{
    module->class = NULL;
    module->reset = NULL;
}

static sow_status register_as(sow_module *module, const char *name, sow_tensor *tensor,
                              bool is_parameter, sow_error *err)
{
    return is_parameter ? sow_module_register_parameter(module, name, tensor, err)
                        : sow_module_register_buffer(module, name, tensor, true, err);
}

/* The module that holds what parametrizes one tensor; with's modules and tensors are taken. */
static sow_module *make_list(sow_tensor *original, bool is_parameter, sow__parametrization *with,
                             sow_error *err)
{
    sow_module *list = sow_module_new("ParametrizationList", err);
    sow_module *step = with->step;
    sow_tensor *first = with->first;
    *with = (sow__parametrization){.first = NULL};
    if (list == NULL) {
        sow_module_free(step);
        sow_tensor_free(first);
        sow_tensor_free(original);
        return NULL;
    }
    sow_status status = sow_module_register_module(list, "0", step, err);
    if (first != NULL && status == SOW_OK) {
        status = register_as(list, "original0", first, is_parameter, err);
    } else {
        sow_tensor_free(first);
        first = NULL;
    }
    if (status == SOW_OK) {
        status = register_as(list, first != NULL ? "original1" : "original", original, is_parameter,
                             err);
    } else {
        sow_tensor_free(original);
    }
    if (status != SOW_OK) {
        sow_module_free(list);
        return NULL;
    }
    return list;
}

/* module.parametrizations, made when it is not there: the class changes its name then. */
static sow_module *lists_of(sow_module *module, sow_error *err)
{
    sow_module *lists = sow_module_get(module, "parametrizations");
    if (lists != NULL) {
        return lists;
    }
    static const char prefix[] = "Parametrized";
    const size_t n_bytes = sizeof prefix + strlen(module->type);
    char *type = malloc(n_bytes);
    if (type == NULL) {
        sow__fail_memory(err, n_bytes);
        return NULL;
    }
    if (sow_module_register_module(module, "parametrizations", sow_module_new("ModuleDict", err),
                                   err) != SOW_OK) {
        free(type);
        return NULL;
    }
    snprintf(type, n_bytes, "%s%s", prefix, module->type);
    free(module->type);
    module->type = type;
    return sow_module_get(module, "parametrizations");
}

sow_status sow__parametrize_register(sow_module *module, const char *name,
                                     sow__parametrization *with, sow_error *err)
{
    sow_error own = {.status = SOW_OK};
    sow_error *why = err == NULL ? &own : err;
    sow__slot *slot = sow__parametrize_slot(module, name);
    const bool is_parameter = slot >= module->parameters.items &&
                              slot < module->parameters.items + module->parameters.n_items;
    sow_module *list = make_list(sow_tensor_ref(slot->tensor), is_parameter, with, why);
    sow_module *lists = list == NULL ? NULL : lists_of(module, why);
    if (lists == NULL) {
        sow_module_free(list);
        return why->status;
    }
    const sow_status status = sow_module_register_module(lists, name, list, why);
    if (status == SOW_OK) {
        bool was_parameter;
        sow_tensor_free(sow__take_slot(module, name, &was_parameter));
        sow__forget_reset(module);
    }
    return status;
}
