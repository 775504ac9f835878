/* copy.deepcopy of a module tree.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/class.h"

#include "base/dtype.h"
#include "base/error.h"
#include "fill/tape.h"

#include <stdlib.h>
#include <string.h>

/* What was copied already: modules, tensors and storages by their old address. */
typedef struct sow__copies {
    sow__seen seen;
} sow__copies;

static sow_status remember(sow__copies *copies, const void *old, void *copy, sow_error *err)
{
    bool was_there;
    return sow__seen_add(&copies->seen, old, copy, &was_there, err);
}

/* A storage of its own with the same values or the same record. The holders of the copy are
 * counted by the caller. */
static sow__storage *clone_storage(const sow__storage *storage, sow_error *err)
{
    sow__storage *copy = malloc(sizeof *copy);
    uint64_t n_bytes = 0;
    if (copy == NULL) {
        sow__fail_memory(err, sizeof *copy);
        return NULL;
    }
    *copy = *storage;
    copy->n_refs = 0;
    copy->borrowed = false;
    if (storage->tape != NULL) {
        sow__tape_ref(storage->tape); /* what is recorded later goes to a tape of its own */
    }
    if (storage->data != NULL) {
        sow__dtype_n_bytes(storage->dtype, storage->numel, &n_bytes);
        copy->data = sow__storage_alloc(storage->dtype, storage->numel);
        if (copy->data == NULL) {
            free(copy);
            sow__fail_memory(err, (size_t)n_bytes);
            return NULL;
        }
        memcpy(copy->data, storage->data, (size_t)n_bytes);
    }
    return copy;
}

static sow__storage *copy_of_storage(sow__copies *copies, const sow__storage *storage,
                                     sow_error *err)
{
    sow__storage *copy = sow__seen_value(&copies->seen, storage);
    if (copy != NULL) {
        return copy;
    }
    copy = clone_storage(storage, err);
    if (copy != NULL && remember(copies, storage, copy, err) != SOW_OK) {
        free(copy->data);
        if (copy->tape != NULL) {
            copy->tape_free(copy->tape);
        }
        free(copy);
        return NULL;
    }
    return copy;
}

/* A new copy of a flag over that of its base (NULL: it has none), which is taken. */
static sow__flag *copy_flag(sow__copies *copies, const sow__flag *flag, sow__flag *base,
                            sow_error *err)
{
    sow__flag *copy = sow__flag_new(base);
    if (copy == NULL) {
        sow__fail_memory(err, sizeof *copy);
        return NULL;
    }
    copy->set_at = flag->set_at;
    if (remember(copies, flag, copy, err) != SOW_OK) {
        sow__flag_unref(copy);
        return NULL;
    }
    return copy;
}

/* The initialized flag of a copy, with the flags that it depends on; a holder, NULL after filling
 * *err. Views of views may be deep, so this does not call itself. */
static sow__flag *copy_of_flag(sow__copies *copies, const sow__flag *flag, sow_error *err)
{
    size_t n_new = 0;
    const sow__flag *base = flag;
    for (; base != NULL && sow__seen_value(&copies->seen, base) == NULL; base = base->base) {
        n_new++;
    }
    const size_t n_bytes = (n_new + 1) * sizeof(const sow__flag *);
    const sow__flag **chain = malloc(n_bytes);
    if (chain == NULL) {
        sow__fail_memory(err, n_bytes);
        return NULL;
    }
    for (size_t i = 0; i < n_new; i++, flag = flag->base) {
        chain[i] = flag;
    }
    sow__flag *copy = base == NULL ? NULL : sow__seen_value(&copies->seen, base);
    if (copy != NULL) {
        copy->n_refs++;
    }
    bool is_fine = true;
    for (size_t i = n_new; is_fine && i > 0; i--) {
        copy = copy_flag(copies, chain[i - 1], copy, err);
        is_fine = copy != NULL;
    }
    free(chain);
    return copy;
}

