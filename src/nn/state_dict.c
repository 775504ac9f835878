/* An ordered list of named tensors, and the versions of the modules they come from.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/state_dict.h"

#include "base/error.h"
#include "nn/module.h"
#include "tensor/tensor.h"

#include <stdlib.h>
#include <string.h>

typedef struct sow__named {
    char *name;
    sow_tensor *tensor; /* of the tensors alone */
    int version;        /* of the modules alone */
} sow__named;

/* Zero is the empty list. */
typedef struct sow__entries {
    sow__array array;
    sow__names names;
} sow__entries;

struct sow_state_dict {
    sow__entries tensors, modules;
};

/* ---- names ---- */

/* NULL past the end. */
static sow__named *at(const sow__entries *entries, size_t index)
{
    return index < entries->array.n_items ? (sow__named *)entries->array.items + index : NULL;
}

static const sow__named *find(const sow__entries *entries, const char *name)
{
    return sow__names_find(&entries->names, &entries->array, name, strlen(name));
}

/* A new item of a name that is not there; NULL after filling *err. */
static sow__named *append(sow__entries *entries, const char *name, sow_error *err)
{
    entries->array.item_bytes = sizeof(sow__named);
    return sow__names_append(&entries->names, &entries->array, name, err);
}

static void clear(sow__entries *entries)
{
    for (size_t i = 0; i < entries->array.n_items; i++) {
        free(at(entries, i)->name);
        sow_tensor_free(at(entries, i)->tensor);
    }
    free(entries->array.items);
    sow__names_clear(&entries->names);
}

/* ---- the list ---- */

sow_state_dict *sow_state_dict_new(sow_error *err)
{
    sow_state_dict *state = calloc(1, sizeof *state);
    if (state == NULL) {
        sow__fail_memory(err, sizeof *state);
    }
    return state;
}

void sow_state_dict_free(sow_state_dict *state)
{
    if (state != NULL) {
        clear(&state->tensors);
        clear(&state->modules);
        free(state);
    }
}

sow_status sow_state_dict_add(sow_state_dict *state, const char *name, sow_tensor *tensor,
                              sow_error *err)
{
    if (name == NULL) {
        return sow__fail(err, SOW_ERROR_VALUE, "the name of a tensor is NULL");
    }
    if (tensor == NULL) {
        return sow__fail_missing("tensor", name, err);
    }
    if (find(&state->tensors, name) != NULL) {
        return sow__fail(err, SOW_ERROR_VALUE, "the name '%s' is there already", name);
    }
    sow__named *item = append(&state->tensors, name, err);
    if (item == NULL) {
        return SOW_ERROR_MEMORY;
    }
    item->tensor = sow_tensor_ref(tensor);
    return SOW_OK;
}

size_t sow_state_dict_count(const sow_state_dict *state)
{
    return state->tensors.array.n_items;
}

const char *sow_state_dict_name(const sow_state_dict *state, size_t index)
{
    const sow__named *item = at(&state->tensors, index);
    return item == NULL ? NULL : item->name;
}

sow_tensor *sow_state_dict_tensor(const sow_state_dict *state, size_t index)
{
    const sow__named *item = at(&state->tensors, index);
    return item == NULL ? NULL : item->tensor;
}

sow_tensor *sow_state_dict_find(const sow_state_dict *state, const char *name)
{
    const sow__named *item = find(&state->tensors, name);
    return item == NULL ? NULL : item->tensor;
}

/* ---- versions ---- */

sow_status sow__state_dict_set_version(sow_state_dict *state, const char *path, int version,
                                       sow_error *err)
{
    sow__named *item = append(&state->modules, path, err);
    if (item == NULL) {
        return SOW_ERROR_MEMORY;
    }
    item->version = version;
    return SOW_OK;
}

int sow__state_dict_version(const sow_state_dict *state, const char *path)
{
    const sow__named *item = find(&state->modules, path);
    return item == NULL ? 0 : item->version;
}
