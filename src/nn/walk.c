/* Walks over a module tree: apply, the named lists, state_dict.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/module.h"

#include "base/error.h"
#include "nn/running_norm.h"
#include "nn/state_dict.h"
#include "tensor/tensor.h"

#include <stdlib.h>
#include <string.h>

/* ---- dotted names ---- */

sow_status sow__path_push(sow__path *path, const char *part, sow_error *err)
{
    const size_t n_part = strlen(part);
    const size_t needed = path->n_text + n_part + 2;
    if (needed > path->capacity) {
        char *moved = realloc(path->text, needed * 2);
        if (moved == NULL) {
            return sow__fail_memory(err, needed * 2);
        }
        path->text = moved;
        path->capacity = needed * 2;
    }
    if (path->n_text > 0) {
        path->text[path->n_text++] = '.';
    }
    memcpy(path->text + path->n_text, part, n_part + 1);
    path->n_text += n_part;
    return SOW_OK;
}

void sow__path_cut(sow__path *path, size_t n_text)
{
    path->n_text = n_text;
    if (path->text != NULL) {
        path->text[n_text] = '\0';
    }
}

/* ---- sets of pointers ---- */

/* The slot that holds a key, or the free one where it belongs. At most half of them are used. */
static size_t place_of(const sow__seen *seen, const void *key)
{
    size_t at = (size_t)(((uint64_t)(uintptr_t)key * 0x9e3779b97f4a7c15U) >> 32);
    for (at &= seen->n_slots - 1; seen->keys[at] != NULL && seen->keys[at] != key;) {
        at = (at + 1) & (seen->n_slots - 1);
    }
    return at;
}

static bool seen_grow(sow__seen *seen)
{
    sow__seen larger = {.n_keys = seen->n_keys,
                        .n_slots = seen->n_slots == 0 ? 32 : seen->n_slots * 2};
    larger.keys = calloc(larger.n_slots, sizeof *larger.keys);
    larger.values = calloc(larger.n_slots, sizeof *larger.values);
    if (larger.keys == NULL || larger.values == NULL) {
        sow__seen_clear(&larger);
        return false;
    }
    for (size_t i = 0; i < seen->n_slots; i++) {
        if (seen->keys[i] != NULL) {
            const size_t at = place_of(&larger, seen->keys[i]);
            larger.keys[at] = seen->keys[i];
            larger.values[at] = seen->values[i];
        }
    }
    sow__seen_clear(seen);
    *seen = larger;
    return true;
}

sow_status sow__seen_add(sow__seen *seen, const void *key, void *value, bool *was_there,
                         sow_error *err)
{
    if (seen->n_keys * 2 >= seen->n_slots && !seen_grow(seen)) {
        return sow__fail_memory(err, seen->n_slots * 4 * sizeof *seen->keys);
    }
    const size_t at = place_of(seen, key);
    *was_there = seen->keys[at] != NULL;
    if (!*was_there) {
        seen->keys[at] = key;
        seen->values[at] = value;
        seen->n_keys++;
    }
    return SOW_OK;
}

void *sow__seen_value(const sow__seen *seen, const void *key)
{
    return seen->n_slots == 0 ? NULL : seen->values[place_of(seen, key)];
}

void sow__seen_clear(sow__seen *seen)
{
    free(seen->keys);
    free(seen->values);
    *seen = (sow__seen){0};
}

/* ---- apply ---- */

sow_status sow_module_apply(sow_module *module, sow_module_fn fn, void *user, sow_error *err)
{
    for (size_t i = 0; i < module->n_children; i++) {
        if (module->children[i].module == NULL || !sow__module_is_first(module, i)) {
            continue;
        }
        const sow_status status = sow_module_apply(module->children[i].module, fn, user, err);
        if (status != SOW_OK) {
            return status;
        }
    }
    return fn(module, user, err);
}

/* ---- named_modules and what is made of it ---- */

typedef struct sow__visit {
    sow_named_module_fn fn;
    void *user;
    sow__path path;
    sow__seen seen;
} sow__visit;

static sow_status visit_modules(sow__visit *visit, sow_module *module, sow_error *err)
{
    bool was_there = false;
    sow_status status = sow__seen_add(&visit->seen, module, NULL, &was_there, err);
    if (status != SOW_OK || was_there) {
        return status;
    }
    status = visit->fn(visit->path.text == NULL ? "" : visit->path.text, module, visit->user, err);
    const size_t n_text = visit->path.n_text;
    for (size_t i = 0; status == SOW_OK && i < module->n_children; i++) {
        if (module->children[i].module != NULL) {
            status = sow__path_push(&visit->path, module->children[i].name, err);
            if (status == SOW_OK) {
                status = visit_modules(visit, module->children[i].module, err);
            }
            sow__path_cut(&visit->path, n_text);
        }
    }
    return status;
}

sow_status sow_module_named_modules(sow_module *module, sow_named_module_fn fn, void *user,
                                    sow_error *err)
{
    sow__visit visit = {.fn = fn, .user = user};
    const sow_status status = visit_modules(&visit, module, err);
    free(visit.path.text);
    sow__seen_clear(&visit.seen);
    return status;
}

/* ---- lists of tensors ---- */

