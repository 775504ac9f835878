/* A state_dict as what a module is loaded from.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/load.h"

#include "base/error.h"
#include "fill/tape.h"
#include "nn/state_dict.h"
#include "tensor/tensor.h"

static const char *state_name(const void *of, size_t index)
{
    return sow_state_dict_name(of, index);
}

static bool state_find(const void *of, const char *key, sow__load_item *item)
{
    const sow_tensor *tensor = sow_state_dict_find(of, key);
    if (tensor != NULL) {
        *item = (sow__load_item){.dtype = sow_tensor_dtype(tensor),
                                 .n_dims = tensor->n_dims,
                                 .sizes = tensor->sizes,
                                 .is_meta = sow_tensor_device(tensor) == SOW_META};
    }
    return tensor != NULL;
}

sow_status sow__load_check_target(const sow_tensor *target, sow_dtype from, sow_error *err)
{
    const sow_status status = sow__check_convertible(target->storage->dtype, from, err);
    return status == SOW_OK ? sow__check_written_once(target, err) : status;
}

sow_status sow__load_make_room(sow_tensor *target, sow_dtype from, sow_error *err)
{
    const sow__storage *storage = target->storage;
    const sow_status status = sow__load_check_target(target, from, err);
    if (status != SOW_OK || storage->device == SOW_CPU) {
        return status;
    }
    return sow__tensor_is_whole(target) || storage->device == SOW_META
               ? sow_tensor_to_empty(target, SOW_CPU, err)
               : sow_tensor_materialize(target, 0, err);
}

/* What is loaded counts as initialized, so that nobody would fill it later. */
static sow_status check_values(const sow_tensor *source, sow_error *err)
{
    return sow_tensor_device(source) == SOW_DEFERRED
               ? sow__tape_check(source->storage->tape, source, err)
               : SOW_OK;
}

static sow_status copy_all(sow_tensor *target, const sow_tensor *source, sow_error *err)
{
    sow_status status = check_values(source, err);
    if (status == SOW_OK && sow_tensor_device(source) == SOW_CPU &&
        sow_tensor_device(target) == SOW_DEFERRED) {
        status = sow__load_make_room(target, sow_tensor_dtype(source), err);
    }
    return status == SOW_OK ? sow_tensor_copy(target, source, err) : status;
}

static sow_status state_copy(const void *of, const char *key, sow_tensor *target, sow_error *err)
{
    sow_tensor *source = sow_state_dict_find(of, key);
    if (source->n_dims == target->n_dims) {
        return copy_all(target, source, err);
    }
    sow_tensor *scalar = sow_tensor_select(source, 0, 0, err);
    if (scalar == NULL) {
        return SOW_ERROR_MEMORY;
    }
    const sow_status status = copy_all(target, scalar, err);
    sow_tensor_free(scalar);
    return status;
}

static sow_tensor *state_take(const void *of, const char *key, sow_error *err)
{
    const sow_tensor *tensor = sow_state_dict_find(of, key);
    return check_values(tensor, err) == SOW_OK ? sow__tensor_alias(tensor, SOW__FLAG_OWN, err)
                                               : NULL;
}

static int state_version(const void *of, const char *path)
{
    return sow__state_dict_version(of, path);
}

sow_status sow_module_load_state_dict(sow_module *module, const sow_state_dict *state,
                                      const sow_load_options *options, sow_load_report **report,
                                      sow_error *err)
{
    const sow__load_source source = {.of = state,
                                     .n_keys = sow_state_dict_count(state),
                                     .name = state_name,
                                     .find = state_find,
                                     .copy = state_copy,
                                     .take = state_take,
                                     .version = state_version};
    return sow__module_load(module, &source, options, report, err);
}
