/* torch.nn.ModuleList.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/elements.h"

sow_module *sow__construct_module_list(const sow__class *of, sow__args *args, sow_error *err)
{
    sow_module *module = sow__module_of(of, err);
    sow__value *modules = sow__args_get(args, "modules");
    if (module == NULL || modules->kind == SOW__VALUE_NONE) {
        return module;
    }
    if (sow__extend(module, "ModuleList", modules, sow__add_module, err) != SOW_OK) {
        sow_module_free(module);
        return NULL;
    }
    return module;
}

sow_module *sow_module_list(sow_module *const *modules, size_t n_modules, sow_error *err)
{
    return sow__container_of_modules("ModuleList", modules, NULL, n_modules, err);
}