typedef struct sow__listing {
    sow_state_dict *list;
    sow__seen *seen; /* NULL: a tensor is listed under each of its names */
    bool buffers, hidden_too, detached, missing_alone;
    sow__path path;
} sow__listing;

/* Lists the tensor, or a second one over its elements. */
static sow_status add(const sow__listing *listing, sow_tensor *tensor, sow_error *err)
{
    if (!listing->detached) {
        return sow_state_dict_add(listing->list, listing->path.text, tensor, err);
    }
    sow_tensor *alias = sow__tensor_alias(tensor, SOW__FLAG_SHARED, err);
    const sow_status status =
        alias == NULL ? SOW_ERROR_MEMORY
                      : sow_state_dict_add(listing->list, listing->path.text, alias, err);
    sow_tensor_free(alias);
    return status;
}

static sow_status list_slot(sow__listing *listing, const sow__slot *slot, sow_error *err)
{
    bool was_there = false;
    const size_t n_text = listing->path.n_text;
    if (slot->tensor == NULL || (!slot->persistent && !listing->hidden_too)) {
        return SOW_OK;
    }
    sow_status status = sow__path_push(&listing->path, slot->name, err);
    if (status == SOW_OK && slot->lazy) {
        status = sow__fail_lazy(listing->path.text, err);
    }
    if (status == SOW_OK && listing->seen != NULL) {
        status = sow__seen_add(listing->seen, slot->tensor, NULL, &was_there, err);
    }
    if (status == SOW_OK && !was_there &&
        (!listing->missing_alone || sow__tensor_is_missing(slot->tensor))) {
        status = add(listing, slot->tensor, err);
    }
    sow__path_cut(&listing->path, n_text);
    return status;
}

static sow_status list_slots(sow__listing *listing, const sow__slots *slots, sow_error *err)
{
    sow_status status = SOW_OK;
    for (size_t i = 0; status == SOW_OK && i < slots->n_items; i++) {
        status = list_slot(listing, &slots->items[i], err);
    }
    return status;
}

static sow_status list_tree(sow__listing *listing, const sow_module *module, sow_error *err)
{
    const size_t n_text = listing->path.n_text;
    sow_status status = sow__state_dict_set_version(
        listing->list, n_text == 0 ? "" : listing->path.text, sow__module_version(module), err);
    if (status == SOW_OK) {
        status = list_slots(listing, &module->parameters, err);
    }
    if (status == SOW_OK) {
        status = list_slots(listing, &module->buffers, err);
    }
    for (size_t i = 0; status == SOW_OK && i < module->n_children; i++) {
        if (module->children[i].module != NULL) {
            status = sow__path_push(&listing->path, module->children[i].name, err);
            if (status == SOW_OK) {
                status = list_tree(listing, module->children[i].module, err);
            }
            sow__path_cut(&listing->path, n_text);
        }
    }
    return status;
}

/* The list of a walk that ended; NULL when it failed. */
static sow_state_dict *end_listing(sow__listing *listing, sow_status status)
{
    free(listing->path.text);
    if (status == SOW_OK) {
        return listing->list;
    }
    sow_state_dict_free(listing->list);
    return NULL;
}

static sow_state_dict *list_state(const sow_module *module, bool detached, sow_error *err)
{
    sow__listing listing = {.list = sow_state_dict_new(err), .detached = detached};
    if (listing.list == NULL) {
        return NULL;
    }
    return end_listing(&listing, list_tree(&listing, module, err));
}

sow_state_dict *sow_module_state_dict(const sow_module *module, sow_error *err)
{
    return list_state(module, true, err);
}

sow_state_dict *sow__module_own_state(const sow_module *module, sow_error *err)
{
    return list_state(module, false, err);
}

sow_state_dict *sow_module_list_missing(const sow_module *module, sow_error *err)
{
    sow__seen seen = {0};
    sow__listing listing = {
        .list = sow_state_dict_new(err), .seen = &seen, .hidden_too = true, .missing_alone = true};
    if (listing.list == NULL) {
        return NULL;
    }
    const sow_status status = list_tree(&listing, module, err);
    sow__seen_clear(&seen);
    return end_listing(&listing, status);
}

/* One module of the walk of named_parameters or named_buffers. */
static sow_status list_own(const char *name, sow_module *module, void *user, sow_error *err)
{
    sow__listing *listing = user;
    sow__path_cut(&listing->path, 0);
    const sow_status status = name[0] == '\0' ? SOW_OK : sow__path_push(&listing->path, name, err);
    return status != SOW_OK
               ? status
               : list_slots(listing, listing->buffers ? &module->buffers : &module->parameters,
                            err);
}

static sow_state_dict *list_once(const sow_module *module, bool buffers, sow_error *err)
{
    sow__seen seen = {0};
    sow__listing listing = {
        .list = sow_state_dict_new(err), .seen = &seen, .buffers = buffers, .hidden_too = true};
    if (listing.list == NULL) {
        return NULL;
    }
    const sow_status status =
        sow_module_named_modules((sow_module *)module, list_own, &listing, err);
    sow__seen_clear(&seen);
    return end_listing(&listing, status);
}

sow_state_dict *sow_module_named_parameters(const sow_module *module, sow_error *err)
{
    return list_once(module, false, err);
}

sow_state_dict *sow_module_named_buffers(const sow_module *module, sow_error *err)
{
    return list_once(module, true, err);
}
