/* torch.nn.ParameterDict.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/elements.h"

#include "base/error.h"
#include <stdlib.h>
#include <string.h>

typedef struct item {
    char *key;
    sow__value *value;
} item;

static int compare_keys(const void *a, const void *b)
{
    return strcmp(((const item *)a)->key, ((const item *)b)->key);
}

/* A plain dict is walked by its keys in order, which for UTF-8 is the order of its bytes. */
static sow_status add_sorted(sow_module *module, sow__value *dict, sow_error *err)
{
    item *items = malloc((dict->n_items + 1) * sizeof *items);
    if (items == NULL) {
        return sow__fail_memory(err, (dict->n_items + 1) * sizeof *items);
    }
    for (size_t i = 0; i < dict->n_items; i++) {
        items[i] = (item){.key = dict->keys[i], .value = &dict->items[i]};
    }
    qsort(items, dict->n_items, sizeof *items, compare_keys);
    sow_status status = SOW_OK;
    for (size_t i = 0; status == SOW_OK && i < dict->n_items; i++) {
        status = sow__add_parameter(module, items[i].key, items[i].value, err);
    }
    free(items);
    return status;
}

sow_module *sow__construct_parameter_dict(const sow__class *of, sow__args *args, sow_error *err)
{
    sow_module *module = sow__module_of(of, err);
    sow__value *parameters = sow__args_get(args, "parameters");
    if (module == NULL || parameters->kind == SOW__VALUE_NONE) {
        return module;
    }
    const sow_status status =
        parameters->kind == SOW__VALUE_DICT
            ? add_sorted(module, parameters, err)
            : sow__update(module, "ParameterDict", parameters, sow__add_parameter, err);
    if (status != SOW_OK) {
        sow_module_free(module);
        return NULL;
    }
    return module;
}

sow_module *sow_parameter_dict(sow_tensor *const *parameters, const char *const *names,
                               size_t n_parameters, sow_error *err)
{
    return sow__container_of_parameters("ParameterDict", parameters, names, n_parameters, err);
}
