/* What a load has left in a tree: listing it, giving it memory, initialising it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/module.h"

#include "base/error.h"
#include "fill/tape.h"

/* ---- without memory ---- */

/* On meta, or deferred with nothing recorded; what has a flag has its values elsewhere. */
static bool has_nothing(const sow_tensor *tensor)
{
    const sow__storage *storage = tensor->storage;
    const bool is_unrecorded = storage->tape == NULL || storage->tape->n_records == 0;
    return !sow_tensor_is_initialized(tensor) &&
           (storage->device == SOW_META || (storage->device == SOW_DEFERRED && is_unrecorded));
}

static sow_status slots_to_empty(const sow__slots *slots, sow_device device, sow_error *err)
{
    sow_status status = SOW_OK;
    for (size_t i = 0; status == SOW_OK && i < slots->n_items; i++) {
        const sow__slot *slot = &slots->items[i];
        if (slot->lazy) {
            status = sow__fail_lazy(slot->name, err);
        } else if (slot->tensor != NULL && has_nothing(slot->tensor) &&
                   sow_tensor_device(slot->tensor) != device) {
            status = sow_tensor_to_empty(slot->tensor, device, err);
        }
    }
    return status;
}

static sow_status own_to_empty(sow_module *module, void *user, sow_error *err)
{
    const sow_device device = *(const sow_device *)user;
    const sow_status status = slots_to_empty(&module->parameters, device, err);
    return status == SOW_OK ? slots_to_empty(&module->buffers, device, err) : status;
}

sow_status sow_module_to_empty_missing(sow_module *module, sow_device device, sow_error *err)
{
    if (device != SOW_CPU && device != SOW_DEFERRED) {
        const char *name = sow_device_name(device);
        return name == NULL
                   ? sow__fail(err, SOW_ERROR_VALUE,
                               "to_empty_missing: expected cpu or deferred, got device %d, which "
                               "is none",
                               (int)device)
                   : sow__fail(err, SOW_ERROR_VALUE,
                               "to_empty_missing: expected cpu or deferred, got %s", name);
    }
    return sow_module_apply(module, own_to_empty, &device, err);
}

/* ---- without values ---- */

bool sow__tensor_is_missing(const sow_tensor *tensor)
{
    return !sow_tensor_is_initialized(tensor) && !sow__view_has_values(tensor);
}

static bool lacks_in(const sow__slots *slots)
{
    for (size_t i = 0; i < slots->n_items; i++) {
        if (slots->items[i].tensor != NULL && !sow_tensor_is_initialized(slots->items[i].tensor)) {
            return true;
        }
    }
    return false;
}

/* True when a module has a tensor of its own that was not loaded. */
static bool lacks(const sow_module *module)
{
    return lacks_in(&module->parameters) || lacks_in(&module->buffers);
}

static bool lacks_below(const sow_module *module)
{
    bool found = lacks(module);
    for (size_t i = 0; !found && i < module->n_children; i++) {
        found = module->children[i].module != NULL && lacks_below(module->children[i].module);
    }
    return found;
}

static sow_status init_own(sow_module *module, void *user, sow_error *err)
{
    sow_generator *generator = user;
    if (module->reset != NULL) {
        return lacks(module) ? sow_module_reset_parameters(module, generator, err) : SOW_OK;
    }
    return module->private_reset != NULL && lacks_below(module)
               ? module->private_reset(module, generator, err)
               : SOW_OK;
}

sow_status sow_module_init_missing(sow_module *module, sow_generator *generator, sow_error *err)
{
    sow_error own = {.status = SOW_OK};
    sow_guard_enter();
    const sow_status status =
        sow_module_apply(module, init_own, generator, err == NULL ? &own : err);
    sow_guard_leave();
    return status;
}
