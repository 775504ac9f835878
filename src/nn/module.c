/* The module tree: registration, paths, tying, apply, state_dict.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/module.h"

#include "base/dtype.h"
#include "base/error.h"
#include "tensor/tensor.h"

#include <stdlib.h>
#include <string.h>

/* Room for one more item in a growing array; false when there is no memory. */
static bool reserve_one(void **items, size_t *capacity, size_t n_items, size_t item_bytes)
{
    if (n_items < *capacity) {
        return true;
    }
    size_t grown = *capacity == 0 ? 4 : *capacity * 2;
    void *moved = realloc(*items, grown * item_bytes);
    if (moved == NULL) {
        return false;
    }
    *items = moved;
    *capacity = grown;
    return true;
}

static sow__slot *find_slot(const sow__slots *slots, const char *name, size_t n_name)
{
    for (size_t i = 0; i < slots->n_items; i++) {
        if (strncmp(slots->items[i].name, name, n_name) == 0 &&
            slots->items[i].name[n_name] == '\0') {
            return &slots->items[i];
        }
    }
    return NULL;
}

static sow_module *find_child(const sow_module *module, const char *name, size_t n_name)
{
    for (size_t i = 0; i < module->n_children; i++) {
        if (strncmp(module->children[i].name, name, n_name) == 0 &&
            module->children[i].name[n_name] == '\0') {
            return module->children[i].module;
        }
    }
    return NULL;
}

static void free_slots(sow__slots *slots)
{
    for (size_t i = 0; i < slots->n_items; i++) {
        free(slots->items[i].name);
        sow_tensor_free(slots->items[i].tensor);
    }
    free(slots->items);
}

sow_module *sow_module_new(const char *type, sow_error *err)
{
    sow_module *module = calloc(1, sizeof *module);
    char *copy = module == NULL ? NULL : strdup(type);
    if (copy == NULL) {
        free(module);
        sow__fail_memory(err, sizeof *module);
        return NULL;
    }
    module->type = copy;
    module->padding_idx = SOW_NO_PADDING_IDX;
    return module;
}

void sow_module_free(sow_module *module)
{
    if (module == NULL) {
        return;
    }
    for (size_t i = 0; i < module->n_children; i++) {
        free(module->children[i].name);
        sow_module_free(module->children[i].module);
    }
    free(module->children);
    free_slots(&module->parameters);
    free_slots(&module->buffers);
    free(module->type);
    free(module);
}

const char *sow_module_type(const sow_module *module)
{
    return module->type;
}

/* ---- registration
 * ------------------------------------------------------------------------------------------ */

static sow_status check_name(const sow_module *module, const char *what, const char *name,
                             sow_error *err)
{
    if (name == NULL || name[0] == '\0') {
        return sow__fail(err, SOW_ERROR_VALUE, "%s name can't be empty string \"\"", what);
    }
    if (strchr(name, '.') != NULL) {
        return sow__fail(err, SOW_ERROR_VALUE, "%s name can't contain \".\", got: %s", what, name);
    }
    const size_t n_name = strlen(name);
    if (find_slot(&module->parameters, name, n_name) != NULL ||
        find_slot(&module->buffers, name, n_name) != NULL ||
        find_child(module, name, n_name) != NULL) {
        return sow__fail(err, SOW_ERROR_VALUE, "attribute '%s' already exists", name);
    }
    return SOW_OK;
}

/* What a registration of NULL returns: the failure of the constructor that gave it. */
static sow_status fail_missing(const char *what, const char *name, sow_error *err)
{
    if (err != NULL && err->status != SOW_OK) {
        return err->status;
    }
    return sow__fail(err, SOW_ERROR_VALUE, "%s '%s' is NULL", what, name);
}

static sow_status add_slot(sow__slots *slots, const char *name, sow_tensor *tensor, bool persistent,
                           sow_error *err)
{
    char *copy = strdup(name);
    void *items = slots->items;
    if (copy == NULL ||
        !reserve_one(&items, &slots->capacity, slots->n_items, sizeof *slots->items)) {
        free(copy);
        sow_tensor_free(tensor);
        return sow__fail_memory(err, sizeof *slots->items);
    }
    slots->items = items;
    slots->items[slots->n_items++] =
        (sow__slot){.name = copy, .tensor = tensor, .persistent = persistent};
    return SOW_OK;
}

