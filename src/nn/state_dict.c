/* An ordered list of named tensors with a hash table over the names.
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
typedef struct sow__names {
    sow__named *items;
    size_t n_items, capacity;
    size_t *table; /* item number + 1, 0: free; n_slots is a power of two, at most half is used */
    size_t n_slots;
} sow__names;

struct sow_state_dict {
    sow__names tensors, modules;
};

/* ---- names ---- */

/* FNV-1a. */
static size_t hash_of(const char *name)
{
    uint64_t hash = 0xcbf29ce484222325U;
    for (; *name != '\0'; name++) {
        hash = (hash ^ (unsigned char)*name) * 0x100000001b3U;
    }
    return (size_t)(hash ^ hash >> 32);
}

/* The slot that holds a name, or the free one where it belongs. */
static size_t *slot_of(const sow__names *names, const char *name)
{
    size_t at = hash_of(name) & (names->n_slots - 1);
    while (names->table[at] != 0 && strcmp(names->items[names->table[at] - 1].name, name) != 0) {
        at = (at + 1) & (names->n_slots - 1);
    }
    return &names->table[at];
}

/* Twice the room; the list is as it was on failure. */
static bool grow(sow__names *names)
{
    const size_t capacity = names->capacity == 0 ? 32 : names->capacity * 2;
    sow__named *items = realloc(names->items, capacity * sizeof *items);
    if (items == NULL) {
        return false;
    }
    names->items = items;
    size_t *table = calloc(capacity * 2, sizeof *table);
    if (table == NULL) {
        return false;
    }
    free(names->table);
    names->table = table;
    names->n_slots = capacity * 2;
    names->capacity = capacity;
    for (size_t i = 0; i < names->n_items; i++) {
        *slot_of(names, items[i].name) = i + 1;
    }
    return true;
}

static const sow__named *find(const sow__names *names, const char *name)
{
    if (names->n_items == 0) {
        return NULL;
    }
    const size_t *slot = slot_of(names, name);
    return *slot == 0 ? NULL : &names->items[*slot - 1];
}

/* A new item of a name that is not there; NULL after filling *err. */
static sow__named *append(sow__names *names, const char *name, sow_error *err)
{
    char *copy = strdup(name);
    if (copy == NULL || (names->n_items == names->capacity && !grow(names))) {
        free(copy);
        sow__fail_memory(err, strlen(name) + 1);
        return NULL;
    }
    size_t *slot = slot_of(names, copy);
    sow__named *item = &names->items[names->n_items];
    *item = (sow__named){.name = copy};
    *slot = ++names->n_items;
    return item;
}

static void clear(sow__names *names)
{
    for (size_t i = 0; i < names->n_items; i++) {
        free(names->items[i].name);
        sow_tensor_free(names->items[i].tensor);
    }
    free(names->items);
    free(names->table);
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
    return state->tensors.n_items;
}

const char *sow_state_dict_name(const sow_state_dict *state, size_t index)
{
    return index < state->tensors.n_items ? state->tensors.items[index].name : NULL;
}

sow_tensor *sow_state_dict_tensor(const sow_state_dict *state, size_t index)
{
    return index < state->tensors.n_items ? state->tensors.items[index].tensor : NULL;
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
