/* Arrays of named items, and finding an item by its name.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_NN_NAMES_H
#define SOW_NN_NAMES_H

#include <sow/error.h>

#include <stddef.h>

/* Items of any struct that begins with its name: a char * that the array owns. */
typedef struct sow__array {
    void *items;
    size_t n_items, capacity, item_bytes;
} sow__array;

/* A hash table over the names of an array; zero is the one of every array that is short. It serves
 * while it knows as many names as there are items. Who takes an item out, or makes an array of
 * their own, has nothing to do here: names are then compared one by one until the next is added. */
typedef struct sow__names {
    size_t *table; /* item number + 1, 0: free; n_slots is a power of two, at most half is used */
    size_t n_slots, n_names;
} sow__names;

/* The item of a name of n_name bytes; NULL when there is none. */
void *sow__names_find(const sow__names *names, const sow__array *array, const char *name,
                      size_t n_name);

/* A new last item, zero but for a copy of a name that is not there; NULL after filling *err, and
 * then the array holds what it held, perhaps at another address. */
void *sow__names_append(sow__names *names, sow__array *array, const char *name, sow_error *err);

void sow__names_clear(sow__names *names);

#endif
