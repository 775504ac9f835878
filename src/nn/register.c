/* Registration: parameters, buffers and children under the names that PyTorch allows.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/module.h"

#include "base/error.h"

#include <stdlib.h>
#include <string.h>

/* PyTorch's walks recurse, and Python stops them near this depth. */
#define MOST_LEVELS 1000

typedef enum kind { PARAMETER, BUFFER, MODULE } kind;

static const char *const kind_names[] = {"parameter", "buffer", "module"};

/* ---- names ---- */

static sow_status check_text(kind what, const char *name, sow_error *err)
{
    if (name == NULL || name[0] == '\0') {
        return sow__fail(err, SOW_ERROR_VALUE, "%s name can't be empty string \"\"",
                         kind_names[what]);
    }
    if (strchr(name, '.') != NULL) {
        return sow__fail(err, SOW_ERROR_VALUE, "%s name can't contain \".\"%s%s", kind_names[what],
                         what == MODULE ? ", got: " : "", what == MODULE ? name : "");
    }
    return SOW_OK;
}

static sow__slot *slot_of(const sow_module *module, kind what, const char *name)
{
    return sow__slots_find(what == PARAMETER ? &module->parameters : &module->buffers, name,
                           strlen(name));
}

static bool holds(const sow_module *module, kind what, const char *name)
{
    return what == MODULE ? sow__module_find_child(module, name, strlen(name)) != NULL
                          : slot_of(module, what, name) != NULL;
}

static bool holds_another(const sow_module *module, kind what, const char *name)
{
    return (what != PARAMETER && holds(module, PARAMETER, name)) ||
           (what != BUFFER && holds(module, BUFFER, name)) ||
           (what != MODULE && holds(module, MODULE, name));
}

static sow_status fail_taken(const char *name, sow_error *err)
{
    return sow__fail(err, SOW_ERROR_VALUE, "attribute '%s' already exists", name);
}

/* A name of the same kind is free to be replaced, as in PyTorch. */
static sow_status check_name(const sow_module *module, kind what, const char *name, sow_error *err)
{
    const sow_status status = check_text(what, name, err);
    if (status != SOW_OK || holds(module, what, name)) {
        return status;
    }
    return sow__has_attribute(module, name) || holds_another(module, what, name)
               ? fail_taken(name, err)
               : SOW_OK;
}

sow_status sow__fail_missing(const char *what, const char *name, sow_error *err)
{
    if (err != NULL && err->status != SOW_OK) {
        return err->status;
    }
    return sow__fail(err, SOW_ERROR_VALUE, "%s '%s' is NULL", what, name == NULL ? "" : name);
}

/* ---- tensors ---- */

sow__slot *sow__slots_append(sow__slots *slots, const char *name, sow_error *err)
{
    sow__array array = {.items = slots->items,
                        .n_items = slots->n_items,
                        .capacity = slots->capacity,
                        .item_bytes = sizeof *slots->items};
    sow__slot *slot = sow__names_append(&slots->names, &array, name, err);
    slots->items = array.items;
    slots->n_items = array.n_items;
    slots->capacity = array.capacity;
    return slot;
}

/* Takes the tensor. The name was checked. */
static sow_status put_checked(sow__slots *slots, const char *name, sow_tensor *tensor,
                              bool persistent, sow_error *err)
{
    sow__slot *slot = sow__slots_find(slots, name, strlen(name));
    if (slot == NULL) {
        slot = sow__slots_append(slots, name, err);
    }
    if (slot == NULL) {
        sow_tensor_free(tensor);
        return SOW_ERROR_MEMORY;
    }
    sow_tensor_free(slot->tensor);
    slot->tensor = tensor;
    slot->persistent = persistent;
    slot->lazy = false;
    return SOW_OK;
}

/* Takes the tensor. */
static sow_status put_slot(sow_module *module, kind what, const char *name, sow_tensor *tensor,
                           bool persistent, sow_error *err)
{
    const sow_status status = check_name(module, what, name, err);
    if (status != SOW_OK) {
        sow_tensor_free(tensor);
        return status;
    }
    return put_checked(what == PARAMETER ? &module->parameters : &module->buffers, name, tensor,
                       persistent, err);
}

sow_status sow_module_register_parameter(sow_module *module, const char *name, sow_tensor *tensor,
                                         sow_error *err)
{
    return tensor == NULL ? sow__fail_missing("parameter", name, err)
                          : put_slot(module, PARAMETER, name, tensor, true, err);
}

sow_status sow_module_register_buffer(sow_module *module, const char *name, sow_tensor *tensor,
                                      bool persistent, sow_error *err)
{
    return tensor == NULL ? sow__fail_missing("buffer", name, err)
                          : put_slot(module, BUFFER, name, tensor, persistent, err);
}

sow_status sow_module_reserve_parameter(sow_module *module, const char *name, sow_error *err)
{
    return put_slot(module, PARAMETER, name, NULL, true, err);
}

sow_status sow_module_reserve_buffer(sow_module *module, const char *name, sow_error *err)
{
    return put_slot(module, BUFFER, name, NULL, true, err);
}

