/* torch.nn.Container, the old name of a module with children.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "nn/elements.h"

sow_module *sow__construct_container(const sow__class *of, sow__args *args, sow_error *err)
{
    sow__warn(SOW_WARNING_DEPRECATED,
              "`nn.Container` is deprecated. All of its functionality is now implemented in "
              "`nn.Module`. Subclass that instead.");
    sow_module *module = sow__module_of(of, err);
    for (size_t i = 0; module != NULL && i < args->keywords.n_items; i++) {
        if (sow__add_module(module, args->keywords.keys[i], &args->keywords.items[i], err) !=
            SOW_OK) {
            sow_module_free(module);
            module = NULL;
        }
    }
    return module;
}