sow_status sow_module_register_parameter(sow_module *module, const char *name, sow_tensor *tensor,
                                         sow_error *err)
{
    if (tensor == NULL) {
        return fail_missing("parameter", name, err);
    }
    const sow_status status = check_name(module, "parameter", name, err);
    if (status != SOW_OK) {
        sow_tensor_free(tensor);
        return status;
    }
    return add_slot(&module->parameters, name, tensor, true, err);
}

sow_status sow_module_register_buffer(sow_module *module, const char *name, sow_tensor *tensor,
                                      bool persistent, sow_error *err)
{
    if (tensor == NULL) {
        return fail_missing("buffer", name, err);
    }
    const sow_status status = check_name(module, "buffer", name, err);
    if (status != SOW_OK) {
        sow_tensor_free(tensor);
        return status;
    }
    return add_slot(&module->buffers, name, tensor, persistent, err);
}

sow_status sow_module_register_module(sow_module *module, const char *name, sow_module *child,
                                      sow_error *err)
{
    if (child == NULL) {
        return fail_missing("module", name, err);
    }
    const sow_status status = check_name(module, "module", name, err);
    if (status != SOW_OK) {
        sow_module_free(child);
        return status;
    }
    char *copy = strdup(name);
    void *items = module->children;
    if (copy == NULL || !reserve_one(&items, &module->child_capacity, module->n_children,
                                     sizeof *module->children)) {
        free(copy);
        sow_module_free(child);
        return sow__fail_memory(err, sizeof *module->children);
    }
    module->children = items;
    module->children[module->n_children++] = (sow__child){.name = copy, .module = child};
    return SOW_OK;
}

const sow_factory *sow__factory_or_default(const sow_factory *factory)
{
    static const sow_factory defaults = {.device = SOW_CPU, .dtype = SOW_F32, .generator = NULL};
    return factory == NULL ? &defaults : factory;
}

sow_status sow__module_add_parameter(sow_module *module, const char *name, int n_dims,
                                     const int64_t *sizes, const sow_factory *factory,
                                     sow_error *err)
{
    sow_error own = {.status = SOW_OK};
    sow_error *why = err == NULL ? &own : err;
    sow_tensor *tensor = sow_empty(factory->dtype, n_dims, sizes, factory->device, why);
    if (tensor == NULL) {
        return why->status;
    }
    if (!sow__dtype_is_float(factory->dtype) && !sow__dtype_is_complex(factory->dtype)) {
        sow_tensor_free(tensor);
        return sow__fail(err, SOW_ERROR_RUNTIME,
                         "Only Tensors of floating point and complex dtype can require gradients");
    }
    return sow_module_register_parameter(module, name, tensor, err);
}

/* ---- paths
 * -------------------------------------------------------------------------------------------------
 */

/* Walks all but the last part of a dotted path; *last is that part. NULL when a module on the way
 * is missing. */
static const sow_module *walk(const sow_module *module, const char *path, const char **last)
{
    for (const char *dot; module != NULL && (dot = strchr(path, '.')) != NULL; path = dot + 1) {
        module = find_child(module, path, (size_t)(dot - path));
    }
    *last = path;
    return module;
}

static sow__slot *slot_at(const sow_module *module, const char *path)
{
    const char *name;
    const sow_module *owner = walk(module, path, &name);
    if (owner == NULL) {
        return NULL;
    }
    sow__slot *slot = find_slot(&owner->parameters, name, strlen(name));
    return slot != NULL ? slot : find_slot(&owner->buffers, name, strlen(name));
}

sow_tensor *sow_module_tensor(const sow_module *module, const char *path)
{
    const sow__slot *slot = slot_at(module, path);
    return slot == NULL ? NULL : slot->tensor;
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
    return owner == NULL ? NULL : find_child(owner, name, strlen(name));
}

