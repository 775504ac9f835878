/* Loading a safetensors file into a module, tensor by tensor.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/load.h"
#include "plan/read.h"
#include <sow/plan.h>

static const char *file_name(const void *of, size_t index)
{
    return sow_safetensors_at(of, index)->name;
}

static bool file_find(const void *of, const char *key, sow__load_item *item)
{
    const sow_safetensors_tensor *tensor = sow_safetensors_find(of, key);
    if (tensor != NULL) {
        *item = (sow__load_item){
            .dtype = tensor->dtype, .n_dims = tensor->n_dims, .sizes = tensor->sizes};
    }
    return tensor != NULL;
}

static sow_status file_copy(const void *of, const char *key, sow_tensor *target, sow_error *err)
{
    return sow__read_tensor(of, sow_safetensors_find(of, key), target, err);
}

static sow_tensor *file_take(const void *of, const char *key, sow_error *err)
{
    const sow_safetensors_tensor *source = sow_safetensors_find(of, key);
    sow_tensor *tensor = sow_empty(source->dtype, source->n_dims, source->sizes, SOW_CPU, err);
    if (tensor != NULL && sow__read_tensor(of, source, tensor, err) != SOW_OK) {
        sow_tensor_free(tensor);
        return NULL;
    }
    return tensor;
}

sow_status sow_module_load_safetensors(sow_module *module, const sow_safetensors *file,
                                       const sow_load_options *options, sow_load_report **report,
                                       sow_error *err)
{
    const sow__load_source source = {.of = file,
                                     .n_keys = sow_safetensors_count(file),
                                     .name = file_name,
                                     .find = file_find,
                                     .copy = file_copy,
                                     .take = file_take,
                                     .fills_meta = true};
    return sow__module_load(module, &source, options, report, err);
}