/* ---- children ---- */

/* A child on its way below a module that will hold it. */
typedef struct placing {
    const char *name;
    const sow_module *holder;
    sow__seen moved;
} placing;

/* Moves a module, and what is below it, to a level at least. As a child is always below its
 * parents, every way from it to the holder is walked, and no more of the tree than has to move. */
static sow_status sink(placing *to, sow_module *module, size_t level, sow_error *err)
{
    bool was_there;
    if (module == to->holder) {
        return sow__fail(err, SOW_ERROR_VALUE, "module '%s' would hold itself", to->name);
    }
    if (level > MOST_LEVELS) {
        return sow__fail(err, SOW_ERROR_VALUE,
                         "module '%s' would reach more than %d levels below its root", to->name,
                         MOST_LEVELS);
    }
    if (module->level >= level) {
        return SOW_OK;
    }
    sow_status status = sow__seen_add(&to->moved, module, module, &was_there, err);
    if (status == SOW_OK) {
        module->level_before = was_there ? module->level_before : module->level;
        module->level = level;
    }
    for (size_t i = 0; status == SOW_OK && i < module->n_children; i++) {
        if (module->children[i].module != NULL) {
            status = sink(to, module->children[i].module, level + 1, err);
        }
    }
    return status;
}

/* Nothing has moved on failure. */
static sow_status place_child(const sow_module *holder, const char *name, sow_module *child,
                              sow_error *err)
{
    placing to = {.name = name, .holder = holder};
    const sow_status status = sink(&to, child, holder->level + 1, err);
    for (size_t i = 0; status != SOW_OK && i < to.moved.n_slots; i++) {
        sow_module *moved = to.moved.values[i];
        if (moved != NULL) {
            moved->level = moved->level_before;
        }
    }
    sow__seen_clear(&to.moved);
    return status;
}

sow__child *sow__module_append_child(sow_module *module, const char *name, sow_error *err)
{
    sow__array array = {.items = module->children,
                        .n_items = module->n_children,
                        .capacity = module->child_capacity,
                        .item_bytes = sizeof *module->children};
    sow__child *place = sow__names_append(&module->child_names, &array, name, err);
    module->children = array.items;
    module->n_children = array.n_items;
    module->child_capacity = array.capacity;
    return place;
}

/* Takes the child, which may be NULL. The name was checked. */
static sow_status put_child(sow_module *module, const char *name, sow_module *child, sow_error *err)
{
    sow_status status = child != NULL ? place_child(module, name, child, err) : SOW_OK;
    sow__child *place =
        status == SOW_OK ? sow__module_find_child(module, name, strlen(name)) : NULL;
    if (status == SOW_OK && place == NULL) {
        place = sow__module_append_child(module, name, err);
    }
    if (place == NULL) {
        sow_module_free(child);
        return status == SOW_OK ? SOW_ERROR_MEMORY : status;
    }
    sow_module *old = place->module;
    place->module = child;
    sow_module_free(old);
    return SOW_OK;
}

static sow_status add_child(sow_module *module, const char *name, sow_module *child, sow_error *err)
{
    const sow_status status = check_name(module, MODULE, name, err);
    if (status != SOW_OK) {
        sow_module_free(child);
        return status;
    }
    return put_child(module, name, child, err);
}

sow_status sow_module_register_module(sow_module *module, const char *name, sow_module *child,
                                      sow_error *err)
{
    return child == NULL ? sow__fail_missing("module", name, err)
                         : add_child(module, name, child, err);
}

sow_status sow_module_reserve_module(sow_module *module, const char *name, sow_error *err)
{
    return add_child(module, name, NULL, err);
}

/* ---- setattr ---- */

sow_status sow__module_set_child(sow_module *module, const char *name, sow_module *child,
                                 sow_error *err)
{
    sow_status status = check_text(MODULE, name, err);
    if (status == SOW_OK && holds_another(module, MODULE, name)) {
        status = fail_taken(name, err);
    }
    if (status != SOW_OK) {
        sow_module_free(child);
        return status;
    }
    return put_child(module, name, child, err);
}

static void take_child(sow_module *module, const char *name)
{
    sow__child *place = sow__module_find_child(module, name, strlen(name));
    if (place != NULL) {
        sow_module *child = place->module;
        const size_t n_after = (size_t)(module->children + --module->n_children - place);
        free(place->name);
        memmove(place, place + 1, n_after * sizeof *place);
        sow_module_free(child);
    }
}

sow_status sow__module_set_parameter(sow_module *module, const char *name, sow_tensor *tensor,
                                     sow_error *err)
{
    sow_status status = check_text(PARAMETER, name, err);
    if (status == SOW_OK) {
        take_child(module, name); /* gone before PyTorch looks further */
    }
    if (status == SOW_OK && !sow__gives_way(name)) {
        status = check_name(module, PARAMETER, name, err);
    }
    if (status != SOW_OK) {
        sow_tensor_free(tensor);
        return status;
    }
    return put_checked(&module->parameters, name, tensor, true, err);
}
