/* Arrays of named items: one by one while they are short, then with a hash table over the names.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/names.h"

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Up to so many names are compared as fast as one is hashed, and most modules have no more. */
#define MOST_COMPARED 16

static void *item_at(const sow__array *array, size_t index)
{
    return (char *)array->items + index * array->item_bytes;
}

static const char *name_at(const sow__array *array, size_t index)
{
    return *(char *const *)item_at(array, index);
}

static bool is_named(const sow__array *array, size_t index, const char *name, size_t n_name)
{
    const char *whole = name_at(array, index);
    return strncmp(whole, name, n_name) == 0 && whole[n_name] == '\0';
}

/* ---- the table ---- */

/* FNV-1a. */
static size_t hash_of(const char *name, size_t n_name)
{
    uint64_t hash = 0xcbf29ce484222325U;
    for (size_t i = 0; i < n_name; i++) {
        hash = (hash ^ (unsigned char)name[i]) * 0x100000001b3U;
    }
    return (size_t)(hash ^ hash >> 32);
}

/* The slot that holds a name, or the free one where it belongs. */
static size_t *slot_of(const sow__names *names, const sow__array *array, const char *name,
                       size_t n_name)
{
    size_t at = hash_of(name, n_name) & (names->n_slots - 1);
    while (names->table[at] != 0 && !is_named(array, names->table[at] - 1, name, n_name)) {
        at = (at + 1) & (names->n_slots - 1);
    }
    return &names->table[at];
}

/* Makes the table anew for all items, with room for as many more. */
static bool build(sow__names *names, const sow__array *array)
{
    size_t n_slots = 4 * MOST_COMPARED;
    while (n_slots / 4 < array->n_items) {
        n_slots *= 2;
    }
    size_t *table = calloc(n_slots, sizeof *table);
    if (table == NULL) {
        return false;
    }
    free(names->table);
    *names = (sow__names){.table = table, .n_slots = n_slots, .n_names = array->n_items};
    for (size_t i = 0; i < array->n_items; i++) {
        const char *name = name_at(array, i);
        *slot_of(names, array, name, strlen(name)) = i + 1;
    }
    return true;
}

/* A table that knows every item and has room for one more, when the array is long enough for one;
 * the one that was there serves on failure. */
static bool reserve_name(sow__names *names, const sow__array *array)
{
    const bool serves = names->table != NULL && names->n_names == array->n_items &&
                        array->n_items < names->n_slots / 2;
    return array->n_items < MOST_COMPARED || serves || build(names, array);
}

static bool reserve_item(sow__array *array)
{
    if (array->n_items < array->capacity) {
        return true;
    }
    const size_t capacity = array->capacity == 0 ? 4 : array->capacity * 2;
    void *items = realloc(array->items, capacity * array->item_bytes);
    if (items == NULL) {
        return false;
    }
    array->items = items;
    array->capacity = capacity;
    return true;
}

/* ---- finding and adding ---- */

void *sow__names_find(const sow__names *names, const sow__array *array, const char *name,
                      size_t n_name)
{
    if (names->table != NULL && names->n_names == array->n_items) {
        const size_t number = *slot_of(names, array, name, n_name);
        return number == 0 ? NULL : item_at(array, number - 1);
    }
    for (size_t i = 0; i < array->n_items; i++) {
        if (is_named(array, i, name, n_name)) {
            return item_at(array, i);
        }
    }
    return NULL;
}

void *sow__names_append(sow__names *names, sow__array *array, const char *name, sow_error *err)
{
    const size_t n_name = strlen(name);
    char *copy = strdup(name);
    if (copy == NULL || !reserve_item(array) || !reserve_name(names, array)) {
        free(copy);
        sow__fail_memory(err, n_name + 1);
        return NULL;
    }
    if (array->n_items >= MOST_COMPARED) {
        *slot_of(names, array, copy, n_name) = array->n_items + 1;
        names->n_names++;
    }
    void *item = item_at(array, array->n_items++);
    memset(item, 0, array->item_bytes);
    *(char **)item = copy;
    return item;
}

void sow__names_clear(sow__names *names)
{
    free(names->table);
    *names = (sow__names){0};
}
