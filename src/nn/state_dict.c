/* An ordered list of named tensors with a hash table over the names.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/state_dict.h"

#include "base/error.h"
#include "tensor/tensor.h"

#include <stdlib.h>
#include <string.h>

typedef struct sow__named {
    char *name;
    sow_tensor *tensor;
} sow__named;

struct sow_state_dict {
    sow__named *items;
    size_t n_items, capacity;
    size_t *table; /* item number + 1, 0: free; n_slots is a power of two, at most half is used */
    size_t n_slots;
    bool versioned;
};

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
static size_t *slot_of(const sow_state_dict *state, const char *name)
{
    size_t at = hash_of(name) & (state->n_slots - 1);
    while (state->table[at] != 0 && strcmp(state->items[state->table[at] - 1].name, name) != 0) {
        at = (at + 1) & (state->n_slots - 1);
    }
    return &state->table[at];
}

/* Twice the room; the list is as it was on failure. */
static bool grow(sow_state_dict *state)
{
    const size_t capacity = state->capacity == 0 ? 32 : state->capacity * 2;
    sow__named *items = realloc(state->items, capacity * sizeof *items);
    if (items == NULL) {
        return false;
    }
    state->items = items;
    size_t *table = calloc(capacity * 2, sizeof *table);
    if (table == NULL) {
        return false;
    }
    free(state->table);
    state->table = table;
    state->n_slots = capacity * 2;
    state->capacity = capacity;
    for (size_t i = 0; i < state->n_items; i++) {
        *slot_of(state, items[i].name) = i + 1;
    }
    return true;
}

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
    if (state == NULL) {
        return;
    }
    for (size_t i = 0; i < state->n_items; i++) {
        free(state->items[i].name);
        sow_tensor_free(state->items[i].tensor);
    }
    free(state->items);
    free(state->table);
    free(state);
}

sow_status sow_state_dict_add(sow_state_dict *state, const char *name, sow_tensor *tensor,
                              sow_error *err)
{
    if (sow_state_dict_find(state, name) != NULL) {
        return sow__fail(err, SOW_ERROR_VALUE, "the name '%s' is there already", name);
    }
    char *copy = strdup(name);
    if (copy == NULL || (state->n_items == state->capacity && !grow(state))) {
        free(copy);
        return sow__fail_memory(err, strlen(name) + 1);
    }
    size_t *slot = slot_of(state, copy);
    state->items[state->n_items] = (sow__named){.name = copy, .tensor = sow__tensor_ref(tensor)};
    *slot = ++state->n_items;
    return SOW_OK;
}

void sow__state_dict_set_versioned(sow_state_dict *state)
{
    state->versioned = true;
}

bool sow__state_dict_is_versioned(const sow_state_dict *state)
{
    return state->versioned;
}

size_t sow_state_dict_count(const sow_state_dict *state)
{
    return state->n_items;
}

const char *sow_state_dict_name(const sow_state_dict *state, size_t index)
{
    return state->items[index].name;
}

sow_tensor *sow_state_dict_tensor(const sow_state_dict *state, size_t index)
{
    return state->items[index].tensor;
}

sow_tensor *sow_state_dict_find(const sow_state_dict *state, const char *name)
{
    if (state->n_items == 0) {
        return NULL;
    }
    const size_t *slot = slot_of(state, name);
    return *slot == 0 ? NULL : state->items[*slot - 1].tensor;
}