sow_status sow__module_set_tensor(sow_module *module, const char *path, sow_tensor *tensor,
                                  sow_error *err)
{
    sow__slot *slot = slot_at(module, path);
    if (slot == NULL) {
        sow_tensor_free(tensor);
        return sow__fail(err, SOW_ERROR_NOT_FOUND, "%s has no parameter or buffer '%s'",
                         module->type, path);
    }
    sow_tensor_free(slot->tensor);
    slot->tensor = tensor;
    return SOW_OK;
}

sow_status sow_module_tie(sow_module *module, const char *target, const char *source,
                          sow_error *err)
{
    sow_tensor *shared = sow_module_tensor(module, source);
    if (shared == NULL) {
        return sow__fail(err, SOW_ERROR_NOT_FOUND, "%s has no parameter or buffer '%s'",
                         module->type, source);
    }
    return sow__module_set_tensor(module, target, sow__tensor_ref(shared), err);
}

sow_module *sow_module_child(const sow_module *module, size_t index)
{
    return index < module->n_children ? module->children[index].module : NULL;
}

const char *sow_module_child_name(const sow_module *module, size_t index)
{
    return index < module->n_children ? module->children[index].name : NULL;
}

/* ---- walks
 * -------------------------------------------------------------------------------------------------
 */

sow_status sow_module_apply(sow_module *module, sow_module_fn fn, void *user, sow_error *err)
{
    for (size_t i = 0; i < module->n_children; i++) {
        const sow_status status = sow_module_apply(module->children[i].module, fn, user, err);
        if (status != SOW_OK) {
            return status;
        }
    }
    return fn(module, user, err);
}

/* A dotted name that grows and shrinks while a tree is walked. */
typedef struct sow__path {
    char *text;
    size_t n_text, capacity;
} sow__path;

/* Appends a part, with a dot before it when something stands there. */
static bool path_push(sow__path *path, const char *part)
{
    const size_t n_part = strlen(part);
    const size_t needed = path->n_text + n_part + 2;
    if (needed > path->capacity) {
        char *moved = realloc(path->text, needed * 2);
        if (moved == NULL) {
            return false;
        }
        path->text = moved;
        path->capacity = needed * 2;
    }
    if (path->n_text > 0) {
        path->text[path->n_text++] = '.';
    }
    memcpy(path->text + path->n_text, part, n_part + 1);
    path->n_text += n_part;
    return true;
}

static sow_status add_slots(sow_state_dict *state, const sow__slots *slots, sow__path *path,
                            sow_error *err)
{
    const size_t n_text = path->n_text;
    for (size_t i = 0; i < slots->n_items; i++) {
        if (!slots->items[i].persistent) {
            continue;
        }
        if (!path_push(path, slots->items[i].name)) {
            return sow__fail_memory(err, path->capacity);
        }
        const sow_status status =
            sow_state_dict_add(state, path->text, slots->items[i].tensor, err);
        path->n_text = n_text;
        if (status != SOW_OK) {
            return status;
        }
    }
    return SOW_OK;
}

static sow_status collect(sow_state_dict *state, const sow_module *module, sow__path *path,
                          sow_error *err)
{
    const size_t n_text = path->n_text;
    sow_status status = add_slots(state, &module->parameters, path, err);
    if (status == SOW_OK) {
        status = add_slots(state, &module->buffers, path, err);
    }
    for (size_t i = 0; status == SOW_OK && i < module->n_children; i++) {
        status = path_push(path, module->children[i].name)
                     ? collect(state, module->children[i].module, path, err)
                     : sow__fail_memory(err, path->capacity);
        path->n_text = n_text;
    }
    return status;
}

sow_state_dict *sow_module_state_dict(const sow_module *module, sow_error *err)
{
    sow_state_dict *state = sow_state_dict_new(err);
    if (state == NULL) {
        return NULL;
    }
    sow__path path = {.text = NULL};
    const sow_status status = collect(state, module, &path, err);
    free(path.text);
    if (status != SOW_OK) {
        sow_state_dict_free(state);
        return NULL;
    }
    return state;
}
