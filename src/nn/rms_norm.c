/* torch.nn.RMSNorm over one dim.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/module.h"

static sow_status build(sow_module *module, int64_t dim, const sow_factory *factory, sow_error *err)
{
    const sow_status status = sow__module_add_parameter(module, "weight", 1, &dim, factory, err);
    return status == SOW_OK ? sow_ones(sow_module_tensor(module, "weight"), err) : status;
}

sow_module *sow_rms_norm(int64_t dim, bool affine, const sow_factory *factory, sow_error *err)
{
    sow_module *module = sow_module_new("RMSNorm", err);
    if (module != NULL && affine &&
        build(module, dim, sow__factory_or_default(factory), err) != SOW_OK) {
        sow_module_free(module);
        return NULL;
    }
    return module;
}