/* A holder of the copy of a tensor; NULL after filling *err. */
static sow_tensor *copy_of_tensor(sow__copies *copies, const sow_tensor *tensor, sow_error *err)
{
    sow_tensor *copy = sow__seen_value(&copies->seen, tensor);
    if (copy != NULL) {
        return sow_tensor_ref(copy);
    }
    copy = malloc(sizeof *copy);
    if (copy == NULL) {
        sow__fail_memory(err, sizeof *copy);
        return NULL;
    }
    *copy = *tensor;
    copy->n_refs = 1;
    copy->flag = copy_of_flag(copies, tensor->flag, err);
    copy->storage = copy->flag == NULL ? NULL : copy_of_storage(copies, tensor->storage, err);
    if (copy->storage == NULL) {
        sow__flag_unref(copy->flag);
        free(copy);
        return NULL;
    }
    copy->storage->n_refs++;
    if (remember(copies, tensor, copy, err) != SOW_OK) {
        sow_tensor_free(copy);
        return NULL;
    }
    return copy;
}

static sow_status clone_slots(sow__copies *copies, sow__slots *to, const sow__slots *from,
                              sow_error *err)
{
    for (size_t i = 0; i < from->n_items; i++) {
        const sow__slot *item = &from->items[i];
        sow__slot *slot = sow__slots_append(to, item->name, err);
        if (slot == NULL) {
            return SOW_ERROR_MEMORY;
        }
        slot->persistent = item->persistent;
        slot->lazy = item->lazy;
        if (item->tensor != NULL) {
            slot->tensor = copy_of_tensor(copies, item->tensor, err);
            if (slot->tensor == NULL) {
                return SOW_ERROR_MEMORY;
            }
        }
    }
    return SOW_OK;
}

static sow_module *copy_of_module(sow__copies *copies, const sow_module *module, sow_error *err);

static sow_status clone_children(sow__copies *copies, sow_module *to, const sow_module *from,
                                 sow_error *err)
{
    for (size_t i = 0; i < from->n_children; i++) {
        const sow__child *item = &from->children[i];
        sow__child *child = sow__module_append_child(to, item->name, err);
        if (child == NULL) {
            return SOW_ERROR_MEMORY;
        }
        if (item->module != NULL) {
            child->module = copy_of_module(copies, item->module, err);
            if (child->module == NULL) {
                return SOW_ERROR_MEMORY;
            }
        }
    }
    return SOW_OK;
}

static sow_status clone_into(sow__copies *copies, sow_module *copy, const sow_module *module,
                             sow_error *err)
{
    if (module->has_computed) {
        return sow__fail(err, SOW_ERROR_RUNTIME,
                         "Only Tensors created explicitly by the user (graph leaves) support the "
                         "deepcopy protocol at the moment.  If you were attempting to deepcopy a "
                         "module, this may be because of a torch.nn.utils.weight_norm usage, see "
                         "https://github.com/pytorch/pytorch/pull/103001");
    }
    copy->class = module->class;
    copy->reset = module->reset;
    copy->private_reset = module->private_reset;
    copy->padding_idx = module->padding_idx;
    copy->init_done = module->init_done;
    copy->origin = module->origin;
    copy->level = module->level;
    sow_status status = sow__kept_copy(&copy->state, &module->state, err);
    if (status == SOW_OK) {
        status = sow__kept_copy(&copy->data, &module->data, err);
    }
    if (status == SOW_OK) {
        status = clone_slots(copies, &copy->parameters, &module->parameters, err);
    }
    if (status == SOW_OK) {
        status = clone_slots(copies, &copy->buffers, &module->buffers, err);
    }
    return status == SOW_OK ? clone_children(copies, copy, module, err) : status;
}

static sow_module *copy_of_module(sow__copies *copies, const sow_module *module, sow_error *err)
{
    sow_module *copy = sow__seen_value(&copies->seen, module);
    if (copy != NULL) {
        return sow_module_ref(copy);
    }
    copy = sow_module_new(module->type, err);
    if (copy != NULL && (clone_into(copies, copy, module, err) != SOW_OK ||
                         remember(copies, module, copy, err) != SOW_OK)) {
        sow_module_free(copy);
        return NULL;
    }
    return copy;
}

sow_module *sow__module_clone(const sow_module *module, sow_error *err)
{
    sow__copies copies = {.seen = {0}};
    sow_module *copy = copy_of_module(&copies, module, err);
    sow__seen_clear(&copies.seen);
    return copy;
}
