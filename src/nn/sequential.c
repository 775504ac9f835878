/* torch.nn.Sequential.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/elements.h"

/* One OrderedDict gives the names; otherwise the arguments are numbered. */
sow_module *sow__construct_sequential(const sow__class *of, sow__args *args, sow_error *err)
{
    sow_module *module = sow__module_of(of, err);
    if (module == NULL) {
        return NULL;
    }
    sow__value *rest = &args->rest;
    const bool is_named = rest->n_items == 1 && rest->items[0].kind == SOW__VALUE_ORDERED_DICT;
    sow__value *elements = is_named ? &rest->items[0] : rest;
    for (size_t i = 0; i < elements->n_items; i++) {
        char number[SOW__NUMBER_SIZE];
        sow__number_name(i, number);
        if (sow__add_module(module, is_named ? elements->keys[i] : number, &elements->items[i],
                            err) != SOW_OK) {
            sow_module_free(module);
            return NULL;
        }
    }
    return module;
}

sow_module *sow_sequential(sow_module *const *modules, const char *const *names, size_t n_modules,
                           sow_error *err)
{
    return sow__container_of_modules("Sequential", modules, names, n_modules, err);
}
