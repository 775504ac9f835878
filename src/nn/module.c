/* The module tree: making modules, paths, tying.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/class.h"

#include "base/dtype.h"
#include "base/error.h"
#include "tensor/tensor.h"

#include <stdlib.h>
#include <string.h>

sow__slot *sow__slots_find(const sow__slots *slots, const char *name, size_t n_name)
{
    const sow__array array = {
        .items = slots->items, .n_items = slots->n_items, .item_bytes = sizeof *slots->items};
    return sow__names_find(&slots->names, &array, name, n_name);
}

sow__child *sow__module_find_child(const sow_module *module, const char *name, size_t n_name)
{
    const sow__array array = {.items = module->children,
                              .n_items = module->n_children,
                              .item_bytes = sizeof *module->children};
    return sow__names_find(&module->child_names, &array, name, n_name);
}

static void free_slots(sow__slots *slots)
{
    for (size_t i = 0; i < slots->n_items; i++) {
        free(slots->items[i].name);
        sow_tensor_free(slots->items[i].tensor);
    }
    free(slots->items);
    sow__names_clear(&slots->names);
}

/* ---- making ---- */

sow_module *sow_module_new(const char *type, sow_error *err)
{
    if (type == NULL) {
        sow__fail(err, SOW_ERROR_VALUE, "the type of a module is NULL");
        return NULL;
    }
    sow_module *module = calloc(1, sizeof *module);
    char *copy = module == NULL ? NULL : strdup(type);
    if (copy == NULL) {
        free(module);
        sow__fail_memory(err, sizeof *module);
        return NULL;
    }
    module->n_refs = 1;
    module->type = copy;
    module->padding_idx = SOW_NO_PADDING_IDX;
    return module;
}

static void *keep(sow__kept *kept, size_t n_bytes, sow_error *err)
{
    kept->bytes = calloc(1, n_bytes);
    if (kept->bytes == NULL) {
        sow__fail_memory(err, n_bytes);
        return NULL;
    }
    kept->n_bytes = n_bytes;
    return kept->bytes;
}

void *sow__module_new_state(sow_module *module, size_t n_bytes, sow_error *err)
{
    return keep(&module->state, n_bytes, err);
}

sow_status sow__kept_copy(sow__kept *to, const sow__kept *from, sow_error *err)
{
    if (from->bytes == NULL) {
        return SOW_OK;
    }
    if (keep(to, from->n_bytes, err) == NULL) {
        return SOW_ERROR_MEMORY;
    }
    memcpy(to->bytes, from->bytes, from->n_bytes);
    return SOW_OK;
}

void *sow_module_new_data(sow_module *module, size_t n_bytes, sow_error *err)
{
    if (n_bytes == 0 || module->data.bytes != NULL) {
        sow__fail(err, SOW_ERROR_VALUE,
                  n_bytes == 0 ? "%s: data of 0 bytes" : "%s has data already", module->type);
        return NULL;
    }
    return keep(&module->data, n_bytes, err);
}

void *sow_module_data(const sow_module *module)
{
    return module->data.bytes;
}

sow_module *sow_module_ref(sow_module *module)
{
    if (module != NULL) {
        module->n_refs++;
    }
    return module;
}

void sow_module_free(sow_module *module)
{
    if (module == NULL || --module->n_refs > 0) {
        return;
    }
    for (size_t i = 0; i < module->n_children; i++) {
        free(module->children[i].name);
        sow_module_free(module->children[i].module);
    }
    free(module->children);
    sow__names_clear(&module->child_names);
    free_slots(&module->parameters);
    free_slots(&module->buffers);
    free(module->state.bytes);
    free(module->data.bytes);
    free(module->type);
    free(module);
}

const char *sow_module_type(const sow_module *module)
{
    return module->type;
}

const sow_factory *sow__factory_or_default(const sow_factory *factory)
{
    static const sow_factory defaults = {.device = SOW_CPU, .dtype = SOW_F32, .generator = NULL};
    return factory == NULL ? &defaults : factory;
}

/* ---- registration by constructors ---- */

static sow_status add_new(sow_module *module, bool is_parameter, const char *name,
                          sow_tensor *tensor, sow_error *err)
{
    const sow_status status = is_parameter && tensor != NULL
                                  ? sow__dtype_check_gradients(tensor->storage->dtype, err)
                                  : SOW_OK;
    if (status != SOW_OK) {
        sow_tensor_free(tensor);
        return status;
    }
    return is_parameter ? sow_module_register_parameter(module, name, tensor, err)
                        : sow_module_register_buffer(module, name, tensor, true, err);
}

sow_status sow__module_add_parameter(sow_module *module, const char *name, int n_dims,
                                     const int64_t *sizes, const sow_factory *factory,
                                     sow_error *err)
{
    sow_error own = {.status = SOW_OK};
    sow_error *why = err == NULL ? &own : err;
    return add_new(module, true, name,
                   sow_empty(factory->dtype, n_dims, sizes, factory->device, why), why);
}

sow_status sow__module_add_buffer(sow_module *module, const char *name, sow_dtype dtype, int n_dims,
                                  const int64_t *sizes, const sow_factory *factory, sow_error *err)
{
    sow_error own = {.status = SOW_OK};
    sow_error *why = err == NULL ? &own : err;
    return add_new(module, false, name, sow_empty(dtype, n_dims, sizes, factory->device, why), why);
}

/* ---- lazy tensors ---- */

