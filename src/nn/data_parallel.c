/* torch.nn.DataParallel on a machine without accelerators.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/elements.h"

sow_module *sow__construct_data_parallel(const sow__class *of, sow__args *args, sow_error *err)
{
    sow_module *module = sow__module_of(of, err);
    sow__value *child = sow__args_get(args, "module");
    if (module == NULL || child->kind != SOW__VALUE_MODULE) {
        return module; /* anything else is an attribute without state */
    }
    if (sow_module_register_module(module, "module", sow__value_take_module(child), err) !=
        SOW_OK) {
        sow_module_free(module);
        return NULL;
    }
    return module;
}