sow_status sow__module_add_lazy(sow_module *module, const char *name, bool is_parameter,
                                const sow_factory *factory, sow_error *err)
{
    static const int64_t none = 0;
    const sow_status status =
        is_parameter ? sow__module_add_parameter(module, name, 1, &none, factory, err)
                     : sow__module_add_buffer(module, name, factory->dtype, 1, &none, factory, err);
    if (status == SOW_OK) {
        sow__module_own_slot(module, name)->lazy = true;
    }
    return status;
}

sow_status sow__module_set_lazy(sow_module *module, const char *name, int n_dims,
                                const int64_t *sizes, sow_error *err)
{
    sow__slot *slot = sow__module_own_slot(module, name);
    sow_error own = {.status = SOW_OK};
    sow_error *why = err == NULL ? &own : err;
    sow_tensor *tensor = sow_empty(sow_tensor_dtype(slot->tensor), n_dims, sizes,
                                   sow_tensor_device(slot->tensor), why);
    if (tensor == NULL) {
        return why->status;
    }
    sow_tensor_free(slot->tensor);
    slot->tensor = tensor;
    slot->lazy = false;
    return SOW_OK;
}

sow_status sow__fail_lazy(const char *name, sow_error *err)
{
    return sow__fail(err, SOW_ERROR_VALUE,
                     "Attempted to use an uninitialized parameter: %s belongs to a lazy module "
                     "whose shape is not known yet",
                     name);
}

/* ---- paths ---- */

/* Walks all but the last part of a dotted path; *last is that part. NULL when a module on the way
 * is missing. */
static const sow_module *walk(const sow_module *module, const char *path, const char **last)
{
    for (const char *dot; module != NULL && (dot = strchr(path, '.')) != NULL; path = dot + 1) {
        module = sow__module_own_child(module, path, (size_t)(dot - path));
    }
    *last = path;
    return module;
}

sow__slot *sow__module_own_slot(const sow_module *module, const char *name)
{
    sow__slot *slot = sow__slots_find(&module->parameters, name, strlen(name));
    return slot != NULL ? slot : sow__slots_find(&module->buffers, name, strlen(name));
}

sow_module *sow__module_own_child(const sow_module *module, const char *name, size_t n_name)
{
    const sow__child *child = sow__module_find_child(module, name, n_name);
    return child == NULL ? NULL : child->module;
}

static sow__slot *slot_at(const sow_module *module, const char *path)
{
    const char *name;
    const sow_module *owner = walk(module, path, &name);
    return owner == NULL ? NULL : sow__module_own_slot(owner, name);
}

sow_tensor *sow_module_tensor(const sow_module *module, const char *path)
{
    const sow__slot *slot = slot_at(module, path);
    return slot == NULL || slot->lazy ? NULL : slot->tensor;
}

sow_tensor *sow__module_own_tensor(const sow_module *module, const char *name)
{
    return strchr(name, '.') != NULL ? NULL : sow_module_tensor(module, name);
}

sow_module *sow_module_get(const sow_module *module, const char *path)
{
    if (path[0] == '\0') {
        return (sow_module *)module;
    }
    const char *name;
    const sow_module *owner = walk(module, path, &name);
    return owner == NULL ? NULL : sow__module_own_child(owner, name, strlen(name));
}

static sow_status fail_no_tensor(const sow_module *module, const char *path, sow_error *err)
{
    return sow__fail(err, SOW_ERROR_NOT_FOUND, "%s has no parameter or buffer '%s'", module->type,
                     path);
}

sow_status sow_module_set_tensor(sow_module *module, const char *path, sow_tensor *tensor,
                                 sow_error *err)
{
    if (tensor == NULL && err != NULL && err->status != SOW_OK) {
        return err->status;
    }
    sow__slot *slot = slot_at(module, path);
    if (slot == NULL) {
        sow_tensor_free(tensor);
        return fail_no_tensor(module, path, err);
    }
    sow_tensor_free(slot->tensor);
    slot->tensor = tensor;
    slot->lazy = false;
    return SOW_OK;
}

sow_status sow_module_tie(sow_module *module, const char *target, const char *source,
                          sow_error *err)
{
    sow_tensor *shared = sow_module_tensor(module, source);
    return shared == NULL ? fail_no_tensor(module, source, err)
                          : sow_module_set_tensor(module, target, sow_tensor_ref(shared), err);
}

/* ---- children ---- */

static const sow__child *child_at(const sow_module *module, size_t index)
{
    for (size_t i = 0; i < module->n_children; i++) {
        if (module->children[i].module != NULL && index-- == 0) {
            return &module->children[i];
        }
    }
    return NULL;
}

sow_module *sow_module_child(const sow_module *module, size_t index)
{
    const sow__child *child = child_at(module, index);
    return child == NULL ? NULL : child->module;
}

const char *sow_module_child_name(const sow_module *module, size_t index)
{
    const sow__child *child = child_at(module, index);
    return child == NULL ? NULL : child->name;
}

bool sow__module_is_first(const sow_module *module, size_t index)
{
    const sow_module *child = module->children[index].module;
    for (size_t i = 0; child->n_refs > 1 && i < index; i++) {
        if (module->children[i].module == child) {
            return false;
        }
    }
    return true;
}

/* ---- reset_parameters ---- */

void sow_module_set_reset(sow_module *module, sow_module_reset_fn reset)
{
    module->reset = reset;
}

sow_status sow_module_reset_parameters(sow_module *module, sow_generator *generator, sow_error *err)
{
    if (module->reset == NULL) {
        return sow__fail(err, SOW_ERROR_NOT_FOUND,
                         "'%s' object has no attribute 'reset_parameters'", module->type);
    }
    return module->reset(module, generator, err);
}
